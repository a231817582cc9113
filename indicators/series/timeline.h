/* SPDX-License-Identifier: MIT */
/* The bars of one series in the order of time, what is covered around them, and how each is linked
 * to the one before it. What changes is noted as a range of bars, until somebody has looked at it.
 * Pure. */
#ifndef GAPLESS_INDICATORS_TIMELINE_H
#define GAPLESS_INDICATORS_TIMELINE_H

#include <stddef.h>

#include "common/candle/interval.h"
#include "common/candle/spans.h"
#include "indicators/kinds/bar.h"

struct timeline;

/* Intervals in which nothing traded. */
enum timeline_fill {
	FILL_NONE, /* there is no bar: the exchange's own charts do that */
	FILL_CARRY /* the price before them is carried on */
};

/* What a message says: a bar (its links are found here), and what it promises. */
struct timeline_input {
	struct bar bar;
	int64_t covers_from_ms, covers_to_ms;
	int is_fresh; /* nothing can have been published about this bar before */
	int is_again; /* it may be known here already, and yet what it leads to be unpublished */
};

/* A bar has so many slots, for whatever its owner notes there; they begin as 0, those of a fresh
 * bar as 1. */
struct timeline *timeline_new(const struct interval *interval, size_t slots,
			      enum timeline_fill fill);
void timeline_free(struct timeline *t);

/* Takes a message. The bar is stored if it is new or wins over the one that is there. Before
 * floor_ms no bar comes or changes; only what is promised about the time there is taken. */
void timeline_apply(struct timeline *t, const struct timeline_input *in, int64_t floor_ms);
/* Appends bars behind all others, in time that is covered so. is_behind: what is before the first
 * one of all is not here, and was not nothing. */
void timeline_append(struct timeline *t, const struct spans *covered, const struct bar *bars,
		     size_t n, int is_behind);
/* Forgets the n oldest bars, and what is covered before the others. */
void timeline_drop(struct timeline *t, size_t n);
/* Replaces the n oldest bars by bars of another one; they count as known, not as changed. */
void timeline_replace(struct timeline *t, size_t n, const struct timeline *by, size_t by_n);

const struct bar *timeline_bars(const struct timeline *t, size_t *n);
uint64_t *timeline_slots(struct timeline *t, size_t i);
/* How new the knowledge of the series is: the greatest fetched_at of what was taken. */
int64_t timeline_as_of(const struct timeline *t);
void timeline_as_of_at_least(struct timeline *t, int64_t as_of_ms);
/* 1 if nothing is known to be before the first bar. */
int timeline_is_whole(const struct timeline *t);
/* 1 if [from, to) is covered, as far as that is known here. */
int timeline_covers(const struct timeline *t, int64_t from_ms, int64_t to_ms);

/* The first and the last bar that changed; 0 if none did. */
int timeline_dirty(const struct timeline *t, size_t *from, size_t *to);
void timeline_touch(struct timeline *t, size_t i); /* as if it had changed */
void timeline_clean(struct timeline *t);

size_t timeline_bytes(const struct timeline *t);

#endif
