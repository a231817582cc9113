/* SPDX-License-Identifier: MIT */
/* What the producer shows of itself: asks the parts how they stand, and sets metrics and readiness.
 * The loop calls it; the parts know nothing of it. NULL is allowed everywhere: nothing is shown. */
#ifndef GAPLESS_PRODUCER_OBSERVE_H
#define GAPLESS_PRODUCER_OBSERVE_H

#include "producer/kafka/publish.h"
#include "producer/lookups.h"
#include "producer/requests.h"
#include "producer/share.h"

struct observe;

/* listen: as service.h. At most so many series have metrics of their own. */
struct observe *observe_new(const char *listen, int64_t series_metrics);
void observe_free(struct observe *o);

/* Outside of the loop's turns: why nothing is fetched, a constant. */
void observe_waits(struct observe *o, const char *why);
/* The group takes the partitions back. */
void observe_revoked(struct observe *o);
/* What comes of a page of the series. */
void observe_page(struct observe *o, const struct series *s, const struct publications *out);

/* The loop has turned. */
struct observed {
	const struct requests *requests;
	const struct publisher *publisher;
	const struct share *share;
	const struct lookups *lookups;
	const struct catalogue *catalogue;
	int64_t now_ms, boot_ms;
};
void observe_turn(struct observe *o, const struct observed *now);
/* What takes a walk over all series; to be called every ten seconds. */
void observe_series(struct observe *o, const struct observed *now, int64_t live_late_ms);

#endif
