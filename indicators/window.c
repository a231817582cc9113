/* SPDX-License-Identifier: MIT */
#include "window.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "kinds/bars.h"

/* What was published of a bar's indicator last: a digest, or */
enum { SLOT_UNKNOWN = 0, SLOT_NEVER = 1 };

enum { NEAR_BARS = 16, SLACK_BARS = 64 };

/* A provisional bar may follow an interval that is not covered yet, if a live read could not have
 * made that final: it ended less than 60 s before the read, or one more interval (the poll that
 * reads it) and a little. */
enum { FINAL_MS = 60000, LATE_MS = 30000 };

/* A walk that has taken bars[0..at). */
struct place {
	int is_set;
	size_t at;
	struct walk walk;
};

struct window {
	struct set set;
	const struct interval *interval;
	struct bar *bars;
	uint64_t *slots; /* set.n of each bar */
	size_t n, cap;
	struct spans covered; /* from the first bar on; all of it where nothing was dropped */
	int is_whole;         /* nothing is known before the first bar */
	struct place base, near, head;
	int is_dirty;
	size_t dirty_from, dirty_to; /* first and last bar that changed */
};

struct window *window_new(const struct set *set, const struct interval *interval)
{
	struct window *w = xcalloc(1, sizeof *w);

	w->set = *set;
	w->interval = interval;
	w->is_whole = 1;
	w->base.is_set = 1;
	return w;
}

void window_free(struct window *w)
{
	if (!w)
		return;
	free(w->bars);
	free(w->slots);
	spans_release(&w->covered);
	free(w);
}

int64_t window_start(const struct window *w)
{
	return w->is_whole || w->base.at >= w->n ? INT64_MIN : w->bars[w->base.at].timestamp_ms;
}

int64_t window_newest(const struct window *w)
{
	return w->n ? w->bars[w->n - 1].timestamp_ms : INT64_MIN;
}

size_t window_bytes(const struct window *w)
{
	return sizeof *w + w->cap * (sizeof *w->bars + w->set.n * sizeof *w->slots) +
	       w->covered.cap * sizeof *w->covered.v;
}

/* ---------------------------------------------------------------- bars */

/* Index of the first bar at or after ts. */
static size_t bar_at(const struct window *w, int64_t ts)
{
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->bars[mid].timestamp_ms >= ts)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static void place_forget(struct place *p, size_t changed)
{
	if (p->at > changed)
		p->is_set = 0;
}

static void mark(struct window *w, size_t i)
{
	if (!w->is_dirty || i < w->dirty_from)
		w->dirty_from = i;
	if (!w->is_dirty || i > w->dirty_to)
		w->dirty_to = i;
	w->is_dirty = 1;
	place_forget(&w->near, i);
	place_forget(&w->head, i);
}

static void reserve(struct window *w, size_t n)
{
	if (n <= w->cap)
		return;
	w->cap = n + n / 4 + SLACK_BARS;
	w->bars = xreallocarray(w->bars, w->cap, sizeof *w->bars);
	w->slots = xreallocarray(w->slots, w->cap * w->set.n, sizeof *w->slots);
}

static void insert(struct window *w, size_t i, const struct bar *bar, uint64_t slot)
{
	size_t k = w->set.n;

	reserve(w, w->n + 1);
	memmove(w->bars + i + 1, w->bars + i, (w->n - i) * sizeof *w->bars);
	memmove(w->slots + (i + 1) * k, w->slots + i * k, (w->n - i) * k * sizeof *w->slots);
	w->bars[i] = *bar;
	for (size_t j = 0; j < k; j++)
		w->slots[i * k + j] = slot;
	w->n++;
	if (w->is_dirty && w->dirty_from >= i)
		w->dirty_from++;
	if (w->is_dirty && w->dirty_to >= i)
		w->dirty_to++;
	mark(w, i);
}

/* ---------------------------------------------------------------- links */

static enum bar_link link_between(const struct window *w, const struct bar *a, const struct bar *b)
{
	int64_t from = interval_end(w->interval, a->timestamp_ms), open, ended;

	if (spans_cover(&w->covered, from, b->timestamp_ms))
		return LINK_UNBROKEN;
	open = spans_run_end(&w->covered, from);
	ended = interval_end(w->interval, interval_floor(w->interval, open));
	return ended > b->fetched_ms - FINAL_MS - w->interval->nominal_ms - LATE_MS
		       ? LINK_PROVISIONAL
		       : LINK_BROKEN;
}

/* Finds what the bar's surroundings are. 1 if they have changed. */
static int relink(struct window *w, size_t i)
{
	struct bar *b = &w->bars[i], before = *b;

	b->is_final = (unsigned char)spans_cover(&w->covered, b->timestamp_ms,
						 interval_end(w->interval, b->timestamp_ms));
	if (i > 0)
		b->link = link_between(w, b - 1, b);
	else if (w->is_whole)
		b->link = LINK_BROKEN;
	if (b->link == LINK_BROKEN && (i > 0 || w->is_whole))
		b->day_known = (unsigned char)spans_cover(&w->covered, kind_day_of(b->timestamp_ms),
							  b->timestamp_ms);
	if (b->is_final == before.is_final && b->link == before.link &&
	    b->day_known == before.day_known)
		return 0;
	mark(w, i);
	return 1;
}

/* ---------------------------------------------------------------- messages */

static int compare(double a, double b)
{
	return (a > b) - (a < b);
}

/* message_compare(), of doubles: those that are alike there give the same values here. */
static int wins(const struct bar *a, const struct bar *b)
{
	if (a->revision != b->revision)
		return a->revision > b->revision;
	if (a->fetched_ms != b->fetched_ms)
		return a->fetched_ms > b->fetched_ms;
	if (compare(a->volume, b->volume))
		return a->volume > b->volume;
	return a->quote_volume > b->quote_volume;
}

static int same_values(const struct bar *a, const struct bar *b)
{
	return a->open == b->open && a->high == b->high && a->low == b->low &&
	       a->close == b->close && a->volume == b->volume && a->quote_volume == b->quote_volume;
}

static void update(struct window *w, size_t i, const struct bar *bar)
{
	struct bar *b = &w->bars[i], before = *b;

	if (bar->as_of_ms > b->as_of_ms)
		b->as_of_ms = bar->as_of_ms;
	if (!wins(bar, b))
		return;
	*b = *bar;
	b->link = before.link;
	b->is_final = before.is_final;
	b->day_known = before.day_known;
	b->as_of_ms = before.as_of_ms > bar->as_of_ms ? before.as_of_ms : bar->as_of_ms;
	if (!same_values(b, &before))
		mark(w, i);
	relink(w, i);
}

/* The bars whose surroundings a promise can change: in it, and the first one behind it. */
static void promise(struct window *w, int64_t from, int64_t to, int64_t as_of_ms)
{
	if (!w->is_whole && from < w->bars[0].timestamp_ms)
		from = w->bars[0].timestamp_ms;
	if (spans_cover(&w->covered, from, to))
		return;
	spans_add(&w->covered, from, to);
	for (size_t i = bar_at(w, from); i < w->n; i++) {
		if (relink(w, i) && as_of_ms > w->bars[i].as_of_ms)
			w->bars[i].as_of_ms = as_of_ms;
		if (w->bars[i].timestamp_ms >= to)
			break;
	}
}

static int is_older(const struct window *w, const struct window_input *in, struct span *older)
{
	int64_t start = window_start(w), ts = in->bar.timestamp_ms, known;

	if (w->is_whole)
		return 0;
	known = w->bars[0].timestamp_ms;
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
	       (in->covers_from_ms < known || !spans_cover(&w->covered, in->covers_from_ms, start));
}

int window_apply(struct window *w, const struct window_input *in, struct span *older)
{
	int64_t ts = in->bar.timestamp_ms;
	int news = is_older(w, in, older) ? WINDOW_OLDER : WINDOW_NOTHING;
	size_t i;

	if (ts >= window_start(w)) {
		i = bar_at(w, ts);
		if (i < w->n && w->bars[i].timestamp_ms == ts) {
			update(w, i, &in->bar);
		} else {
			insert(w, i, &in->bar, in->is_fresh ? SLOT_NEVER : SLOT_UNKNOWN);
			relink(w, i);
			if (i + 1 < w->n)
				relink(w, i + 1);
		}
	}
	if (in->covers_to_ms > in->covers_from_ms && in->covers_to_ms > window_start(w))
		promise(w, in->covers_from_ms, in->covers_to_ms, in->bar.as_of_ms);
	return news | (w->is_dirty ? WINDOW_CHANGED : 0);
}

/* ---------------------------------------------------------------- values */

/* FNV-1a over 64-bit words. Never one of the two that mean something else. */
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

/* 1 if what changed can show in the bar's value: in its first 10 digits. */
static int is_concerned(const struct window *w, const struct indicator *in, size_t i)
{
	const struct bar *last = &w->bars[w->dirty_to];

	if (i <= w->dirty_to || (int64_t)(i - w->dirty_to) < in->reach)
		return 1;
	return in->kind->is_daily &&
	       kind_day_of(w->bars[i].timestamp_ms) == kind_day_of(last->timestamp_ms);
}

static void publish(struct window *w, size_t i, const struct result *results, window_emit *emit,
		    void *to)
{
	for (size_t k = 0; k < w->set.n; k++) {
		const struct indicator *in = &w->set.v[k];
		uint64_t *slot = &w->slots[i * w->set.n + k], now = digest(&results[k]);
		int is_nothing = in->kind->is_event &&
				 (results[k].state == RESULT_UNAVAILABLE || results[k].v[0] == 0);

		if (*slot == now || (is_nothing && *slot == SLOT_NEVER) || !is_concerned(w, in, i))
			continue;
		*slot = now;
		emit(to, &w->bars[i], in, &results[k]);
	}
}

static int is_first(const struct window *w, size_t i)
{
	return i == 0 && w->is_whole;
}

/* The set place nearest before the bar. */
static const struct place *place_before(const struct window *w, size_t i)
{
	if (w->head.is_set && w->head.at <= i)
		return &w->head;
	return w->near.is_set && w->near.at <= i ? &w->near : &w->base;
}

/* Forgets bars that are more than the window and its context, and moves the base after them. */
static void trim(struct window *w)
{
	size_t keep = (size_t)(w->set.context + w->set.horizon), drop;

	if (w->n <= keep + keep / 8 + SLACK_BARS)
		return;
	drop = w->n - keep;
	for (; w->base.at < drop + (size_t)w->set.context; w->base.at++)
		walk_step(&w->base.walk, &w->set, &w->bars[w->base.at], is_first(w, w->base.at),
			  NULL);
	w->n = keep;
	memmove(w->bars, w->bars + drop, keep * sizeof *w->bars);
	memmove(w->slots, w->slots + drop * w->set.n, keep * w->set.n * sizeof *w->slots);
	w->base.at -= drop;
	w->near.is_set = w->near.is_set && w->near.at >= drop;
	w->near.at -= drop;
	w->head.is_set = w->head.is_set && w->head.at >= drop;
	w->head.at -= drop;
	w->is_whole = 0;
	spans_remove(&w->covered, INT64_MIN, w->bars[0].timestamp_ms);
}

void window_compute(struct window *w, window_emit *emit, void *to)
{
	struct result results[SET_MAX];
	struct place p;

	if (!w->is_dirty)
		return;
	p = *place_before(w, w->dirty_from);
	for (; p.at < w->n; p.at++) {
		int is_wanted = p.at >= w->dirty_from;

		if (p.at + NEAR_BARS == w->n) {
			w->near = p;
			w->near.is_set = 1;
		}
		walk_step(&p.walk, &w->set, &w->bars[p.at], is_first(w, p.at),
			  is_wanted ? results : NULL);
		if (is_wanted)
			publish(w, p.at, results, emit, to);
	}
	w->head = p;
	w->head.is_set = 1;
	w->is_dirty = 0;
	trim(w);
}

/* ---------------------------------------------------------------- from the table */

void window_begin_behind(struct window *w)
{
	w->is_whole = 0;
}

void window_cover(struct window *w, const struct spans *covered)
{
	spans_union(&w->covered, covered);
}

void window_append(struct window *w, const struct bar *bars, size_t n, int is_changed)
{
	int was_dirty = w->is_dirty;
	size_t from = w->dirty_from, to = w->dirty_to;

	for (size_t i = 0; i < n; i++) {
		insert(w, w->n, &bars[i], SLOT_UNKNOWN);
		relink(w, w->n - 1);
	}
	if (is_changed)
		return;
	w->is_dirty = was_dirty;
	w->dirty_from = from;
	w->dirty_to = to;
	trim(w);
}

void window_rebase(struct window *w, struct window *older)
{
	(void)w;
	(void)older;
}
