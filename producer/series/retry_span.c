/* SPDX-License-Identifier: MIT */
#include "producer/series/retry_span.h"

enum {
	HOPELESS_TIMES = 3,
	PAUSE_FIRST_MS = 1000,
	PAUSE_GROWS_FROM = 3, /* failures in a row */
	PAUSE_GROWN_MS = 60 * 1000
};

int64_t retry_pause_ms(int fails, int64_t max_ms)
{
	int64_t pause = fails < PAUSE_GROWS_FROM ? (int64_t)PAUSE_FIRST_MS * fails : PAUSE_GROWN_MS;

	for (int i = PAUSE_GROWS_FROM; i < fails && pause < max_ms; i++)
		pause *= 2;
	return pause < max_ms ? pause : max_ms;
}

static struct retry_span *find(struct retry_spans *h, int64_t from_ms, int64_t to_ms)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].from_ms < to_ms && from_ms < h->v[i].to_ms)
			return &h->v[i];
	return NULL;
}

static struct retry_span *get(struct retry_spans *h, int64_t from_ms, int64_t to_ms)
{
	struct retry_span *span = find(h, from_ms, to_ms);

	if (!span && h->n < RETRY_SPANS) {
		span = &h->v[h->n++];
		*span = (struct retry_span){0};
	} else if (!span) {
		span = &h->v[0];
		for (size_t i = 1; i < h->n; i++)
			if (h->v[i].until_boot_ms < span->until_boot_ms)
				span = &h->v[i];
		*span = (struct retry_span){0};
	}
	span->from_ms = from_ms;
	span->to_ms = to_ms;
	return span;
}

void retry_spans_rejected(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms)
{
	struct retry_span *span = get(h, from_ms, to_ms);

	span->times++;
	span->until_boot_ms = boot_ms + retry_pause_ms(span->times, RETRY_MAX_MS);
}

int retry_spans_empty(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms)
{
	struct retry_span *e = &h->empty;
	int64_t pause;

	if (e->times > 0 && from_ms > e->from_ms)
		from_ms = e->from_ms;
	if (e->times > 0 && to_ms < e->to_ms) {
		e->from_ms = from_ms;
		if (e->until_boot_ms <= boot_ms)
			e->until_boot_ms = boot_ms + EMPTY_AGAIN_MS;
		return 0;
	}
	if (e->times == 0 || to_ms != e->to_ms)
		*e = (struct retry_span){.to_ms = to_ms, .first_boot_ms = boot_ms};
	e->from_ms = from_ms;
	e->times++;
	pause = retry_pause_ms(e->times - 1, RETRY_MAX_MS);
	e->until_boot_ms = boot_ms + (pause > EMPTY_AGAIN_MS ? pause : EMPTY_AGAIN_MS);
	return boot_ms - e->first_boot_ms >= EMPTY_AGAIN_MS;
}

void retry_spans_not_empty(struct retry_spans *h, int64_t timestamp_ms)
{
	if (timestamp_ms < h->empty.to_ms)
		h->empty = (struct retry_span){0};
}

void retry_spans_known(struct retry_spans *h, const struct spans *known)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (!spans_cover(known, h->v[i].from_ms, h->v[i].to_ms))
			h->v[kept++] = h->v[i];
	h->n = kept;
	if (h->empty.times > 0 && spans_contain(known, h->empty.to_ms - 1))
		h->empty = (struct retry_span){0};
}

int retry_spans_any(const struct retry_spans *h)
{
	return h->n > 0 || h->empty.times > 0;
}

void retry_spans_drop(struct retry_spans *h, int64_t from_ms, int64_t to_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].to_ms <= from_ms || to_ms <= h->v[i].from_ms)
			h->v[kept++] = h->v[i];
	h->n = kept;
}

int retry_spans_are_stuck(const struct retry_spans *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].times >= HOPELESS_TIMES)
			return 1;
	return h->empty.times >= HOPELESS_TIMES;
}

void retry_spans_subtract(const struct retry_spans *h, int64_t boot_ms, struct spans *from)
{
	for (size_t i = 0; i < h->n; i++)
		if (boot_ms < h->v[i].until_boot_ms)
			spans_remove(from, h->v[i].from_ms, h->v[i].to_ms);
	if (h->empty.times > 0 && boot_ms < h->empty.until_boot_ms)
		spans_remove(from, h->empty.from_ms, h->empty.to_ms);
}
