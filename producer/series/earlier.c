/* SPDX-License-Identifier: MIT */
#include "producer/series/earlier.h"

#include "common/base/least.h"

enum { FIRST = 200 /* intervals */, GROWS = 8 /* times */ };

void earlier_begin(struct earlier *e, const struct interval *iv, int64_t until_ms)
{
	until_ms = interval_ceil(iv, until_ms);
	*e = (struct earlier){.from_ms = interval_add(iv, until_ms, -FIRST), .until_ms = until_ms};
}

void earlier_end(struct earlier *e)
{
	*e = (struct earlier){0};
}

void earlier_is_gone(struct earlier *e)
{
	e->is_other = 1;
}

int earlier_is_in_doubt(const struct earlier *e)
{
	return e->until_ms != 0;
}

void earlier_add(const struct earlier *e, struct spans *to)
{
	if (earlier_is_in_doubt(e))
		spans_add(to, e->from_ms, e->until_ms);
}

/* Rows between that both have, with the same revision; *n: all that one of them has. */
static size_t alike(const struct reading *r, const struct sightings *stored, int64_t from_ms,
		    int64_t to_ms, size_t *n)
{
	size_t same = 0;

	*n = 0;
	for (size_t i = 0; i < r->n; i++) {
		int64_t at = r->rows[i].timestamp_ms;

		*n += at >= from_ms && at < to_ms;
	}
	for (size_t i = 0; i < stored->n; i++) {
		const struct sighting *x = &stored->v[i];
		const struct candle *row = reading_row(r, x->timestamp_ms);

		if (x->timestamp_ms < from_ms || x->timestamp_ms >= to_ms)
			continue;
		same += row && row->revision == x->revision;
		*n += !row;
	}
	return same;
}

int earlier_compare(struct earlier *e, const struct reading *r, const struct sightings *stored,
		    const struct spans *untold, int64_t known_from_ms, int64_t wanted_from_ms)
{
	int64_t from_ms, to_ms;
	size_t n, same;

	if (r->n == 0)
		return 0;
	from_ms = greatest(greatest(e->from_ms, wanted_from_ms), r->rows[0].timestamp_ms);
	to_ms = least(e->until_ms, r->before_ms);
	if (from_ms >= e->until_ms || to_ms < e->until_ms || spans_meet(untold, from_ms, to_ms))
		return 0;
	same = alike(r, stored, from_ms, to_ms, &n);
	if (n > 0 && 2 * same < n)
		e->is_other = 1;
	else if (n > 0 || e->from_ms <= greatest(known_from_ms, wanted_from_ms))
		earlier_end(e);
	else
		e->from_ms = interval_add(r->iv, e->until_ms,
					  -GROWS * interval_count(r->iv, e->from_ms, e->until_ms));
	return 1;
}
