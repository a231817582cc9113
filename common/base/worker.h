/* SPDX-License-Identifier: MIT */
/* A thread that does one job at a time for one owner, so that the owner never waits inside a
 * library that blocks.
 *
 *   owner    worker_submit ......................................... worker_take
 *   thread        '---> run(): work, worker_pause, work again ... ---^   (worker_fd is readable)
 *
 * Ownership: worker_submit lends the job, and all that it points to, to the thread; worker_take
 * gives it back. But for what is marked [thread], functions are the owner's alone; those of the
 * thread may be called inside run(). Durations are measured on CLOCK_MONOTONIC: setting the wall
 * clock changes none. */
#ifndef GAPLESS_WORKER_H
#define GAPLESS_WORKER_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/base/error.h"

struct worker;

/* Starts the thread. run() does a job, all of it: what it tries again and how long it pauses is its
 * own affair; it returns soon after worker_is_cancelled() has become 1. `context` is handed to it,
 * unread. NULL: *err (ERR_FATAL), no thread or eventfd is available. */
struct worker *worker_new(void (*run)(struct worker *w, void *context, void *job), void *context,
			  struct err *err) __attribute__((warn_unused_result));
/* Cancels, and ends the thread; waits for that at most wait_ms. 1 if it has ended: worker_take then
 * gives back a lent job as it is, done or not, and worker_free frees. 0 if run() hangs: nothing may
 * be freed, may be called again; exit() then ends the process without its destructors, which would
 * take down what the thread uses. */
int worker_stop(struct worker *w, int wait_ms) __attribute__((warn_unused_result));
/* After worker_stop returned 1; NULL is allowed. */
void worker_free(struct worker *w);

/* 1 if no job is lent: one may be submitted. */
int worker_is_idle(const struct worker *w);
/* Lends a job to an idle worker, and forgets an earlier cancellation. */
void worker_submit(struct worker *w, void *job);
/* Asks for the lent job to be given up. It must still be taken. */
void worker_cancel(struct worker *w);
/* Waits until the lent job is finished, at most wait_ms. 1 if it is; 0 at once if none is lent. */
int worker_wait(struct worker *w, int wait_ms);
/* The finished job, or NULL. */
void *worker_take(struct worker *w);
/* Readable while a finished job waits to be taken; for poll(). */
int worker_fd(const struct worker *w);

/* [thread] 1 if the job is to be given up; the owner may ask too, about the job that it has just
 * taken. */
int worker_is_cancelled(const struct worker *w);
/* [thread] The same as a flag, for code that need not know of workers. */
const atomic_int *worker_cancel_flag(const struct worker *w);
/* [thread] Pauses; a cancellation ends the pause. 1 if the job is to be given up. */
int worker_pause(struct worker *w, int64_t ms);

#endif
