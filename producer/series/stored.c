/* SPDX-License-Identifier: MIT */
#include "producer/series/stored.h"

#include <stdlib.h>

#include "common/base/alloc.h"

static int by_timestamp(const void *a, const void *b)
{
	int64_t x = ((const struct stored_row *)a)->timestamp_ms,
		y = ((const struct stored_row *)b)->timestamp_ms;

	return (x > y) - (x < y);
}

void stored_add(struct stored *s, const struct stored_row *row)
{
	if ((s->n & (s->n - 1)) == 0)
		s->v = xreallocarray(s->v, s->n ? s->n * 2 : 1, sizeof *s->v);
	s->v[s->n++] = *row;
}

void stored_sort(struct stored *s)
{
	if (s->n > 0)
		qsort(s->v, s->n, sizeof *s->v, by_timestamp);
}

void stored_release(struct stored *s)
{
	free(s->v);
	*s = (struct stored){0};
}
