/* SPDX-License-Identifier: MIT */
/* Spans that the exchange answers badly (rejected pages), and the span of which it says with an
 * empty page that it has nothing: asked for again after growing pauses, while everything else goes
 * on. Pure. */
#ifndef GAPLESS_HOLD_H
#define GAPLESS_HOLD_H

#include <stddef.h>
#include <stdint.h>

#include "common/spans.h"

enum {
	EMPTY_AGAIN_MS = 60 * 1000,     /* an empty page counts only twice, this far apart */
	HELD_MAX_MS = 24 * 3600 * 1000, /* the longest pause after rejected pages */
	HOLDS = 8                       /* of a series; the one that is asked for next gives way */
};

struct hold { /* times == 0: none */
	int64_t from_ms, to_ms;
	int times;             /* bad answers in a row */
	int64_t first_boot_ms; /* when the first of them came */
	int64_t until_boot_ms; /* not asked for before */
};

struct holds {                /* all zero: none */
	struct hold v[HOLDS]; /* rejected */
	size_t n;
	struct hold empty;
};

/* The page for that span was rejected: 1 s, 2 s, then 1 min, doubling to HELD_MAX_MS. */
void holds_rejected(struct holds *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms);
/* The page before to_ms was empty, which speaks of [from_ms, to_ms): all of it waits for a minute,
 * then longer and longer. 1 where the same page was empty twice, EMPTY_AGAIN_MS apart. Of several
 * that were asked for side by side, the one with the greatest to_ms speaks for all. */
int holds_empty(struct holds *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms);
/* The span was answered well. */
void holds_drop(struct holds *h, int64_t from_ms, int64_t to_ms);
/* A page showed a candle there: what was said of a span after it was wrong. INT64_MIN: all is
 * settled. */
void holds_not_empty(struct holds *h, int64_t timestamp_ms);
/* What is known by now, however it came, is no longer asked for. */
void holds_known(struct holds *h, const struct spans *known);
/* 1 where something is held. */
int holds_any(const struct holds *h);
/* 1 where something was answered badly three times in a row or more: waiting alone will hardly mend
 * it. */
int holds_hopeless(const struct holds *h);
/* Takes what is not to be asked for yet out of the set. */
void holds_subtract(const struct holds *h, int64_t boot_ms, struct spans *from);
/* The pause after that many failures in a row, at most max_ms. */
int64_t hold_pause_ms(int fails, int64_t max_ms);

#endif
