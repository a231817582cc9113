/* SPDX-License-Identifier: MIT */
/* The batches between reading and the database: one is filled while the others are with the store.
 *
 *   pipeline_take --> filling --pipeline_next--> lent --pipeline_give_back--> free
 *
 * A batch is due when it is full or old enough; while it is full and no other is free, reading has
 * to wait. */
#ifndef GAPLESS_PIPELINE_H
#define GAPLESS_PIPELINE_H

#include "arrival.h"
#include "batch.h"
#include "intake.h"
#include "tally.h"

struct pipeline_config {
	struct batch_limits limits;
	const char *source;
	int64_t dead_limit; /* dead letters in a row; 0: no limit */
};

struct pipeline;

struct pipeline *pipeline_new(const struct pipeline_config *config, struct tally *tally);
/* Batches that are lent, too: the store is gone. */
void pipeline_free(struct pipeline *p);

/* Judges what arrived and puts it into the filling batch. *why says why it goes to the dead
 * letters, or is not taken (INTAKE_HALT, INTAKE_FLOOD). */
enum intake pipeline_take(struct pipeline *p, const struct arrival *a, int64_t now_ms,
			  struct err *why);
int pipeline_is_empty(const struct pipeline *p);
/* No room for more. */
int pipeline_is_full(const struct pipeline *p);
/* Milliseconds until the filling batch is due; 0 if it is, INT64_MAX if it is empty. */
int64_t pipeline_due_in(const struct pipeline *p, int64_t now_ms);
/* Seals the filling batch and lends it; the next one is filled from now on. NULL: all others are
 * lent still. */
struct batch *pipeline_next(struct pipeline *p);
void pipeline_give_back(struct pipeline *p, struct batch *b);
/* Forgets what is not lent. */
void pipeline_drop(struct pipeline *p);

#endif
