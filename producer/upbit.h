/* SPDX-License-Identifier: MIT */
/* What is particular to Upbit's REST API: addresses, headers, statuses, the list of markets. Pure.
 *
 * Facts: docs.upbit.com/kr/reference (list-candles-seconds, list-candles-minutes, rate-limits), and
 * recorded answers. Rows of candle answers are page.h's. */
#ifndef GAPLESS_UPBIT_H
#define GAPLESS_UPBIT_H

#include <stddef.h>
#include <stdint.h>

#include "common/candle.h"
#include "common/error.h"
#include "common/interval.h"

enum { UPBIT_URL_BYTES = 512 };

/* Address of a page of `count` (1 to PAGE_ROWS) candles that start before to_ms (INT64_MAX: the
 * newest, the one that is still forming included). `to` is sent as UTC text, encoded; the exchange
 * reads seconds, so to_ms is cut to them. `base` is "https://api.upbit.com", with or without a
 * final slash. ERR_FATAL where it does not fit or makes no sense. */
int upbit_candles_url(const char *base, const char *symbol, const struct interval *iv,
		      int64_t to_ms, int count, char *out, size_t cap, struct err *err)
	__attribute__((warn_unused_result));
int upbit_markets_url(const char *base, char *out, size_t cap, struct err *err)
	__attribute__((warn_unused_result));

/* The markets that exist now, sorted, each once. Delisted ones are not in the list. */
struct upbit_markets {
	char (*names)[SYMBOL_BYTES];
	size_t n;
	size_t odd; /* entries whose name is not of a symbol's form: left out */
};

/* -1, ERR_INPUT: not strict JSON, not an array of objects that have a `market`, or no market at all
 * (an empty list would end every series). *out needs no initialisation and is to be released in
 * either case. */
int upbit_markets_parse(const char *body, size_t len, struct upbit_markets *out, struct err *err)
	__attribute__((warn_unused_result));
void upbit_markets_release(struct upbit_markets *markets);
int upbit_markets_has(const struct upbit_markets *markets, const char *symbol);

/* What the head of an answer says beside its status. */
struct upbit_head {
	int64_t date_ms; /* the exchange's clock, cut to seconds; 0: no Date, or one that does not
			    parse */
	int remaining;   /* candle requests left in the exchange's current second; -1: not said */
};

void upbit_head_init(struct upbit_head *head);
/* Takes one header line ("Name: value", with or without its end). Names in any case; lines of no
 * interest and broken ones change nothing. Remaining-Req counts for the group of candles only
 * ("candles" on the wire, "candle" in the docs). */
void upbit_head_line(struct upbit_head *head, const char *line, size_t len);
/* All lines of a head (http.h's `head`). Initialises *head. */
void upbit_head_read(struct upbit_head *head, const char *lines, size_t len);

enum upbit_verdict {
	UPBIT_OK,             /* 200: the body is to be parsed */
	UPBIT_LIMITED,        /* 429: too many requests in this second; the whole group stops */
	UPBIT_BANNED,         /* 418: blocked for block_ms (0: it did not say for how long) */
	UPBIT_UNKNOWN_MARKET, /* 404 with the exchange's error object: no such market, or delisted
			       */
	UPBIT_REFUSED,        /* other 4xx: this request is wrong, repeating it does not help */
	UPBIT_BROKEN /* 5xx, 3xx, 408, a 404 of somebody else, anything else: try again later */
};

/* Judges an answer that arrived. *block_ms is set in any case; of a ban it is the first number of
 * the body's message that stands before a unit of time ("... for 10 seconds", "...10초"), at most a
 * week. *err gets a complete sentence with status and the exchange's message (escaped, cut); its
 * class is ERR_NONE for UPBIT_OK, ERR_INPUT for UNKNOWN_MARKET and REFUSED, else ERR_RETRY. */
enum upbit_verdict upbit_judge(int status, const char *body, size_t len, int64_t *block_ms,
			       struct err *err);
const char *upbit_verdict_name(enum upbit_verdict verdict);

/* How far back an interval's candles are available at all; 0: no limit is known. Seconds: 3 months,
 * taken as 90 days less an hour, so that a page at the edge is never asked for in vain. */
int64_t upbit_retention_ms(const struct interval *iv);

#endif
