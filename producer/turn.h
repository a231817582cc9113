/* SPDX-License-Identifier: MIT */
/* One turn of the loop: what came, what follows from it, what is asked next, how far it is, and a
 * wait. */
#ifndef GAPLESS_TURN_H
#define GAPLESS_TURN_H

#include "producer/loop_state.h"

/* LOOP_STOPPED: once more; another enum loop_end, or -1 (*err). */
int turn(struct loop *l, struct err *err) __attribute__((warn_unused_result));

/* --- before the first turn */

/* Reads the clocks. Pacing wants the time as it is, not as it was when the turn began. */
void turn_time_read(struct loop *l);
/* What a visit to the database and the group has brought. Returns as turn(). */
int turn_lookups_came(struct loop *l, unsigned *due, struct err *err)
	__attribute__((warn_unused_result));

#endif
