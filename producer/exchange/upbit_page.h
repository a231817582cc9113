/* SPDX-License-Identifier: MIT */
/* Upbit's pages of candles. Pure. */
#ifndef GAPLESS_UPBIT_PAGE_H
#define GAPLESS_UPBIT_PAGE_H

#include "common/candle/interval.h"
#include "producer/exchange/page.h"

enum { UPBIT_PAGE_ROWS = 200 }; /* a greater `count` is silently cut to it */

/* Parses the answer to a request for `symbol` and `iv` with `to` (exclusive). The digits of a row
 * are those of the answer (decimal.h); its revision is the row's `timestamp` field, ms of its last
 * trade. Rows may come in any order; a row that comes twice with the same digits is one row;
 * unknown fields are ignored.
 *
 * A row that is not a candle (no JSON, a field that is missing, of the wrong type or too long; off
 * the grid; of another market or interval, or after `to`; refused by candle_validate; one start
 * with two different contents) is a hole (page.h). One of `to` itself is left out.
 *
 * Rejected whole (the sentence names the row, counted from 1 as sent, and the cause): anything but
 * an array of at most UPBIT_PAGE_ROWS (of an error object the exchange's message is given), in
 * UTF-8 without a byte order mark, and nothing after it; more than half of the rows no JSON, off
 * the grid, of another market or interval, or after `to`; three rows or more, and none of them a
 * candle. */
int upbit_page_parse(const char *body, size_t len, const char *symbol, const struct interval *iv,
		     int64_t to_ms, struct page *out, struct err *err)
	__attribute__((warn_unused_result));

#endif
