/* SPDX-License-Identifier: MIT */
/* The batches between reading and the database. Each partition belongs to one lane, and each lane
 * has a ring of two batches: one is filled while the other is stored.
 *
 *   pipeline_take --> filling --pipeline_next--> lent --pipeline_give_back--> free
 *
 * What a partition brings stays in one lane, so that it is stored in its order; lanes are stored
 * side by side. A batch is ready when it is worth a transaction: a store that is free takes what is
 * there, so batches are small where little comes and grow to their limits while the store is busy,
 * or where the topic is known to fill them. The rest after such a batch does not wait.
 * While the filling batch of a lane is full and its other one is lent, reading has to wait. */
#ifndef GAPLESS_PIPELINE_H
#define GAPLESS_PIPELINE_H

#include "arrival.h"
#include "batch.h"
#include "common/candle/intake.h"
#include "options.h"
#include "tally.h"

enum { LANES_MAX = 4 };

struct pipeline;

/* A lane for each of the --connections; options and tally outlive it. */
struct pipeline *pipeline_new(const struct options *o, struct tally *tally);
/* Batches that are lent, too: the store is gone. */
void pipeline_free(struct pipeline *p);

/* as INTAKE_DEAD, but there are too many in a row */
enum { PIPELINE_FLOOD = INTAKE_HALT + 1 };
/* Judges what arrived (intake.h) and puts it into the filling batch; says what goes to the dead
 * letters, or is not taken for there are too many. INTAKE_HALT: *why. */
int pipeline_take(struct pipeline *p, const struct arrival *a, int64_t now_ms, struct err *why);
/* Nothing is being filled, in any lane. */
int pipeline_is_empty(const struct pipeline *p);
/* No room for more in that lane. */
int pipeline_is_full(const struct pipeline *p, size_t lane);
/* The lane that stores what the partition brings. */
size_t pipeline_lane(const struct pipeline *p, int32_t partition);
enum { PIPELINE_NOTHING = -1 };
/* Milliseconds until the lane's filling batch is to be stored, given a store that is free: 0 if it
 * is, INT64_MAX if it is empty. `coming`: so many messages for the lane are known to wait in the
 * topic; PIPELINE_NOTHING: none will ever come, so whatever is there is to be stored. */
int64_t pipeline_due_in(const struct pipeline *p, size_t lane, int64_t coming, int64_t now_ms);
/* Seals the filling batch of the lane and lends it; the next one is filled from now on. NULL: the
 * other one is lent still, or there is nothing. */
struct batch *pipeline_next(struct pipeline *p, size_t lane);
void pipeline_give_back(struct pipeline *p, struct batch *b);
/* When the broker took the oldest message of the partition that is in a batch, lent or not; 0: none
 * is. */
int64_t pipeline_oldest_ms(const struct pipeline *p, int32_t partition);
/* Forgets what is not lent. */
void pipeline_drop(struct pipeline *p);

#endif
