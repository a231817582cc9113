/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "indicators/kinds/bars.h"

struct history {
	struct set set;
	struct span touched;
	struct window *window;
	int64_t newest_ms; /* last bar that was emitted or left out */
	int64_t behind;    /* bars behind the span up to it */
	int64_t day;       /* of the first of them: it may have been linked to the span */
	int64_t as_of_ms;
	/* while feeding */
	window_emit *emit;
	void *to;
};

struct history *history_new(const struct set *set, const struct interval *interval,
			    enum timeline_fill fill, struct span touched)
{
	struct history *h = xcalloc(1, sizeof *h);

	h->set = *set;
	h->touched = touched;
	h->window = window_new(set, interval, fill);
	h->newest_ms = INT64_MIN;
	return h;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	window_free(h->window);
	free(h);
}

static int in_its_day(const struct history *h, int64_t timestamp_ms)
{
	return kind_day_of(timestamp_ms) == kind_day_of(h->touched.to - 1) ||
	       kind_day_of(timestamp_ms) == h->day;
}

static void filter(void *to, const struct bar *bar, const struct indicator *in,
		   const struct result *r)
{
	struct history *h = to;
	struct result own = *r;

	if (bar->timestamp_ms != h->newest_ms) {
		h->newest_ms = bar->timestamp_ms;
		/* A carried price is that of the bar before it: touched like that. */
		h->behind +=
			bar->timestamp_ms >= h->touched.to && (h->behind > 0 || !bar->is_carried);
		if (h->behind == 1)
			h->day = kind_day_of(bar->timestamp_ms);
	}
	if (bar->timestamp_ms < h->touched.from)
		return;
	/* The first bar behind the span may have been linked to it: it counts as touched. */
	if (h->behind > in->reach + 1 && !(in->kind->is_daily && in_its_day(h, bar->timestamp_ms)))
		return;
	own.as_of_ms = h->as_of_ms;
	h->emit(h->to, bar, in, &own);
}

void history_feed(struct history *h, int64_t as_of_ms, const struct spans *covered,
		  const struct bar *bars, size_t n, int is_behind, window_emit *emit, void *to)
{
	h->as_of_ms = as_of_ms;
	h->emit = emit;
	h->to = to;
	window_append(h->window, covered, bars, n, is_behind);
	window_compute(h->window, filter, h);
}

int history_is_over(const struct history *h)
{
	return h->behind > h->set.horizon + 1 && !(h->set.daily && in_its_day(h, h->newest_ms));
}

const struct window *history_window(const struct history *h)
{
	return h->window;
}
