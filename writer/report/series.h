/* SPDX-License-Identifier: MIT */
/* How complete a series is, as people are shown it: counts, and a bar of what is covered. Pure.
 *
 * A cell of the bar shows the worst of what lies in it: nothing is too small to be seen. */
#ifndef GAPLESS_REPORT_SERIES_H
#define GAPLESS_REPORT_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "common/candle/candle.h"
#include "common/candle/spans.h"

/* From the best to the worst. */
enum report_cell {
	REPORT_UNWANTED = ' ', /* not wanted, or not due yet */
	REPORT_QUIET = '.',    /* covered, and nothing was traded */
	REPORT_FULL = '=',     /* covered, with candles */
	REPORT_UNOBTAINABLE = 'u',
	REPORT_GAP = 'X'
};

enum {
	REPORT_BAR_MAX = 400,
	REPORT_NOTE_BYTES = 64,
	REPORT_RECENT = 60 /* intervals that tell how often candles come, lately */
};

struct report_series {
	char symbol[SYMBOL_BYTES], interval[8];
	int64_t newest_ms; /* start of the newest candle; INT64_MIN: none */
	int64_t lag_ms;    /* of the coverage, behind what is wanted */
	int64_t gaps, missing;
	int64_t unobtainable;         /* intervals */
	int64_t recent;               /* of the REPORT_RECENT newest intervals that are due, those
					 with a candle */
	char note[REPORT_NOTE_BYTES]; /* its state or a cause, "" where there is nothing to say */
	char bar[REPORT_BAR_MAX + 1];
};

/* Of a bar of so many cells over `whole`, those that `span` touches become at least as bad as
 * `kind`. */
void report_mark(char *bar, int cells, struct span whole, struct span span, enum report_cell kind);
/* Covered cells in which there is no candle are quiet: seen[i] is not '1', each of so many cells
 * together. */
void report_quiet(char *bar, int cells, const char *seen, int together);

/* Those with trouble first: gaps, what is unobtainable, what has a note, lag; then by name. */
void report_sort(struct report_series *s, size_t n);
/* By symbol and interval. */
void report_sort_by_name(struct report_series *s, size_t n);
/* NULL if it is not among them, which are sorted by name. */
struct report_series *report_find(struct report_series *s, size_t n, const char *symbol,
				  const char *interval);

#endif
