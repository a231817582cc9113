/* SPDX-License-Identifier: MIT */
/* Upbit's REST API (exchange.h has what each function promises).
 *
 * Facts: docs.upbit.com/kr/reference (list-candles-seconds, list-candles-minutes, rate-limits), and
 * recorded answers. */
#ifndef GAPLESS_UPBIT_H
#define GAPLESS_UPBIT_H

#include "producer/exchange/exchange.h"

extern const struct exchange exchange_upbit;

/* `to` is sent as UTC text, encoded; the exchange reads seconds, so to_ms is cut to them. `base` is
 * "https://api.upbit.com". */
int upbit_candles_url(const char *base, const char *symbol, const struct interval *iv,
		      int64_t to_ms, int count, char *out, size_t cap, struct err *err)
	__attribute__((warn_unused_result));
int upbit_markets_url(const char *base, char *out, size_t cap, struct err *err)
	__attribute__((warn_unused_result));

/* Seconds: 3 months, taken as 90 days less an hour, so that a page at the edge is never asked for
 * in vain. */
int64_t upbit_retention_ms(const struct interval *iv);

/* Rejected: not strict JSON, not an array of objects that have a `market`, or no market at all (an
 * empty list would end every series). */
int upbit_markets_parse(const char *body, size_t len, struct markets *out, struct err *err)
	__attribute__((warn_unused_result));

#endif
