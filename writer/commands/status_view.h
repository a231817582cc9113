/* SPDX-License-Identifier: MIT */
/* A table of series for a terminal: a line each, with a bar of what is covered. Pure: bytes in,
 * bytes out.
 *
 *   symbol        2026-01-05T00:00 .. 2026-01-06T00:00        age    missing   lag  rate
 *   KRW-BTC  1m   ==========XX=======....===============      42s         17    2m   95%
 *
 * rate: how many of the last REPORT_RECENT intervals that are due have a candle. */
#ifndef GAPLESS_STATUS_VIEW_H
#define GAPLESS_STATUS_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "common/text/buf.h"
#include "writer/report/series.h"

enum { STATUS_AGE_BYTES = 24 };

struct status_view {
	int64_t from_ms, to_ms; /* of the bars; ages are as of to_ms */
	int columns;            /* of the terminal */
	int colours;            /* 1: ANSI colours */
	/* by status_layout() */
	int symbol, interval, note, bar;
};

/* Shares the columns out; bars take what is left, at least 10 cells. */
void status_layout(struct status_view *v, const struct report_series *s, size_t n);
/* Each appends a line. */
void status_head(const struct status_view *v, struct buf *out);
void status_line(const struct status_view *v, const struct report_series *s, struct buf *out);
/* "42s", "17m", "5h", "3d"; "-" if it is negative. Returns out. */
char *status_age(int64_t ms, char out[STATUS_AGE_BYTES]);

#endif
