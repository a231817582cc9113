/* SPDX-License-Identifier: MIT */
/* All indicators of a series, walking over its bars from the oldest to the newest. What it has
 * behind it is a few numbers an indicator, so that a copy is a place from which one can walk again.
 * Pure.
 *
 * A broken link begins a new run: every indicator begins again, as if nothing had been before. */
#ifndef GAPLESS_INDICATORS_WALK_H
#define GAPLESS_INDICATORS_WALK_H

#include "indicators/kinds/set.h"

enum result_state { RESULT_FINAL, RESULT_PROVISIONAL, RESULT_UNAVAILABLE };
enum result_reason {
	REASON_NONE,
	REASON_WARMING, /* there are not enough bars since the first one */
	REASON_GAP      /* not enough since the last gap */
};

struct result {
	enum result_state state;
	enum result_reason reason; /* of what is unavailable */
	double v[KIND_VALUES];
	int64_t candles;  /* that stand behind it, at most as many as matter */
	int64_t as_of_ms; /* how new the knowledge is; the caller's to fill in */
};

struct walk {
	int64_t run;         /* bars since the run began */
	int64_t provisional; /* bars of the run up to its newest provisional one; 0: none */
	int is_after_gap;    /* the run began behind a gap, not with the first bar */
	double states[SET_MAX][KIND_STATE];
};

/* Takes the next bar. Where `results` is not NULL, results[i] is what the i-th indicator says. Bars
 * before it must be there as far as the run and set->context reach back. is_first: nothing is known
 * before this bar. */
void walk_step(struct walk *w, const struct set *set, const struct bar *bar, int is_first,
	       struct result *results);

#endif
