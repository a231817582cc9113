/* SPDX-License-Identifier: MIT */
/* A page: the rows of one answer to a request for candles. What is no page (not JSON, of another
 * market, with a row at or after its end) is rejected as a whole: half of an answer would be taken
 * for the whole truth about its span. A row that cannot be a candle costs its own interval alone:
 * it is a hole, which no promise may reach. */
#ifndef GAPLESS_PAGE_H
#define GAPLESS_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/candle/candle.h"
#include "common/candle/spans.h"

#define PAGE_NO_TO INT64_MAX /* asked for without an end: the newest rows */

struct page {
	struct candle *rows; /* oldest first, each start once */
	size_t n;            /* 0: an empty answer, a valid page */
	struct spans holes;  /* intervals of rows that are not candles */
	size_t n_bad;        /* how many of them there were */
	struct err bad;      /* what is wrong with the first of them */
};

#define PAGE_ROW_BAD INT64_MIN /* not a candle, of a time that cannot be told */
/* The starts of all rows as sent, the bad ones too; PAGE_ROW_BAD if a bad row does not tell. */
struct page_sent {
	int64_t *start_ms;
	size_t n;
};

/* A row that is not a candle. *cause is kept if it is the first. */
void page_row_bad(struct page *page, const struct err *cause);
/* Brings rows that came in any order into theirs; of equal ones one stays, and two different ones
 * of one start are as bad as none. Finds the holes: the intervals of the bad rows that tell their
 * time, and all that lies between the neighbours, as sent, of the others. (What lies before the
 * oldest row is promised in no case.) */
void page_finish(struct page *page, const struct interval *iv, const struct page_sent *sent,
		 int64_t to_ms);
void page_release(struct page *page);

#endif
