/* SPDX-License-Identifier: MIT */
#include "producer/series/provisional.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

void provisionals_release(struct provisionals *p)
{
	free(p->v);
	*p = (struct provisionals){0};
}

static void remove_at(struct provisionals *p, size_t at, size_t n)
{
	p->n -= n;
	memmove(p->v + at, p->v + at + n, (p->n - at) * sizeof *p->v);
}

/* The first that does not start before the time. */
static size_t place_of(const struct provisionals *p, int64_t timestamp_ms)
{
	size_t at = p->n;

	while (at > 0 && p->v[at - 1].timestamp_ms >= timestamp_ms)
		at--;
	return at;
}

int provisionals_note(struct provisionals *p, const struct candle *row)
{
	size_t at = place_of(p, row->timestamp_ms);

	if (at < p->n && p->v[at].timestamp_ms == row->timestamp_ms) {
		int same = p->v[at].revision == row->revision && candle_same_values(&p->v[at], row);

		p->v[at] = *row;
		return !same;
	}
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 8;
		p->v = xreallocarray(p->v, p->cap, sizeof *p->v);
	}
	memmove(p->v + at + 1, p->v + at, (p->n - at) * sizeof *p->v);
	p->v[at] = *row;
	p->n++;
	return 1;
}

void provisionals_forget(struct provisionals *p, int64_t timestamp_ms)
{
	size_t at = place_of(p, timestamp_ms);

	if (at < p->n && p->v[at].timestamp_ms == timestamp_ms)
		remove_at(p, at, 1);
}

void provisionals_drop_before(struct provisionals *p, int64_t before_ms)
{
	size_t gone = place_of(p, before_ms);

	if (gone > 0)
		remove_at(p, 0, gone);
}
