/* SPDX-License-Identifier: MIT */
/* A page: the rows of one answer to a request for candles. A page is taken or rejected as a whole:
 * half of an answer would be taken for the whole truth about its span. */
#ifndef GAPLESS_PAGE_H
#define GAPLESS_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/candle.h"
#include "common/error.h"

#define PAGE_NO_TO INT64_MAX /* asked for without an end: the newest rows */

struct page {
	struct candle *rows; /* oldest first, each start once */
	size_t n;            /* 0: an empty answer, a valid page */
};

/* 0 if the row is a candle that could be published: message_validate's check. -1: *err
 * (ERR_INPUT), of row number `row` as sent. */
int page_row_check(const struct candle *row, size_t number, struct err *err)
	__attribute__((warn_unused_result));
/* Brings rows that came in any order into theirs; of equal ones one stays. -1: one start with two
 * different contents (ERR_INPUT). */
int page_sort(struct page *page, struct err *err) __attribute__((warn_unused_result));
void page_release(struct page *page);

#endif
