/* SPDX-License-Identifier: MIT */
/* Spans that the exchange answers badly, rejected pages, rows that are not candles, pages that end
 * long before what they were asked up to (tail.h): asked for again after growing pauses, while
 * everything else goes on. Pure. */
#ifndef GAPLESS_RETRY_SPAN_H
#define GAPLESS_RETRY_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include "common/candle/spans.h"
#include "producer/series/anchor.h"
#include "producer/series/validity.h"
#include "producer/series/witness.h"

enum {
	RETRY_MAX_MS = 10 * 60 * 1000, /* the longest pause, of up to RETRY_FEW of them */
	RETRY_FEW = 8,                 /* many more wait longer, in proportion */
	RETRY_CAUSE_BYTES = 160,       /* of a sentence that says why */
	RETRY_SPANS_MAX = 256          /* of a series; beyond them the nearest two become one */
};

/* Pages in a row that end before the span does; what the last ones said, all with the same row. */
struct odd_end {
	struct anchor anchor;
	int64_t row_ms;
	struct witness said;
	int pages;
};

struct retry_span {
	int64_t from_ms, to_ms;
	int is_row;            /* what a row costs; else what was asked for as a page */
	int times;             /* bad answers in a row */
	int64_t until_boot_ms; /* not asked for before */
	struct odd_end *odd;   /* owned; NULL: none of its pages was */
};

struct retry_spans { /* by from_ms; all zero: none */
	struct retry_span *v;
	size_t n, cap;
};

void retry_spans_release(struct retry_spans *h);
/* The page for that span was rejected: 1 s, 2 s, then 1 min, doubling to its end. */
void retry_spans_rejected(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms);
/* The page for it ended with the row of row_ms, and that is odd. 1: the same has been said for
 * apart_ms, it is so. Else it is asked for again after 1 s, doubling to 10 s; later 1 min. */
int retry_spans_odd(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t row_ms,
		    int64_t read_ms, int64_t apart_ms, int64_t boot_ms);
/* How many intervals beyond the span that ends there the page has to begin: 0, none of its pages
 * was odd. The last one began too far beyond it. */
int64_t retry_spans_anchor(const struct retry_spans *h, int64_t to_ms);
void retry_spans_too_far(struct retry_spans *h, int64_t to_ms);
/* A row of a page was: this is its interval. */
void retry_spans_bad_row(struct retry_spans *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms);
/* A page for the span was answered well; what its rows cost stays. */
void retry_spans_drop(struct retry_spans *h, int64_t from_ms, int64_t to_ms);
/* What is known by now, however it came, is no longer asked for. */
void retry_spans_known(struct retry_spans *h, const struct spans *known);
/* How many there are, of rows or of pages. */
size_t retry_spans_count(const struct retry_spans *h, int is_row);
/* 1 if something was answered badly three times in a row or more: waiting alone will hardly mend
 * it. */
int retry_spans_are_stuck(const struct retry_spans *h);
/* Takes what is not to be asked for yet out of the set. */
void retry_spans_subtract(const struct retry_spans *h, int64_t boot_ms, struct spans *from);
/* For how long that stays as it is. */
void retry_spans_validity(const struct retry_spans *h, int64_t boot_ms, struct validity *v);
/* The pause after that many failures in a row, at most max_ms. */
int64_t retry_pause_ms(int fails, int64_t max_ms);

#endif
