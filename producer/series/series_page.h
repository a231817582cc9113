/* SPDX-License-Identifier: MIT */
/* What an answer means to its series: which rows are published, with which promise, and what is
 * learned where there are none. Pure. */
#ifndef GAPLESS_SERIES_PAGE_H
#define GAPLESS_SERIES_PAGE_H

#include "producer/exchange/page.h"
#include "producer/series/series_ask.h"

/* One candle to publish. `covers_to_ms - covers_from_ms == 0`: provisional. */
struct publication {
	struct candle candle;
	int64_t covers_from_ms, covers_to_ms;
	enum origin origin;
};

struct publications {
	struct publication *v;
	size_t n, cap;
};

void publications_release(struct publications *p);

/* The page that answers the request, read at read_ms: adds to *out what is to be published, oldest
 * first, and counts it as in flight. The caller must publish all of it, or call series_failed. */
void series_page(struct series *s, const struct request *r, const struct page *page,
		 int64_t read_ms, int64_t boot_ms, struct publications *out);
/* The answer was rejected (or the request was refused), why; the pause grows. */
void series_rejected(struct series *s, const struct request *r, const char *cause, int64_t boot_ms);
/* There was no answer at all, or one that says nothing about this series (5xx): a short pause,
 * nothing learned. */
void series_unanswered(struct series *s, int64_t boot_ms);

#endif
