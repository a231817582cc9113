/* SPDX-License-Identifier: MIT */
#include "overlay.h"

#include "series.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct overlay_entry {
	struct row row;
	int64_t at_ms;
	enum overlay_change change;
};

void overlay_release(struct overlay *o)
{
	free(o->at);
	memset(o, 0, sizeof(*o));
}

static int compare(const struct overlay_entry *e, const struct market *m, enum interval iv,
		   int64_t start_ms, int64_t at_ms)
{
	if (e->row.market != m)
		return e->row.market->index < m->index ? -1 : 1;
	if (e->row.interval != iv)
		return e->row.interval < iv ? -1 : 1;
	if (e->row.start_ms != start_ms)
		return e->row.start_ms < start_ms ? -1 : 1;
	return e->at_ms < at_ms ? -1 : e->at_ms > at_ms;
}

/* Index of the first entry that is not smaller. */
static size_t lower(const struct overlay *o, const struct market *m, enum interval iv,
		    int64_t start_ms, int64_t at_ms)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(&o->at[middle], m, iv, start_ms, at_ms) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool same_series(const struct overlay_entry *e, const struct market *m, enum interval iv)
{
	return e->row.market == m && e->row.interval == iv;
}

void overlay_add(struct overlay *o, const struct row *row, int64_t at_ms,
		 enum overlay_change change)
{
	size_t i = lower(o, row->market, row->interval, row->start_ms, at_ms);

	if (i == o->n ||
	    compare(&o->at[i], row->market, row->interval, row->start_ms, at_ms) != 0) {
		if (o->n == o->room) {
			o->room = o->room ? 2 * o->room : 16;
			o->at = room_grow(o->at, o->room, sizeof(*o->at));
		}
		memmove(&o->at[i + 1], &o->at[i], (o->n - i) * sizeof(*o->at));
		o->n++;
	}
	o->at[i] = (struct overlay_entry){.row = *row, .at_ms = at_ms, .change = change};
}

enum overlay_verdict overlay_apply(const struct overlay *o, const struct market *m,
				   enum interval iv, int64_t start_ms, int64_t now_ms,
				   struct row *row)
{
	enum overlay_verdict verdict = OVERLAY_NONE;

	for (size_t i = lower(o, m, iv, start_ms, INT64_MIN); i < o->n; i++) {
		const struct overlay_entry *e = &o->at[i];

		if (!same_series(e, m, iv) || e->row.start_ms != start_ms)
			break;
		if (e->at_ms <= now_ms) {
			*row = e->row;
			verdict = e->change == OVERLAY_WITHDRAWS ? OVERLAY_HIDDEN : OVERLAY_SHOWN;
		} else if (e->change == OVERLAY_IS_LATE && verdict == OVERLAY_NONE) {
			verdict = OVERLAY_HIDDEN;
		}
	}
	return verdict;
}

bool overlay_before(const struct overlay *o, const struct market *m, enum interval iv,
		    int64_t before_ms, int64_t *start_ms)
{
	size_t i = lower(o, m, iv, before_ms, INT64_MIN);

	if (i == 0 || !same_series(&o->at[i - 1], m, iv))
		return false;
	*start_ms = o->at[i - 1].row.start_ms;
	return true;
}

bool overlay_from(const struct overlay *o, const struct market *m, enum interval iv,
		  int64_t from_ms, int64_t *start_ms)
{
	size_t i = lower(o, m, iv, from_ms, INT64_MIN);

	if (i == o->n || !same_series(&o->at[i], m, iv))
		return false;
	*start_ms = o->at[i].row.start_ms;
	return true;
}
