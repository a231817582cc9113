/* SPDX-License-Identifier: MIT */
#include "timeline.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/candle/by_time.h"
#include "indicators/kinds/bars.h"

/* A provisional bar may follow an interval that is not covered yet, if a live read could not have
 * made that final: it ended less than 60 s before the read, or one more interval (the poll that
 * reads it) and a little. */
enum { FINAL_MS = 60000, LATE_MS = 30000, GROW_BARS = 64 };

struct timeline {
	const struct interval *interval;
	struct bar *bars;
	uint64_t *slots; /* slots_n of each bar */
	size_t n, cap, slots_n;
	struct spans covered; /* from the first bar on; all of it if the timeline is whole */
	int is_whole;
	enum timeline_fill fill;
	int64_t as_of_ms; /* greatest fetched_at of what has been taken */
	int is_dirty;
	size_t dirty_from, dirty_to;
};

struct timeline *timeline_new(const struct interval *interval, size_t slots,
			      enum timeline_fill fill)
{
	struct timeline *t = xcalloc(1, sizeof *t);

	t->interval = interval;
	t->slots_n = slots;
	t->fill = fill;
	t->is_whole = 1;
	return t;
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	free(t->bars);
	free(t->slots);
	spans_release(&t->covered);
	free(t);
}

const struct bar *timeline_bars(const struct timeline *t, size_t *n)
{
	*n = t->n;
	return t->bars;
}

uint64_t *timeline_slots(struct timeline *t, size_t i)
{
	return t->slots + i * t->slots_n;
}

int timeline_is_whole(const struct timeline *t)
{
	return t->is_whole;
}

int timeline_covers(const struct timeline *t, int64_t from_ms, int64_t to_ms)
{
	return spans_cover(&t->covered, from_ms, to_ms);
}

size_t timeline_bytes(const struct timeline *t)
{
	return sizeof *t + t->cap * (sizeof *t->bars + t->slots_n * sizeof *t->slots) +
	       t->covered.cap * sizeof *t->covered.v;
}

/* ---------------------------------------------------------------- what changed */

int timeline_dirty(const struct timeline *t, size_t *from, size_t *to)
{
	*from = t->dirty_from;
	*to = t->dirty_to;
	return t->is_dirty;
}

void timeline_touch(struct timeline *t, size_t i)
{
	if (!t->is_dirty || i < t->dirty_from)
		t->dirty_from = i;
	if (!t->is_dirty || i > t->dirty_to)
		t->dirty_to = i;
	t->is_dirty = 1;
}

void timeline_clean(struct timeline *t)
{
	t->is_dirty = 0;
}

int64_t timeline_as_of(const struct timeline *t)
{
	return t->as_of_ms;
}

void timeline_as_of_at_least(struct timeline *t, int64_t as_of_ms)
{
	if (as_of_ms > t->as_of_ms)
		t->as_of_ms = as_of_ms;
}

/* ---------------------------------------------------------------- bars */

static int64_t end_of(const struct timeline *t, const struct bar *b)
{
	return interval_end(t->interval, b->timestamp_ms);
}

static void set_room(struct timeline *t, size_t cap)
{
	t->cap = cap;
	t->bars = xreallocarray(t->bars, cap, sizeof *t->bars);
	t->slots = xreallocarray(t->slots, cap * t->slots_n, sizeof *t->slots);
}

/* Makes room for n bars before the i-th. */
static void make_room(struct timeline *t, size_t i, size_t n)
{
	size_t k = t->slots_n;

	if (t->n + n > t->cap)
		set_room(t, t->n + n + t->n / 8 + GROW_BARS);
	memmove(t->bars + i + n, t->bars + i, (t->n - i) * sizeof *t->bars);
	memmove(t->slots + (i + n) * k, t->slots + i * k, (t->n - i) * k * sizeof *t->slots);
	t->n += n;
	if (t->is_dirty && t->dirty_from >= i)
		t->dirty_from += n;
	if (t->is_dirty && t->dirty_to >= i)
		t->dirty_to += n;
}

static void insert(struct timeline *t, size_t i, const struct bar *bar, uint64_t slot)
{
	make_room(t, i, 1);
	t->bars[i] = *bar;
	for (size_t k = 0; k < t->slots_n; k++)
		t->slots[i * t->slots_n + k] = slot;
	timeline_touch(t, i);
}

/* ---------------------------------------------------------------- links */

static enum bar_link link_between(const struct timeline *t, const struct bar *a,
				  const struct bar *b)
{
	int64_t from = end_of(t, a), open, ended;

	if (spans_cover(&t->covered, from, b->timestamp_ms))
		return LINK_UNBROKEN;
	open = spans_run_end(&t->covered, from);
	ended = interval_end(t->interval, interval_floor(t->interval, open));
	return ended > b->fetched_ms - FINAL_MS - t->interval->nominal_ms - LATE_MS
		       ? LINK_PROVISIONAL
		       : LINK_BROKEN;
}

/* Finds what the bar's surroundings are. */
static void relink(struct timeline *t, size_t i)
{
	struct bar *b = &t->bars[i], before = *b;

	b->is_final = (unsigned char)spans_cover(&t->covered, b->timestamp_ms, end_of(t, b));
	if (i > 0)
		b->link = link_between(t, b - 1, b);
	else if (t->is_whole)
		b->link = LINK_BROKEN;
	/* (What was covered before the first bar is forgotten with the bars.) */
	b->day_known = (b->link == LINK_BROKEN || i == 0) &&
		       (spans_cover(&t->covered, kind_day_of(b->timestamp_ms), b->timestamp_ms) ||
			(i == 0 && !t->is_whole && before.day_known));
	if (b->is_final != before.is_final || b->link != before.link ||
	    b->day_known != before.day_known)
		timeline_touch(t, i);
}

/* Another bar in the place of one: its surroundings are the same. */
static void replace(struct bar *b, struct bar by)
{
	by.link = b->link;
	by.is_final = b->is_final;
	by.day_known = b->day_known;
	*b = by;
}

/* ---------------------------------------------------------------- intervals without trades */

static struct bar carried_from(const struct bar *a, int64_t ts)
{
	return (struct bar){.timestamp_ms = ts,
			    .open = a->close,
			    .high = a->close,
			    .low = a->close,
			    .close = a->close,
			    .revision = -1, /* any candle wins */
			    .is_carried = 1};
}

/* The first interval behind bars[i] that is to be filled; INT64_MAX: none is. */
static int64_t fill_from(const struct timeline *t, size_t i)
{
	int64_t from = end_of(t, &t->bars[i]), to;

	if (!spans_cover(&t->covered, from, interval_end(t->interval, from)))
		return INT64_MAX;
	to = interval_floor(t->interval, spans_run_end(&t->covered, from));
	if (i + 1 < t->n && t->bars[i + 1].timestamp_ms < to)
		to = t->bars[i + 1].timestamp_ms;
	return from < to ? from : INT64_MAX;
}

/* Behind bars[i] and those up to `to`, and behind what is carried from them: fills what is covered
 * and has no bar, and brings carried prices up to date. */
static void fill(struct timeline *t, size_t i, int64_t to)
{
	for (; t->fill != FILL_NONE && i < t->n; i++) {
		struct bar *next = &t->bars[i + 1], carried;
		int64_t from;

		if (t->bars[i].timestamp_ms > to && !t->bars[i].is_carried)
			return;
		from = fill_from(t, i);
		if (from != INT64_MAX) {
			carried = carried_from(&t->bars[i], from);
			insert(t, i + 1, &carried, 0);
			relink(t, i + 1);
			if (i + 2 < t->n)
				relink(t, i + 2);
		} else if (i + 1 < t->n && next->is_carried && next->close != t->bars[i].close) {
			replace(next, carried_from(&t->bars[i], next->timestamp_ms));
			timeline_touch(t, i + 1);
		}
	}
}

/* ---------------------------------------------------------------- messages */

/* message_compare(), of doubles: those that are alike there give the same values here. */
static int wins(const struct bar *a, const struct bar *b)
{
	if (a->revision != b->revision)
		return a->revision > b->revision;
	if (a->fetched_ms != b->fetched_ms)
		return a->fetched_ms > b->fetched_ms;
	if (a->volume != b->volume)
		return a->volume > b->volume;
	return a->quote_volume > b->quote_volume;
}

static int same_values(const struct bar *a, const struct bar *b)
{
	return a->open == b->open && a->high == b->high && a->low == b->low &&
	       a->close == b->close && a->volume == b->volume &&
	       a->quote_volume == b->quote_volume && a->is_carried == b->is_carried;
}

/* As in the table, where a final row is not written again for its own values and revision: what
 * follows from its fetched_ms must not depend on who saw it come again. */
static int stays(const struct timeline *t, const struct bar *b, const struct bar *bar)
{
	return bar->revision == b->revision && b->fetched_ms >= end_of(t, b) + FINAL_MS &&
	       same_values(bar, b);
}

static void update(struct timeline *t, size_t i, const struct bar *bar)
{
	struct bar *b = &t->bars[i], before = *b;

	if (!wins(bar, b) || stays(t, b, bar))
		return;
	replace(b, *bar);
	if (!same_values(b, &before))
		timeline_touch(t, i);
	relink(t, i);
}

static void put(struct timeline *t, const struct timeline_input *in)
{
	int64_t ts = in->bar.timestamp_ms;
	size_t i = BY_TIME(t->bars, t->n, ts);

	if (i < t->n && t->bars[i].timestamp_ms == ts) {
		update(t, i, &in->bar);
	} else {
		insert(t, i, &in->bar, in->is_fresh ? 1 : 0);
		relink(t, i);
		if (i + 1 < t->n)
			relink(t, i + 1);
	}
	fill(t, i, ts);
}

/* The bars whose surroundings a promise can change: in it, and the first one behind it. */
static void promise(struct timeline *t, int64_t from, int64_t to, int64_t floor_ms)
{
	if (!t->is_whole && t->n > 0 && from < t->bars[0].timestamp_ms)
		from = t->bars[0].timestamp_ms;
	if (spans_cover(&t->covered, from, to))
		return;
	spans_add(&t->covered, from, to);
	for (size_t i = BY_TIME(t->bars, t->n, from); i < t->n; i++) {
		relink(t, i);
		if (t->bars[i].timestamp_ms >= to)
			break;
	}
	if (t->n > 0) {
		size_t i = BY_TIME(t->bars, t->n, from), floor = BY_TIME(t->bars, t->n, floor_ms);

		i = i > 0 ? i - 1 : 0;
		fill(t, i > floor ? i : floor, to);
	}
}

/* What the message may have changed when it came first. */
static void touch_again(struct timeline *t, const struct timeline_input *in)
{
	int64_t ts = in->bar.timestamp_ms;
	size_t from = BY_TIME(t->bars, t->n, in->covers_from_ms < ts ? in->covers_from_ms : ts);
	size_t to = BY_TIME(t->bars, t->n, in->covers_to_ms > ts ? in->covers_to_ms : ts);

	if (t->n == 0)
		return;
	timeline_touch(t, from < t->n ? from : t->n - 1);
	timeline_touch(t, to < t->n ? to : t->n - 1);
}

void timeline_apply(struct timeline *t, const struct timeline_input *in, int64_t floor_ms)
{
	timeline_as_of_at_least(t, in->bar.fetched_ms);
	if (in->bar.timestamp_ms >= floor_ms)
		put(t, in);
	if (in->covers_to_ms > in->covers_from_ms)
		promise(t, in->covers_from_ms, in->covers_to_ms, floor_ms);
	if (in->is_again)
		touch_again(t, in);
}

/* ---------------------------------------------------------------- from the table */

static void append(struct timeline *t, const struct bar *bar)
{
	timeline_as_of_at_least(t, bar->fetched_ms);
	insert(t, t->n, bar, 0);
	relink(t, t->n - 1);
	if (t->n > 1)
		fill(t, t->n - 2, bar->timestamp_ms - 1);
}

void timeline_append(struct timeline *t, const struct spans *covered, const struct bar *bars,
		     size_t n, int is_behind)
{
	if (is_behind)
		t->is_whole = 0;
	spans_union(&t->covered, covered);
	if (t->n > 0)
		relink(t, t->n - 1);
	for (size_t i = 0; i < n; i++)
		append(t, &bars[i]);
	if (t->n > 0)
		fill(t, t->n - 1, INT64_MAX);
}

void timeline_drop(struct timeline *t, size_t n)
{
	size_t k = t->slots_n;

	if (n == 0)
		return;
	t->n -= n;
	memmove(t->bars, t->bars + n, t->n * sizeof *t->bars);
	memmove(t->slots, t->slots + n * k, t->n * k * sizeof *t->slots);
	t->dirty_from = t->dirty_from > n ? t->dirty_from - n : 0;
	t->dirty_to = t->dirty_to > n ? t->dirty_to - n : 0;
	t->is_whole = 0;
	if (t->n > 0)
		spans_remove(&t->covered, INT64_MIN, t->bars[0].timestamp_ms);
	if (t->cap > 2 * t->n + 2 * GROW_BARS) /* a long stretch without trades was carried */
		set_room(t, t->n + t->n / 8 + GROW_BARS);
}

void timeline_replace(struct timeline *t, size_t n, const struct timeline *by, size_t by_n)
{
	timeline_drop(t, n);
	make_room(t, 0, by_n);
	memcpy(t->bars, by->bars + (by->n - by_n), by_n * sizeof *t->bars);
	memset(t->slots, 0, by_n * t->slots_n * sizeof *t->slots);
	spans_union(&t->covered, &by->covered);
	if (by_n > 0)
		spans_remove(&t->covered, INT64_MIN, t->bars[0].timestamp_ms);
	if (by_n < t->n)
		relink(t, by_n);
	if (by_n > 0)
		fill(t, by_n - 1, t->bars[by_n - 1].timestamp_ms);
}
