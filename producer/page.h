/* SPDX-License-Identifier: MIT */
/* A page: the bytes of one answer to a candle request, as rows. Pure.
 *
 * The digits of a row are those of the answer (decimal.h); its revision is the row's `timestamp`
 * field, ms of its last trade. A page is taken or rejected as a whole: half of an answer would be
 * taken for the whole truth about its span. */
#ifndef GAPLESS_PAGE_H
#define GAPLESS_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/candle.h"
#include "common/error.h"
#include "common/interval.h"

enum { PAGE_ROWS = 200 }; /* the exchange's most; a greater `count` is silently cut to it */

#define PAGE_NO_TO INT64_MAX

struct page {
	struct candle *rows; /* oldest first, each start once */
	size_t n;            /* 0: `[]`, a valid page */
};

/* Parses the answer to a request for `symbol` and `iv` with `to` (exclusive; PAGE_NO_TO: none was
 * sent). Rows may come in any order; a row that comes twice with the same digits is one row;
 * unknown fields are ignored.
 *
 * Rejected whole (-1, ERR_INPUT, the sentence names the row, counted from 1 as sent, and the
 * cause): anything but strict JSON (UTF-8, no control characters in strings, no duplicate of a
 * field, nothing after it); anything but an array of at most PAGE_ROWS objects (of an error object
 * the exchange's message is given); a field that is missing or of the wrong type; a number that is
 * too long; a row of another market or unit, off the grid, at or after `to`, or refused by
 * message_validate; one start with two different contents.
 *
 * *out needs no initialisation and is to be released in either case. */
int page_parse(const char *body, size_t len, const char *symbol, const struct interval *iv,
	       int64_t to_ms, struct page *out, struct err *err)
	__attribute__((warn_unused_result));
void page_release(struct page *page);

#endif
