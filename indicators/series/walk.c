/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include <string.h>

static void begin_run(struct walk *w, const struct bar *bar, int is_first)
{
	w->run = 0;
	w->provisional = 0;
	w->is_after_gap = bar->link == LINK_BROKEN && !is_first;
	memset(w->states, 0, sizeof w->states);
}

static struct result judge(const struct walk *w, const struct indicator *in, int64_t candles)
{
	struct result r = {.state = RESULT_FINAL};
	int64_t most = in->kind->is_daily ? candles : in->reach;

	if (candles <= 0) {
		r.state = RESULT_UNAVAILABLE;
		r.reason = w->is_after_gap && candles == 0 ? REASON_GAP : REASON_WARMING;
		r.candles = w->run < in->need ? w->run : in->need;
		return r;
	}
	r.candles = candles < most ? candles : most;
	/* Of a bar that is r.candles or more back, nothing is left. */
	if (w->provisional && w->run - w->provisional < r.candles)
		r.state = RESULT_PROVISIONAL;
	return r;
}

void walk_step(struct walk *w, const struct set *set, const struct bar *bar, int is_first,
	       struct result *results)
{
	struct kind_input in = {.newest = bar};

	if (is_first || bar->link == LINK_BROKEN)
		begin_run(w, bar, is_first);
	w->run++;
	if (!bar->is_final || bar->link == LINK_PROVISIONAL)
		w->provisional = w->run;
	in.run = w->run;
	for (size_t i = 0; i < set->n; i++) {
		const struct indicator *ind = &set->v[i];
		double v[KIND_VALUES] = {0};
		int64_t candles;

		if (!results && !ind->kind->is_recursive)
			continue;
		candles = ind->kind->step(ind->p, w->states[i], in, v);
		if (!results)
			continue;
		results[i] = judge(w, ind, candles);
		if (candles > 0)
			memcpy(results[i].v, v, sizeof v);
	}
}
