/* SPDX-License-Identifier: MIT */
/* When each of the owned series has something to ask for. It knows them by what they say of
 * themselves (series_ask.h: what there is, and for how long that holds), and asks them again only
 * when that is over, or when they have changed, which they note by themselves: a turn in which
 * nothing is due costs the same for ten series and for ten thousand. Pure. */
#ifndef GAPLESS_SCHEDULE_H
#define GAPLESS_SCHEDULE_H

#include "producer/series/series.h"

struct schedule;

struct schedule *schedule_new(void);
/* The series are still there. */
void schedule_free(struct schedule *s);
/* These are the owned ones, of equal ones the first comes first; those before are watched no more.
 * All of them are there still. */
void schedule_own(struct schedule *s, struct series *const *owned, size_t n);

size_t schedule_size(const struct schedule *s);
struct series *schedule_series(const struct schedule *s, uint32_t place);

/* It is that time: of the exchange's clock, which may be set back, and of one that may not. */
void schedule_advance(struct schedule *s, int64_t now_ms, int64_t boot_ms);
/* Of those that accept() takes: the one whose live poll is due and may be asked for, and whose turn
 * it is (series_ask.h), of these the shortest interval; or the one with a gap that may be asked for
 * that has waited longest. NULL: none. */
struct series *schedule_find(const struct schedule *s, int live,
			     int (*accept)(uint32_t place, void *opaque), void *opaque);
/* When (exchange's time) the next live poll is due that is not yet; INT64_MAX: none. */
int64_t schedule_live_next_ms(const struct schedule *s);
/* What the schedule says of that series does not hold: it is asked again. */
void schedule_again(struct schedule *s, uint32_t place);

#endif
