/* SPDX-License-Identifier: MIT */
/* Spans that the exchange answers badly (rejected pages), and the span of which it says with an
 * empty page that it has nothing: asked for again after growing pauses, while everything else goes
 * on. Pure. */
#ifndef GAPLESS_RETRY_SPAN_H
#define GAPLESS_RETRY_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include "common/spans.h"

enum {
	EMPTY_AGAIN_MS = 60 * 1000,      /* an empty page counts only twice, this far apart */
	RETRY_MAX_MS = 24 * 3600 * 1000, /* the longest pause after rejected pages */
	RETRY_SPANS = 8                  /* of a series; the one that is asked for next gives way */
};

struct retry_span { /* times == 0: none */
	int64_t from_ms, to_ms;
	int times;             /* bad answers in a row */
	int64_t first_boot_ms; /* when the first of them came */
	int64_t until_boot_ms; /* not asked for before */
};

struct retry_spans {                      /* all zero: none */
	struct retry_span v[RETRY_SPANS]; /* rejected */
	size_t n;
	struct retry_span empty;
};

/* The page for that span was rejected: 1 s, 2 s, then 1 min, doubling to RETRY_MAX_MS. */
void retry_spans_rejected(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms);
/* The page before to_ms was empty, which speaks of [from_ms, to_ms): all of it waits for a minute,
 * then longer and longer. 1 if the same page was empty twice, EMPTY_AGAIN_MS apart. Of several
 * that were asked for side by side, the one with the greatest to_ms speaks for all. */
int retry_spans_empty(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms);
/* The span was answered well. */
void retry_spans_drop(struct retry_spans *h, int64_t from_ms, int64_t to_ms);
/* A page showed a candle there: what was said of a span after it was wrong. INT64_MIN: all is
 * settled. */
void retry_spans_not_empty(struct retry_spans *h, int64_t timestamp_ms);
/* What is known by now, however it came, is no longer asked for. */
void retry_spans_known(struct retry_spans *h, const struct spans *known);
/* 1 if there is a span that waits. */
int retry_spans_any(const struct retry_spans *h);
/* 1 if something was answered badly three times in a row or more: waiting alone will hardly mend
 * it. */
int retry_spans_are_stuck(const struct retry_spans *h);
/* Takes what is not to be asked for yet out of the set. */
void retry_spans_subtract(const struct retry_spans *h, int64_t boot_ms, struct spans *from);
/* The pause after that many failures in a row, at most max_ms. */
int64_t retry_pause_ms(int fails, int64_t max_ms);

#endif
