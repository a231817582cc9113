/* SPDX-License-Identifier: MIT */
/* The end of a page. That nothing was traded between its newest row and what it was asked up to is
 * shown by no row: a replica that lacks the rows of today answers just so. Where it lasts much
 * longer than the time between the rows of the page, the longest one too, the page is asked for
 * again, and so that it has to show a row that is beyond the gap. Pure.
 *
 *              gap
 *   RRRRRRRRR|-------------------|=R=R=========
 *                             to ^         ^ to + anchor
 *
 * Where no row is there to be shown, the same answer is believed after a while (retry_span.h). */
#ifndef GAPLESS_TAIL_H
#define GAPLESS_TAIL_H

#include "common/candle/candle.h"

enum {
	TAIL_APART_MS = 60 * 1000,         /* two answers, where nothing later can be asked for */
	TAIL_APART_BESIDE_MS = 600 * 1000, /* ... where it could show */
};

/* 1 if the rows (oldest first) end so long before to_ms that it is odd. */
int tail_is_odd(const struct interval *iv, const struct candle *rows, size_t n, int64_t to_ms);
#endif
