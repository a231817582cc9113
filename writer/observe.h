/* SPDX-License-Identifier: MIT */
/* What the writer shows of itself: asks the parts how they stand, and sets metrics and readiness.
 * The loop calls it; the parts know nothing of it. NULL is allowed everywhere: nothing is shown. */
#ifndef GAPLESS_WRITER_OBSERVE_H
#define GAPLESS_WRITER_OBSERVE_H

#include "common/service/httpd.h"
#include "pipeline.h"
#include "tally.h"
#include "writer/feed/feed.h"

struct observe;

/* listen, routes: as service.h. At most so many series have metrics of their own. */
struct observe *observe_new(const char *listen, const struct httpd_route *routes,
			    int64_t series_metrics);
/* As service_free(). */
int observe_free(struct observe *o);

/* Before and after the loop: why nothing is stored, a constant. */
void observe_waits(struct observe *o, const char *why);

/* A batch was stored; it took so long. */
void observe_batch(struct observe *o, const struct batch *b, int64_t took_ms);

/* The loop has turned. */
void observe_turn(struct observe *o, const struct feed *feed, const struct pipeline *pipeline,
		  const struct tally *tally, int database_fails, int64_t boot_ms);

#endif
