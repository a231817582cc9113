/* SPDX-License-Identifier: MIT */
/* Steps that need a lock that keeps others out: taken within a short wait, or let go and tried
 * again, so that nobody queues behind us for long. */
#ifndef GAPLESS_ADOPTION_LOCKING_H
#define GAPLESS_ADOPTION_LOCKING_H

#include "common/pg/pg.h"

/* What may take hours; the deadline is against a server that is frozen for good. */
enum { ADOPT_DEADLINE_MS = 24 * 3600 * 1000 };

/* Begins a transaction under the lock of the migrations, so that two of us do not do the same. */
int adopt_begin(struct pg *pg, struct err *err) __attribute__((warn_unused_result));

/* Runs the step in a transaction with short lock waits, as often as it takes to get its locks; says
 * `waits` from time to time. 0, or -1 with *err; a signal ends it (ERR_RETRY). */
int adopt_with_locks(struct pg *pg, int (*step)(void *arg, struct err *err), void *arg,
		     const char *waits, struct err *err) __attribute__((warn_unused_result));

/* 1 with *err (ERR_RETRY) if a signal has asked to stop. */
int adopt_stopped(struct err *err);

#endif
