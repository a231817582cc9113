/* SPDX-License-Identifier: MIT */
/* The chart of a series: candles, spans, indicators. */
#ifndef GAPLESS_PAGE_CANDLES_H
#define GAPLESS_PAGE_CANDLES_H

#include "common/pg/pg.h"
#include "common/text/buf.h"
#include "params.h"

/* Within reader_begin() and reader_end(). Each appends JSON that the database has made. 1; 0 if
 * there is no such series; -1 with *err. now_ms: what must be there is judged by it. */
int candles_put(struct buf *out, struct pg *pg, const struct params *p, int64_t now_ms,
		struct err *err) __attribute__((warn_unused_result));
int candles_put_indicators(struct buf *out, struct pg *pg, const struct params *p, int64_t now_ms,
			   struct err *err) __attribute__((warn_unused_result));

#endif
