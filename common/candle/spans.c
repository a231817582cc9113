/* SPDX-License-Identifier: MIT */
#include "common/candle/spans.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/least.h"

void spans_release(struct spans *s)
{
	free(s->v);
	*s = (struct spans){0};
}

void spans_clear(struct spans *s)
{
	s->n = 0;
}

void spans_swap(struct spans *a, struct spans *b)
{
	struct spans t = *a;

	*a = *b;
	*b = t;
}

static void reserve(struct spans *s, size_t n)
{
	if (n <= s->cap)
		return;
	s->cap = n > 2 * s->cap ? n : 2 * s->cap;
	if (s->cap < 8)
		s->cap = 8;
	s->v = xreallocarray(s->v, s->cap, sizeof *s->v);
}

/* Index of the first span that ends after `at` (it holds `at`, or is the next), n where there is
 * none. */
static size_t first_after(const struct spans *s, int64_t at)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->v[mid].to > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* Puts `with[0..n)` in the place of v[first..last). */
static void replace(struct spans *s, size_t first, size_t last, const struct span *with, size_t n)
{
	size_t tail = s->n - last;

	reserve(s, first + n + tail);
	if (tail && n != last - first)
		memmove(s->v + first + n, s->v + last, tail * sizeof *s->v);
	for (size_t i = 0; i < n; i++)
		s->v[first + i] = with[i];
	s->n = first + n + tail;
}

void spans_add(struct spans *s, int64_t from, int64_t to)
{
	struct span joined = {from, to};
	size_t first, last;

	if (to <= from)
		return;
	first = first_after(s, from);
	if (first > 0 && s->v[first - 1].to == from)
		first--;
	for (last = first; last < s->n && s->v[last].from <= to; last++)
		;
	if (last > first) {
		if (s->v[first].from < joined.from)
			joined.from = s->v[first].from;
		if (s->v[last - 1].to > joined.to)
			joined.to = s->v[last - 1].to;
	}
	replace(s, first, last, &joined, 1);
}

void spans_remove(struct spans *s, int64_t from, int64_t to)
{
	struct span kept[2];
	size_t first, last, n = 0;

	if (to <= from)
		return;
	first = first_after(s, from);
	for (last = first; last < s->n && s->v[last].from < to; last++)
		;
	if (last == first)
		return;
	if (s->v[first].from < from)
		kept[n++] = (struct span){s->v[first].from, from};
	if (s->v[last - 1].to > to)
		kept[n++] = (struct span){to, s->v[last - 1].to};
	replace(s, first, last, kept, n);
}

void spans_copy(struct spans *to, const struct spans *from)
{
	if (to == from)
		return;
	reserve(to, from->n);
	if (from->n)
		memcpy(to->v, from->v, from->n * sizeof *to->v);
	to->n = from->n;
}

/* Appends to a set under construction whose spans come in the order of their beginnings. */
static void append(struct spans *s, struct span next)
{
	struct span *last = s->n ? &s->v[s->n - 1] : NULL;

	if (last && next.from <= last->to) {
		if (next.to > last->to)
			last->to = next.to;
		return;
	}
	reserve(s, s->n + 1);
	s->v[s->n++] = next;
}

void spans_union(struct spans *s, const struct spans *other)
{
	struct spans merged = {0};
	size_t i = 0, j = 0;

	if (s == other || !other->n)
		return;
	if (other->n == 1) {
		spans_add(s, other->v[0].from, other->v[0].to);
		return;
	}
	reserve(&merged, s->n + other->n);
	while (i < s->n || j < other->n) {
		if (j == other->n || (i < s->n && s->v[i].from <= other->v[j].from))
			append(&merged, s->v[i++]);
		else
			append(&merged, other->v[j++]);
	}
	spans_swap(s, &merged);
	spans_release(&merged);
}

void spans_subtract(struct spans *s, const struct spans *other)
{
	struct spans rest = {0};
	size_t j = 0;

	if (s == other) {
		spans_clear(s);
		return;
	}
	if (!other->n || !s->n)
		return;
	reserve(&rest, s->n + other->n);
	for (size_t i = 0; i < s->n; i++) {
		int64_t at = s->v[i].from, to = s->v[i].to;

		while (j < other->n && other->v[j].to <= at)
			j++;
		for (size_t k = j; at < to; k++) {
			int64_t hole =
				k < other->n && other->v[k].from < to ? other->v[k].from : to;

			if (hole > at)
				append(&rest, (struct span){at, hole});
			at = hole < to ? other->v[k].to : to;
		}
	}
	spans_swap(s, &rest);
	spans_release(&rest);
}

void spans_clip(struct spans *s, int64_t from, int64_t to)
{
	size_t first, last;

	if (to <= from) {
		spans_clear(s);
		return;
	}
	last = first_after(s, to);
	if (last < s->n && s->v[last].from < to)
		s->v[last++].to = to;
	s->n = last;
	first = first_after(s, from);
	if (first < s->n && s->v[first].from < from)
		s->v[first].from = from;
	replace(s, 0, first, NULL, 0);
}

int spans_cover(const struct spans *s, int64_t from, int64_t to)
{
	return to <= from || spans_run_end(s, from) >= to;
}

int spans_contain(const struct spans *s, int64_t at)
{
	return spans_run_end(s, at) > at;
}

int spans_meet(const struct spans *s, int64_t from, int64_t to)
{
	size_t i = first_after(s, from);

	return i < s->n && greatest(s->v[i].from, from) < to;
}

int64_t spans_run_end(const struct spans *s, int64_t at)
{
	size_t i = first_after(s, at);

	return i < s->n && s->v[i].from <= at ? s->v[i].to : at;
}
