/* SPDX-License-Identifier: MIT */
/* How far each partition must be stored before a snapshot of the tables is taken, and for how long
 * the writer has stood still before that. Pure: the time is passed in. waits_expect may be
 * called by another thread than the rest. */
#ifndef GAPLESS_INDICATORS_WAITS_H
#define GAPLESS_INDICATORS_WAITS_H

#include <stddef.h>
#include <stdint.h>

struct waits;

enum wait_state {
	WAIT_REACHED,  /* stored as far as it must be, or can be */
	WAIT_BEHIND,   /* it is waited for */
	WAIT_GIVES_UP, /* this time for the first time: it has not moved for its patience */
	WAIT_GIVEN_UP  /* it has not moved since: it is not waited for again */
};

/* For so many partitions: nothing is expected of them. */
struct waits *waits_new(size_t n);
void waits_free(struct waits *w);

/* A partition is waited for up to this offset at most (INT64_MAX: there is no bound; where a
 * message halts it, nothing behind that is stored), and for so long without any movement. */
void waits_expect(struct waits *w, size_t partition, int64_t at_most, int64_t patience_ms);

/* Its stored position is `next`, and it must be at_least (0: whatever it is); now_ms does not go
 * back. */
enum wait_state waits_judge(struct waits *w, size_t partition, int64_t at_least, int64_t next,
			    int64_t now_ms);

#endif
