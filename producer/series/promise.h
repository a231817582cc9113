/* SPDX-License-Identifier: MIT */
/* What a page of candles lets us promise (DESIGN: "a promise covers only what ended at least 60 s
 * before the read"). Pure.
 *
 * Within one answer a candle's promise reaches *back* to the end of its older neighbour, and the
 * newest final candle's reaches *on* to the answer's end: `to`, or what is final by now. The oldest
 * candle of a page promises its own interval alone: what lies before it is the newest candle's
 * reach of the next page, asked for with `to` = its start. So no promise ever joins two answers in
 * memory, and the pages of a walk still join without a seam. */
#ifndef GAPLESS_PROMISE_H
#define GAPLESS_PROMISE_H

#include "common/candle/candle.h"
#include "common/candle/spans.h"

enum {
	SETTLE_MS = 2 * 1000, /* a candle is closed this long after its end */
	FINAL_MS = 60 * 1000  /* and final this long after it */
};

struct promise {
	size_t row;                           /* of the page */
	int64_t covers_from_ms, covers_to_ms; /* equal: provisional */
};

/* Everything that starts before this grid point is closed, or final, by the exchange's time
 * read_ms. */
int64_t promise_closed_before(const struct interval *iv, int64_t read_ms);
int64_t promise_final_before(const struct interval *iv, int64_t read_ms);

/* rows: oldest first, distinct starts, all before to_ms (INT64_MAX: asked without `to`). No promise
 * reaches into the holes, spans on the grid; a row in one gets none. Fills out[] (room for n),
 * oldest first, with one promise for each closed row that is in no hole, and returns how many. */
size_t promise_page(const struct interval *iv, const struct candle *rows, size_t n, int64_t to_ms,
		    int64_t read_ms, const struct spans *holes, struct promise *out);

#endif
