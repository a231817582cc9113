/* SPDX-License-Identifier: MIT */
#include "producer/series/reading.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/least.h"
#include "common/candle/by_time.h"
#include "producer/series/promise.h"

void reading_init(struct reading *r, const struct page *page, const struct interval *iv,
		  int64_t before_ms, int64_t read_ms)
{
	*r = (struct reading){.iv = iv,
			      .read_ms = read_ms,
			      .before_ms = before_ms,
			      .final_before_ms = promise_final_before(iv, read_ms),
			      .n = page->n,
			      .cap = page->n + 1};
	r->rows = xcalloc(r->cap, sizeof *r->rows);
	if (page->n > 0)
		memcpy(r->rows, page->rows, page->n * sizeof *r->rows);
	spans_copy(&r->holes, &page->holes);
}

void reading_release(struct reading *r)
{
	free(r->rows);
	spans_release(&r->holes);
	*r = (struct reading){0};
}

struct candle *reading_row(const struct reading *r, int64_t timestamp_ms)
{
	size_t at = BY_TIME(r->rows, r->n, timestamp_ms);

	return at < r->n && r->rows[at].timestamp_ms == timestamp_ms ? &r->rows[at] : NULL;
}

static void insert(struct reading *r, const struct candle *row)
{
	size_t at = BY_TIME(r->rows, r->n, row->timestamp_ms);

	GROW(r->rows, r->n, r->cap);
	memmove(r->rows + at + 1, r->rows + at, (r->n - at) * sizeof *r->rows);
	r->rows[at] = *row;
	r->n++;
}

static void judge(struct reading *r, struct sighting *x)
{
	struct candle *row = reading_row(r, x->timestamp_ms);

	switch (sighting_judge(x, row, r->read_ms)) {
	case JUDGED_SO:
		break;
	case JUDGED_DOUBTFUL:
		spans_add(&r->holes, x->timestamp_ms, interval_end(r->iv, x->timestamp_ms));
		break;
	case JUDGED_GREATEST:
		if (x->candle && row)
			*row = *x->candle;
		else if (x->candle)
			insert(r, x->candle);
		break;
	}
}

void reading_judge(struct reading *r, struct sightings *sightings, const struct spans *known)
{
	int64_t from = r->n > 0 ? r->rows[0].timestamp_ms : INT64_MAX;
	int64_t to = least(r->before_ms, r->final_before_ms);

	for (size_t i = 0; i < sightings->n; i++) {
		struct sighting *x = &sightings->v[i];
		int64_t at = x->timestamp_ms;

		if (at < from || at >= to || spans_contain(&r->holes, at))
			continue;
		if (!spans_contain(known, at) || sighting_is_due_again(x, r->read_ms))
			judge(r, x);
		else if (sighting_is_less(x, reading_row(r, at))) {
			spans_add(&r->holes, at, interval_end(r->iv, at));
			if (!x->candle && reading_row(r, at))
				sighting_ask_again(x, r->read_ms);
		}
	}
}
