/* SPDX-License-Identifier: MIT */
/* Upbit's REST API (exchange.h has what each function promises).
 *
 * Facts: docs.upbit.com/kr/reference (list-candles-seconds, list-candles-minutes, rate-limits), and
 * recorded answers. */
#ifndef GAPLESS_UPBIT_H
#define GAPLESS_UPBIT_H

#include "producer/exchange/exchange.h"

enum { UPBIT_PAGE_ROWS = 200 }; /* a greater `count` is silently cut to it */

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

void upbit_head_init(struct exchange_head *head);
/* Takes one header line ("Name: value", with or without its end). Names in any case; lines of no
 * interest and broken ones change nothing. Remaining-Req counts for the group of candles only
 * ("candles" on the wire, "candle" in the docs). */
void upbit_head_line(struct exchange_head *head, const char *line, size_t len);
void upbit_head_read(struct exchange_head *head, const char *lines, size_t len);

/* 429 is LIMITED, 418 BANNED, 404 with the exchange's error object UNKNOWN_MARKET, other 4xx
 * REFUSED; 5xx, 3xx, 408, a 404 of somebody else and anything else BROKEN. The length of a ban is
 * the first number of the body's message that stands before a unit of time ("... for 10 seconds",
 * "...10초"), at most a week. The sentence has the status and the exchange's message (escaped,
 * cut). */
enum verdict upbit_judge(int status, const char *body, size_t len, int64_t *block_ms,
			 struct err *err);

/* Parses the answer to a request for `symbol` and `iv` with `to` (exclusive). The digits of a row
 * are those of the answer (decimal.h); its revision is the row's `timestamp` field, ms of its last
 * trade. Rows may come in any order; a row that comes twice with the same digits is one row;
 * unknown fields are ignored.
 *
 * Rejected whole (the sentence names the row, counted from 1 as sent, and the cause): anything but
 * strict JSON (UTF-8, no control characters in strings, no duplicate of a field, nothing after it);
 * anything but an array of at most UPBIT_PAGE_ROWS objects (of an error object the exchange's
 * message is given); a field that is missing or of the wrong type; a number that is too long; a row
 * of another market or unit, off the grid, at or after `to`, or refused by message_validate; one
 * start with two different contents. */
int upbit_page_parse(const char *body, size_t len, const char *symbol, const struct interval *iv,
		     int64_t to_ms, struct page *out, struct err *err)
	__attribute__((warn_unused_result));

/* Rejected: not strict JSON, not an array of objects that have a `market`, or no market at all (an
 * empty list would end every series). */
int upbit_markets_parse(const char *body, size_t len, struct markets *out, struct err *err)
	__attribute__((warn_unused_result));

#endif
