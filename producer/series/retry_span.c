/* SPDX-License-Identifier: MIT */
#include "producer/series/retry_span.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"

enum {
	STUCK_TIMES = 3,
	PAUSE_FIRST_MS = 1000,
	PAUSE_GROWS_FROM = 3, /* failures in a row */
	PAUSE_GROWN_MS = 60 * 1000,
	ODD_MAX_MS = 10 * 1000,
	ODD_PAGES = 30, /* after which the pauses are no short ones any more */
	/* intervals beyond the span: half a page where each has a row, and a quiet time that goes
	 * on beyond it is seldom longer */
	ODD_ANCHOR = 100
};

int64_t retry_pause_ms(int fails, int64_t max_ms)
{
	int64_t first_ms = fails < PAUSE_GROWS_FROM ? PAUSE_FIRST_MS * fails : PAUSE_GROWN_MS;

	return backoff_doubled_ms(first_ms, fails - PAUSE_GROWS_FROM, max_ms);
}

void retry_spans_release(struct retry_spans *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i].odd);
	free(h->v);
	*h = (struct retry_spans){0};
}

static void remove_at(struct retry_spans *h, size_t at)
{
	h->n--;
	memmove(h->v + at, h->v + at + 1, (h->n - at) * sizeof *h->v);
}

/* Of two that are next to each other, those with the least time between become one. */
static void join_nearest(struct retry_spans *h)
{
	size_t best = 0;

	for (size_t i = 1; i + 1 < h->n; i++)
		if (h->v[i + 1].from_ms - h->v[i].to_ms < h->v[best + 1].from_ms - h->v[best].to_ms)
			best = i;
	if (h->v[best + 1].to_ms > h->v[best].to_ms)
		h->v[best].to_ms = h->v[best + 1].to_ms;
	if (h->v[best + 1].times > h->v[best].times)
		h->v[best].times = h->v[best + 1].times;
	free(h->v[best + 1].odd);
	remove_at(h, best + 1);
}

/* The one that the span belongs to, which has its bounds then. */
static struct retry_span *get(struct retry_spans *h, int is_row, int64_t from_ms, int64_t to_ms)
{
	struct retry_span fresh = {.from_ms = from_ms, .to_ms = to_ms, .is_row = is_row};
	size_t at = 0;

	for (size_t i = 0; i < h->n; i++) {
		if (h->v[i].is_row != is_row || h->v[i].from_ms >= to_ms ||
		    from_ms >= h->v[i].to_ms)
			continue;
		fresh = h->v[i];
		fresh.from_ms = from_ms;
		fresh.to_ms = to_ms;
		remove_at(h, i);
		break;
	}
	if (h->n == RETRY_SPANS_MAX)
		join_nearest(h);
	GROW(h->v, h->n, h->cap);
	while (at < h->n && h->v[at].from_ms < from_ms)
		at++;
	memmove(h->v + at + 1, h->v + at, (h->n - at) * sizeof *h->v);
	h->n++;
	h->v[at] = fresh;
	return &h->v[at];
}

static void failed(const struct retry_spans *h, struct retry_span *span, int64_t boot_ms)
{
	int64_t most = RETRY_MAX_MS * (int64_t)(1 + (h->n - 1) / RETRY_FEW);

	span->times++;
	span->until_boot_ms = boot_ms + retry_pause_ms(span->times, most);
}

void retry_spans_rejected(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms)
{
	failed(h, get(h, 0, from_ms, to_ms), boot_ms);
}

int retry_spans_odd(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t row_ms,
		    int64_t read_ms, int64_t apart_ms, int64_t boot_ms)
{
	struct retry_span *span = get(h, 0, from_ms, to_ms);
	struct odd_end *odd = span->odd;

	if (!odd) {
		odd = span->odd = xcalloc(1, sizeof *odd);
		odd->anchor.at = ODD_ANCHOR;
	} else {
		anchor_too_near(&odd->anchor);
	}
	if (odd->row_ms != row_ms)
		odd->said = (struct witness){0};
	odd->row_ms = row_ms;
	witness_note(&odd->said, read_ms);
	odd->pages++;
	span->until_boot_ms =
		boot_ms + (odd->pages > ODD_PAGES ? PAUSE_GROWN_MS
						  : backoff_doubled_ms(PAUSE_FIRST_MS,
								       odd->pages - 1, ODD_MAX_MS));
	return witness_agree(&odd->said, apart_ms);
}

static struct retry_span *odd_at(const struct retry_spans *h, int64_t to_ms)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].odd && h->v[i].to_ms == to_ms)
			return &h->v[i];
	return NULL;
}

int64_t retry_spans_anchor(const struct retry_spans *h, int64_t to_ms)
{
	const struct retry_span *span = odd_at(h, to_ms);

	return span ? span->odd->anchor.at : 0;
}

void retry_spans_too_far(struct retry_spans *h, int64_t to_ms)
{
	struct retry_span *span = odd_at(h, to_ms);

	if (!span)
		return;
	anchor_too_far(&span->odd->anchor);
	span->until_boot_ms = 0;
}

void retry_spans_bad_row(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms)
{
	struct retry_span *span = get(h, 1, from_ms, to_ms);

	/* A page that was asked for something else may show it again and again. */
	if (boot_ms >= span->until_boot_ms)
		failed(h, span, boot_ms);
}

void retry_spans_drop(struct retry_spans *h, int64_t from_ms, int64_t to_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].is_row || h->v[i].to_ms <= from_ms || to_ms <= h->v[i].from_ms)
			h->v[kept++] = h->v[i];
		else
			free(h->v[i].odd);
	h->n = kept;
}

void retry_spans_known(struct retry_spans *h, const struct spans *known)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (!spans_cover(known, h->v[i].from_ms, h->v[i].to_ms))
			h->v[kept++] = h->v[i];
		else
			free(h->v[i].odd);
	h->n = kept;
}

size_t retry_spans_count(const struct retry_spans *h, int is_row)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += h->v[i].is_row == is_row;
	return n;
}

int retry_spans_are_stuck(const struct retry_spans *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].times >= STUCK_TIMES)
			return 1;
	return 0;
}

void retry_spans_subtract(const struct retry_spans *h, int64_t boot_ms, struct spans *from)
{
	for (size_t i = 0; i < h->n; i++)
		if (boot_ms < h->v[i].until_boot_ms)
			spans_remove(from, h->v[i].from_ms, h->v[i].to_ms);
}

void retry_spans_validity(const struct retry_spans *h, int64_t boot_ms, struct validity *v)
{
	for (size_t i = 0; i < h->n; i++)
		validity_boot_edge(v, h->v[i].until_boot_ms, boot_ms);
}
