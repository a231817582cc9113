/* SPDX-License-Identifier: MIT */
/* A span of a series, computed from the table: oldest first, once. What begins with some bars
 * before the span ends when what was touched in it no longer shows. Pure. */
#ifndef GAPLESS_INDICATORS_HISTORY_H
#define GAPLESS_INDICATORS_HISTORY_H

#include "window.h"

struct history;

/* touched: values of bars in it may have changed, and of bars behind it as far as they depend on
 * those. What is fed begins so many bars before it (set_lead). */
struct history *history_new(const struct set *set, const struct interval *interval,
			    enum timeline_fill fill, struct span touched);
void history_free(struct history *h);

/* Bars in the order of time, in time that is covered so. is_behind, with the first ones: the table
 * has bars before them. Emits what is touched. as_of_ms: how new the knowledge of the series is,
 * for what is emitted; never greater than what all that was fed so far is known to hold. (A bar
 * that is fed may be newer than one that was fed before it and has changed since: what depends on
 * both must not beat what comes of that change.) */
void history_feed(struct history *h, int64_t as_of_ms, const struct spans *covered,
		  const struct bar *bars, size_t n, int is_behind, window_emit *emit, void *to);
/* 1 if nothing that follows depends on what was touched. */
int history_is_over(const struct history *h);
/* All bars so far; for window_rebase. */
const struct window *history_window(const struct history *h);

#endif
