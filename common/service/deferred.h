/* SPDX-License-Identifier: MIT */
/* A thread that does what may take long, one job after the other, so that who hands it out goes on.
 * What waits is bounded: one submitter (a thread) asks for room first. */
#ifndef GAPLESS_DEFERRED_H
#define GAPLESS_DEFERRED_H

#include "common/base/error.h"

struct deferred;

enum { DEFERRED_MAX = 16 };

/* run() is called on the thread, once for each job that was submitted; with given_up 1 when the
 * thread is being stopped: then it ends the job without doing it. NULL: *err (ERR_FATAL). */
struct deferred *deferred_new(void (*run)(void *job, int given_up), struct err *err)
	__attribute__((warn_unused_result));
/* 1 if one more may be submitted; 0 while DEFERRED_MAX wait, or it is being stopped. */
int deferred_has_room(struct deferred *d);
void deferred_submit(struct deferred *d, void *job);
/* Gives up what waits, and waits for the job that is being done, at most wait_ms. 1 if the thread
 * has ended, and *d is freed (NULL is allowed). 0 if it hangs: *d and what its job uses stay, and
 * only the end of the process ends it. */
int deferred_stop(struct deferred *d, int wait_ms) __attribute__((warn_unused_result));

#endif
