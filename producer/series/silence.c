/* SPDX-License-Identifier: MIT */
#include "producer/series/silence.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/least.h"

enum {
	SHORT = 5,    /* intervals without a row that tell nothing */
	ROWS_MIN = 30 /* of a page that tells how full it is */
};

/* Where rows are in less than four of five intervals, quiet hours are usual. */
static const double empty_max = 0.2;
/* So improbable it has to be, if rows came independently of each other (which they don't quite). */
static const double unlikely = 1e-12;

void silences_release(struct silences *s)
{
	free(s->v);
	*s = (struct silences){0};
}

static void remove_at(struct silences *s, size_t at)
{
	s->v[at] = s->v[--s->n];
}

/* The end of what the reading shows behind its row i. */
static int64_t next_row_ms(const struct reading *r, size_t i, int has_end)
{
	if (i + 1 < r->n)
		return least(r->rows[i + 1].timestamp_ms, r->final_before_ms);
	return has_end ? least(r->before_ms, r->final_before_ms) : INT64_MIN;
}

/* How likely an interval of the page is without a row, long stretches of them left out. */
static double empty_share(const struct reading *r)
{
	double empty = 0;

	for (size_t i = 0; i + 1 < r->n; i++) {
		int64_t n = interval_count(r->iv, interval_end(r->iv, r->rows[i].timestamp_ms),
					   r->rows[i + 1].timestamp_ms);

		empty += n <= SHORT ? (double)n : 0;
	}
	return (empty + 1) / ((double)r->n + empty + 2);
}

static int is_unlikely(double share, int64_t intervals)
{
	double p = 1;

	if (intervals <= SHORT)
		return 0;
	for (; intervals > 0 && p >= unlikely; intervals--)
		p *= share;
	return p < unlikely;
}

static void drop_what_is_told(struct silences *s, const struct reading *r,
			      const struct spans *known)
{
	for (size_t i = s->n; i-- > 0;) {
		int is_told = spans_cover(known, s->v[i].from_ms, s->v[i].to_ms);

		for (size_t k = 0; k < r->n && !is_told; k++)
			is_told = r->rows[k].timestamp_ms >= s->v[i].from_ms &&
				  r->rows[k].timestamp_ms < s->v[i].to_ms;
		if (is_told)
			remove_at(s, i);
	}
}

/* Notes that the stretch was shown once more. 1 if it is to be believed. */
static int shown(struct silences *s, int64_t from_ms, int64_t to_ms, int64_t read_ms)
{
	size_t at = 0;
	struct silence *x;

	while (at < s->n && (s->v[at].to_ms <= from_ms || s->v[at].from_ms >= to_ms))
		at++;
	if (at == s->n && s->n == SILENCES_MAX)
		return 1;
	if (!s->v)
		s->v = xcalloc(SILENCES_MAX, sizeof *s->v);
	x = &s->v[at];
	if (at == s->n || from_ms < x->from_ms || to_ms > x->to_ms) {
		s->n += at == s->n;
		*x = (struct silence){from_ms, to_ms, read_ms, 1};
	} else if (read_ms < x->last_ms || read_ms - x->last_ms >= DOUBT_MS) {
		x->reads += read_ms > x->last_ms;
		x->last_ms = read_ms;
	}
	return x->reads >= SILENCE_READS;
}

void silences_judge(struct silences *s, struct reading *r, int has_end, const struct spans *known)
{
	double share;

	drop_what_is_told(s, r, known);
	if (r->n < ROWS_MIN)
		return;
	share = empty_share(r);
	if (share > empty_max)
		return;
	for (size_t i = 0; i < r->n; i++) {
		int64_t from = interval_end(r->iv, r->rows[i].timestamp_ms);
		int64_t to = next_row_ms(r, i, has_end);

		if (from < to && is_unlikely(share, interval_count(r->iv, from, to)) &&
		    !spans_cover(known, from, to) && !shown(s, from, to, r->read_ms))
			spans_add(&r->holes, from, to);
	}
}

static int is_doubtful(const struct silence *x)
{
	return x->reads < SILENCE_READS;
}

void silences_subtract(const struct silences *s, int64_t now_ms, struct spans *from)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct silence *x = &s->v[i];

		if (is_doubtful(x) && now_ms >= x->last_ms && now_ms - x->last_ms < DOUBT_MS)
			spans_remove(from, x->from_ms, x->to_ms);
	}
}

void silences_validity(const struct silences *s, int64_t now_ms, struct validity *v)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!is_doubtful(&s->v[i]))
			continue;
		validity_edge(v, s->v[i].last_ms, now_ms);
		validity_edge(v, s->v[i].last_ms + DOUBT_MS, now_ms);
	}
}
