/* SPDX-License-Identifier: MIT */
/* What the process shows of itself: asks the parts how they stand, and sets metrics and readiness.
 * The loop calls it; the parts know nothing of it. */
#ifndef GAPLESS_INDICATORS_OBSERVE_H
#define GAPLESS_INDICATORS_OBSERVE_H

#include <stdint.h>

#include "process.h"

struct observe;

/* listen: as service.h. */
struct observe *observe_new(const char *listen);
void observe_free(struct observe *o);

/* Before and after the loop: the process lives, and does nothing because of `why`, a constant. */
void observe_waits(struct observe *o, const char *why, int64_t boot_ms);
/* The loop has turned. Says now and then what was done. */
void observe_turn(struct observe *o, const struct process *p, int64_t boot_ms);

#endif
