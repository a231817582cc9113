/* SPDX-License-Identifier: MIT */
/* A table of series for a terminal: a line each, with a bar of what is covered, those with trouble
 * first. Pure: bytes in, bytes out.
 *
 *   symbol    interval  2026-01-05T00:00:00Z .. 2026-01-06T00:00:00Z       age  missing    lag
 *   KRW-BTC   1m        ==========XX=======....=====================        42s       17     2m
 *
 * A cell of the bar shows the worst of what lies in it: nothing is too small to be seen. */
#ifndef GAPLESS_STATUS_VIEW_H
#define GAPLESS_STATUS_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "common/candle/candle.h"
#include "common/text/buf.h"

/* From the best to the worst. */
enum status_cell {
	STATUS_UNWANTED = ' ', /* not wanted, or not due yet */
	STATUS_QUIET = '.',    /* covered, and nothing was traded */
	STATUS_FULL = '=',     /* covered, with candles */
	STATUS_UNOBTAINABLE = 'u',
	STATUS_GAP = 'X'
};

enum { STATUS_BAR_MAX = 400, STATUS_NOTE_BYTES = 64, STATUS_AGE_BYTES = 24 };

struct status_series {
	char symbol[SYMBOL_BYTES], interval[8];
	int64_t newest_ms; /* start of the newest candle; INT64_MIN: none */
	int64_t lag_ms;    /* of the coverage, behind what is wanted */
	int64_t gaps, missing;
	int64_t unobtainable;         /* intervals */
	char note[STATUS_NOTE_BYTES]; /* its state or a cause, "" where there is nothing to say */
	char bar[STATUS_BAR_MAX + 1];
};

struct status_view {
	int64_t from_ms, to_ms; /* of the bars; ages are as of to_ms */
	int columns;            /* of the terminal */
	int colours;            /* 1: ANSI colours */
	/* by status_layout() */
	int symbol, interval, note, bar;
};

/* Cells of [from_ms, to_ms) become at least as bad as `kind`. */
void status_mark(char *bar, int cells, const struct status_view *v, int64_t from_ms, int64_t to_ms,
		 enum status_cell kind);
/* Covered cells in which there is no candle (seen[i] is not '1') are quiet. */
void status_quiet(char *bar, int cells, const char *seen);

/* Those with trouble first: gaps, what is unobtainable, what has a note, lag; then by name. */
void status_sort(struct status_series *s, size_t n);
/* Shares the columns out; bars take what is left, at least 10 cells. */
void status_layout(struct status_view *v, const struct status_series *s, size_t n);
/* Each appends a line. 0, or -1 if *out is full. */
int status_head(const struct status_view *v, struct buf *out) __attribute__((warn_unused_result));
int status_line(const struct status_view *v, const struct status_series *s, struct buf *out)
	__attribute__((warn_unused_result));
/* "42s", "17m", "5h", "3d"; "-" if it is negative. Returns out. */
char *status_age(int64_t ms, char out[STATUS_AGE_BYTES]);

#endif
