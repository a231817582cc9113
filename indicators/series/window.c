/* SPDX-License-Identifier: MIT */
#include "window.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "indicators/kinds/bars.h"

/* A slot is what was published of a bar's indicator last: a digest, or one of these. */
enum { SLOT_UNKNOWN = 0, SLOT_NEVER = 1 };

enum { NEAR_BARS = 16, SLACK_BARS = 64 };

/* A walk that has taken the first `at` bars. */
struct place {
	size_t at;
	struct walk walk;
};

struct window {
	struct set set;
	struct timeline *line;
	const struct interval *interval;
	struct place base, near, head; /* oldest first; near and head may be behind a change */
};

struct window *window_new(const struct set *set, const struct interval *interval,
			  enum timeline_fill fill)
{
	struct window *w = xcalloc(1, sizeof *w);

	w->set = *set;
	w->interval = interval;
	w->line = timeline_new(interval, set->n, fill);
	return w;
}

void window_free(struct window *w)
{
	if (!w)
		return;
	timeline_free(w->line);
	free(w);
}

int64_t window_start(const struct window *w)
{
	size_t n;
	const struct bar *bars = timeline_bars(w->line, &n);

	return timeline_is_whole(w->line) || w->base.at >= n ? INT64_MIN
							     : bars[w->base.at].timestamp_ms;
}

int64_t window_as_of(const struct window *w)
{
	return timeline_as_of(w->line);
}

void window_take_over(struct window *w, int64_t as_of_ms)
{
	timeline_as_of_at_least(w->line, as_of_ms);
	if (window_as_of(w) > 0)
		timeline_as_of_at_least(w->line, window_as_of(w) + 1);
}

static size_t window_bars(const struct window *w)
{
	size_t n;

	timeline_bars(w->line, &n);
	return n;
}

size_t window_bytes(const struct window *w)
{
	return sizeof *w + timeline_bytes(w->line);
}

/* ---------------------------------------------------------------- messages */

/* 1 if something before the window is touched, or may be: *older is what. */
static int is_older(const struct window *w, const struct timeline_input *in, struct span *older)
{
	int64_t start = window_start(w), ts = in->bar.timestamp_ms;
	size_t n;
	const struct bar *bars = timeline_bars(w->line, &n);

	if (start == INT64_MIN)
		return 0;
	older->from = ts < in->covers_from_ms ? ts : in->covers_from_ms;
	older->to = interval_end(w->interval, ts);
	if (in->covers_to_ms > older->to)
		older->to = in->covers_to_ms;
	if (older->to > start)
		older->to = start;
	if (ts < start)
		return 1;
	/* Its promise alone may reach before the window. */
	return in->covers_from_ms < start && in->covers_to_ms > in->covers_from_ms &&
	       (in->covers_from_ms < bars[0].timestamp_ms ||
		!timeline_covers(w->line, in->covers_from_ms, start));
}

int window_apply(struct window *w, const struct timeline_input *in, struct span *older)
{
	int news = is_older(w, in, older) ? WINDOW_OLDER : WINDOW_NOTHING;
	size_t from, to;

	timeline_apply(w->line, in, window_start(w));
	return news | (timeline_dirty(w->line, &from, &to) ? WINDOW_CHANGED : 0);
}

/* ---------------------------------------------------------------- values */

/* FNV-1a over 64-bit words. Never a number that means something else. */
static uint64_t digest(const struct result *r)
{
	uint64_t words[KIND_VALUES + 2] = {(uint64_t)r->state << 8 | (uint64_t)r->reason,
					   (uint64_t)r->candles};
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	memcpy(words + 2, r->v, sizeof r->v);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		h = (h ^ words[i]) * UINT64_C(0x100000001b3);
		h ^= h >> 29;
	}
	return h > SLOT_NEVER ? h : h + 2;
}

/* 1 if a change of the bars up to `last` can show in the value of a later one. The bar behind it
 * counts as changed: it may have been the first one of all, which is another reason for having no
 * value. */
static int is_concerned(const struct bar *bars, const struct indicator *in, size_t i, size_t last)
{
	int64_t day = kind_day_of(bars[i].timestamp_ms);

	if (i <= last || (int64_t)(i - last) < in->reach)
		return 1;
	return in->kind->is_daily && (day == kind_day_of(bars[last].timestamp_ms) ||
				      day == kind_day_of(bars[last + 1].timestamp_ms));
}

static int says_nothing(const struct indicator *in, const struct result *r)
{
	return in->kind->is_event && (r->state == RESULT_UNAVAILABLE || r->v[0] == 0);
}

static void publish(struct window *w, size_t i, size_t last, struct result *results,
		    window_emit *emit, void *to)
{
	uint64_t *slots = timeline_slots(w->line, i);
	size_t n;
	const struct bar *bars = timeline_bars(w->line, &n);

	for (size_t k = 0; k < w->set.n; k++) {
		const struct indicator *in = &w->set.v[k];
		uint64_t now = digest(&results[k]);

		if (slots[k] == now || !is_concerned(bars, in, i, last) ||
		    (slots[k] == SLOT_NEVER && says_nothing(in, &results[k])))
			continue;
		slots[k] = now;
		results[k].as_of_ms = timeline_as_of(w->line);
		emit(to, &bars[i], in, &results[k]);
	}
}

static void step(const struct window *w, struct place *p, struct result *results)
{
	size_t n;
	const struct bar *bars = timeline_bars(w->line, &n);

	walk_step(&p->walk, &w->set, &bars[p->at], p->at == 0 && timeline_is_whole(w->line),
		  results);
	p->at++;
}

static void move_base(struct window *w, size_t at)
{
	while (w->base.at < at)
		step(w, &w->base, NULL);
}

/* What is behind the base is of no more use. */
static void forget_passed(struct window *w)
{
	if (w->near.at < w->base.at)
		w->near = w->base;
	if (w->head.at < w->base.at)
		w->head = w->base;
}

/* Forgets bars that are more than the window and its context. */
static void trim(struct window *w)
{
	size_t keep = (size_t)set_lead(&w->set), n = window_bars(w), drop;

	if (n <= keep + keep / 8 + SLACK_BARS)
		return;
	drop = n - keep;
	move_base(w, drop + (size_t)w->set.context);
	forget_passed(w);
	timeline_drop(w->line, drop);
	w->base.at -= drop;
	w->near.at -= drop;
	w->head.at -= drop;
}

/* The place nearest before the bar. Nothing before the first change is behind a change. */
static const struct place *place_before(const struct window *w, size_t i)
{
	if (w->head.at <= i)
		return &w->head;
	return w->near.at <= i ? &w->near : &w->base;
}

void window_compute(struct window *w, window_emit *emit, void *to)
{
	struct result results[SET_MAX];
	size_t from, last, n = window_bars(w);
	struct place p;

	if (!timeline_dirty(w->line, &from, &last))
		return;
	p = *place_before(w, from);
	if (w->near.at > from)
		w->near = w->base;
	while (p.at < n) {
		size_t i = p.at;

		if (i + NEAR_BARS == n)
			w->near = p;
		step(w, &p, i >= from ? results : NULL);
		if (i >= from)
			publish(w, i, last, results, emit, to);
	}
	w->head = p;
	timeline_clean(w->line);
	trim(w);
}

/* ---------------------------------------------------------------- from the table */

void window_append(struct window *w, const struct spans *covered, const struct bar *bars, size_t n,
		   int is_behind)
{
	timeline_append(w->line, covered, bars, n, is_behind);
}

void window_pass(struct window *w)
{
	timeline_clean(w->line);
	w->near = w->head = w->base;
	trim(w);
}

void window_seal(struct window *w)
{
	size_t n = window_bars(w), horizon = (size_t)w->set.horizon;

	if (!timeline_is_whole(w->line) && n > horizon)
		move_base(w, n - horizon);
	window_pass(w);
}

void window_rebase(struct window *w, const struct window *older)
{
	size_t n = window_bars(older), keep = (size_t)w->set.context;

	if (keep > n)
		keep = n;
	timeline_replace(w->line, w->base.at, older->line, keep);
	w->base.walk = older->head.walk;
	w->base.at = keep;
	w->near = w->head = w->base;
	if (keep < window_bars(w))
		timeline_touch(w->line, keep);
}
