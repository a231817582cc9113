/* SPDX-License-Identifier: MIT */
/* What the producer shows of itself: asks the parts how they stand, sets metrics and readiness, and
 * says how far it is. The loop calls it; the parts know nothing of it. */
#ifndef GAPLESS_PRODUCER_OBSERVE_H
#define GAPLESS_PRODUCER_OBSERVE_H

#include "producer/view.h"

struct observe;

/* listen: as service.h. At most so many series have metrics of their own. */
struct observe *observe_new(const char *listen, int64_t series_metrics);
void observe_free(struct observe *o);

/* --- NULL is allowed: nothing is shown. */

/* Outside of the loop's turns: why nothing is fetched, a constant. */
void observe_waits(struct observe *o, const char *why);
/* The group takes the partitions back. */
void observe_revoked(struct observe *o);
/* By an assignment, or because there are new ones, so many series were taken, and left. */
void observe_owned(const struct observe *o, const struct view *now, int assigned, size_t taken,
		   size_t left);
/* What comes of a page of the series. */
void observe_page(struct observe *o, const struct series *s, const struct publications *out);

/* The loop of a producer that runs for ever has turned. */
void observe_turn(struct observe *o, const struct view *now);

#endif
