/* SPDX-License-Identifier: MIT */
/* What to ask next. Pure: the state of all series, what is in flight, and the time come in; one
 * request comes out. Where the exchange fails for some, the others go on.
 *
 * There is no stored walk: a page shrinks its gap to what is older than its oldest row, so the next
 * request for that gap is asked with `to` = that row's start. Live is by deadline, shorter
 * intervals first. Backfill is fair over series: the one that waited longest is served; in it the
 * small gaps first, the oldest of them, then the oldest of the large ones.
 *
 * A large gap may be walked by several requests at once. Each claims eight pages' worth of time (as
 * the last full page measured it), so that at most one page in eight is cut short where two walks
 * meet. */
#ifndef GAPLESS_PLAN_H
#define GAPLESS_PLAN_H

#include "producer/series/schedule.h"
#include "producer/series/series_ask.h"

enum {
	PLAN_SERIES_REQUESTS = 4, /* in flight for one series */
	PLAN_FAILED_REQUESTS = 2  /* for all that failed the last time: they may hang again */
};

struct plan {
	struct schedule *schedule; /* the owned series */
	const struct request *in_flight;
	size_t n_in_flight;
	/* 0: nothing is to be asked for this series now. NULL: any. */
	int (*may)(const struct series *s, const void *opaque);
	const void *opaque;
	int64_t now_ms; /* the exchange's time */
	int64_t boot_ms;
	int is_out; /* the exchange does not answer: of those that failed least any is asked */
};

/* The most urgent live poll that is due. 1 and *out, or 0. */
int plan_live(const struct plan *p, struct request *out);
/* When the next live poll is due that is not yet (exchange's time); INT64_MAX: none. */
int64_t plan_live_next_ms(const struct plan *p);
/* The next backfill request. 1 and *out, or 0: no gap that may be asked for now. The caller tells
 * the series when it was sent (series_backfill_sent). */
int plan_backfill(const struct plan *p, struct request *out);
/* What to ask now; live polls go first if live_may, else only while there is no older gap. 1 and
 * *out, or 0 and how long until there is something. */
int plan_next(const struct plan *p, int live_may, struct request *out, int64_t *wait_ms);
/* How late the most urgent live poll is; 0: none is due. */
int64_t plan_live_late_ms(const struct plan *p);
/* Live polls a second that the series want together: one each time an interval closes, one when it
 * is final, which for 1m and shorter is the same poll. */
double plan_live_rate(const struct schedule *owned);

#endif
