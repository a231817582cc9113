/* SPDX-License-Identifier: MIT */
#include "tests/unit/lies/world.h"

#include "common/base/alloc.h"

/* Longest, in seconds: what two witnesses would believe ends before. */
static const int lie_seconds[LIE_KINDS] = {
	[LIE_EMPTY] = 1800,  [LIE_SHORT] = 500,    [LIE_MISSING] = 240,   [LIE_LESS] = 240,
	[LIE_BAD_ROW] = 900, [LIE_BAD_TIME] = 300, [LIE_NOT_FOUND] = 900, [LIE_NOT_LISTED] = 50,
	[LIE_BROKEN] = 300,  [LIE_BEHIND] = 600,   [LIE_NEWEST] = 400,    [LIE_SILENT] = 900,
	[LIE_CLOCK] = 600,
};

void trace(const struct world *w, const char *format, ...)
{
	char text[256];
	va_list args;

	if (!w->trace)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	print_message("   %lld %s\n", seconds(w->now_ms), text);
}

uint32_t rnd(struct world *w, uint32_t below)
{
	w->rng = w->rng * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->rng >> 33) % below;
}

/* The oldest candle stays: without it what is older would not be served any more. */
static void candle_make(struct world *w, struct truth *t, int v, int is_oldest)
{
	for (int k = 0; k < 3; k++) {
		t->value[k] = v;
		t->revision[k] = (k + 1) * 1000; /* far apart: one more is made to win */
	}
	t->since_ms[1] = rnd(w, 30000);
	t->since_ms[2] = t->since_ms[1] + rnd(w, 28000);
	if (!v)
		return;
	if (rnd(w, 4) == 0)
		t->value[0] = rnd(w, 4) ? v + 1 : 0; /* corrected, or late */
	if (rnd(w, 8) == 0)
		t->value[1] = v + 2;
	if (rnd(w, 40) == 0) {
		t->value[0] = t->value[1] = v + 3; /* the last change has a smaller revision */
		t->revision[0] = t->revision[1] = 9000;
	}
	if (rnd(w, 80) == 0 && !is_oldest)
		t->value[2] = 0; /* taken back for good */
}

static int lies_of_rows(const struct world *w, size_t k)
{
	enum lie_kind kind = w->lies[k].kind;

	return kind == LIE_MISSING || kind == LIE_LESS || kind == LIE_BEHIND || kind == LIE_NEWEST;
}

/* What long lies about rows have brought about is asked once more, and they do not lie then. Short
 * ones are seen through, but not two of them, as far from each other as witnesses. */
static void lie_part(struct world *w, size_t k)
{
	struct lie *l = &w->lies[k];

	if (!lies_of_rows(w, k))
		return;
	for (size_t other = 0; other < w->n_lies; other++) {
		const struct lie *o = &w->lies[other];

		if (other == k || !lies_of_rows(w, other) || o->to_ms + 15 * MINUTE < l->from_ms ||
		    l->to_ms + 15 * MINUTE < o->from_ms || o->to_ms <= o->from_ms)
			continue;
		l->to_ms = l->from_ms;
		return;
	}
}

static int needs_two(enum lie_kind kind)
{
	return kind == LIE_SHORT || kind == LIE_MISSING || kind == LIE_LESS ||
	       kind == LIE_NOT_LISTED;
}

static void lies_make(struct world *w)
{
	static const enum lie_kind of_seen[] = {LIE_MISSING, LIE_LESS},
				   of_newest[] = {LIE_BEHIND, LIE_NEWEST};
	const enum lie_kind *of_rows = rnd(w, 2) ? of_seen : of_newest;

	w->n_lies = 1 + rnd(w, LIES_MAX);
	for (size_t k = 0; k < w->n_lies; k++) {
		struct lie *l = &w->lies[k];

		l->kind = (enum lie_kind)rnd(w, LIE_KINDS);
		if (rnd(w, 2))
			l->kind = of_rows[rnd(w, 2)];
		l->from_ms = at(w, BEFORE) + (int64_t)rnd(w, (LYING - 1) * 60) * 1000;
		if (rnd(w, 3) == 0)
			l->from_ms = at(w, BEFORE); /* from the start on */
		l->to_ms =
			l->from_ms + 1000 * (1 + (int64_t)rnd(w, (uint32_t)lie_seconds[l->kind]));
		/* What was believed wrongly is asked once more; only memory knows that. */
		l->is_long = !w->dies && rnd(w, 2);
		if ((l->kind == LIE_MISSING || l->kind == LIE_LESS) && !l->is_long)
			l->to_ms = l->from_ms + 1000 * (int64_t)(1 + rnd(w, 25));
		l->percent = (uint32_t[]){20, 50, 100}[rnd(w, 3)];
		if (l->kind == LIE_EMPTY || l->kind == LIE_BROKEN)
			l->percent = (uint32_t[]){20, 50, 80}[rnd(w, 3)];
		l->ms = l->kind == LIE_BEHIND ? 1000 * (20 + (int64_t)rnd(w, rnd(w, 2) ? 130 : 800))
					      : 1 + (int64_t)rnd(w, 3);
		if (l->kind == LIE_CLOCK)
			l->ms = 1000 * (10 + (int64_t)rnd(w, 3600));
		if (l->kind == LIE_CLOCK || l->kind == LIE_SILENT)
			l->percent = 100;
		/* Two of these, ten minutes apart, would be believed. */
		for (size_t other = 0; l->kind == LIE_SHORT && other < k; other++)
			if (w->lies[other].kind == LIE_SHORT)
				l->kind = LIE_EMPTY;
		/* So would the list and the candles together. */
		if (l->kind == LIE_NOT_FOUND && l->percent == 100)
			l->percent = 50;
		if (l->to_ms > w->calm_ms)
			l->to_ms = w->calm_ms;
		/* Not listed and not found, but not for a minute. */
		if (l->kind == LIE_NOT_LISTED && k + 1 < w->n_lies) {
			l->percent = 100;
			w->lies[k + 1] = *l;
			w->lies[++k].kind = LIE_NOT_FOUND;
		}
	}
	for (size_t k = 0; k < w->n_lies; k++)
		lie_part(w, k);
	/* With a clock that is set back two witnesses of the same lie seem far from each other. */
	for (size_t k = 0; k < w->n_lies; k++)
		for (size_t other = 0; w->lies[k].kind == LIE_CLOCK && other < w->n_lies; other++)
			if (needs_two(w->lies[other].kind))
				w->lies[other].kind = LIE_EMPTY;
}

struct world *world_new(uint64_t seed)
{
	static const int densities[] = {100, 100, 90, 50, 10, 3};
	struct world *w = xcalloc(1, sizeof *w);
	int density, quiet_left = 0, has_candles = 0;

	w->trace = getenv("GAPLESS_TRACE") != NULL;
	w->rng = seed * 2654435761u + 1;
	for (int i = 0; i < 8; i++)
		rnd(w, 2);
	w->iv = interval_by_name("1m");
	density = densities[rnd(w, 6)];
	w->listed = rnd(w, 3) ? 0 : rnd(w, BEFORE - 10);
	w->delists_ms = w->relists_ms = INT64_MAX;
	if (rnd(w, 6) == 0)
		w->delists_ms = at(w, BEFORE) + (int64_t)rnd(w, (LYING - 5) * 60) * 1000;
	else if (rnd(w, 6) == 0)
		w->relists_ms = at(w, BEFORE) + (int64_t)rnd(w, LYING * 60) * 1000;
	for (int i = 0; i < SPAN_1M; i++) {
		int v = (int)rnd(w, 900) + 1;

		if (quiet_left == 0 && rnd(w, 150) == 0)
			quiet_left = (int)rnd(w, 300);
		if (quiet_left > 0 && --quiet_left >= 0)
			v = 0;
		if ((int)rnd(w, 100) >= density || i < w->listed || at(w, i) >= w->delists_ms)
			v = 0;
		candle_make(w, &w->truth[i], v, !has_candles);
		has_candles |= v != 0;
	}
	w->log = xcalloc(LOG_MAX, sizeof *w->log);
	w->schedule = schedule_new();
	w->now_ms = at(w, BEFORE) + rnd(w, MINUTE);
	w->view_ms = w->now_ms;
	w->boot_ms = 1000000;
	w->calm_ms = at(w, BEFORE + LYING);
	w->dies = rnd(w, 2) == 0;
	lies_make(w);
	for (size_t k = 0; k < w->n_lies; k++)
		trace(w, "lie %d from %lld to %lld, %u %%", (int)w->lies[k].kind,
		      seconds(w->lies[k].from_ms), seconds(w->lies[k].to_ms), w->lies[k].percent);
	return w;
}

void world_free(struct world *w)
{
	schedule_free(w->schedule);
	series_release(&w->s);
	spans_release(&w->coverage);
	unobtainable_release(&w->unobtainable);
	free(w->log);
	free(w);
}
