/* SPDX-License-Identifier: MIT */
/* What lies between reading and the database: the pipeline, which fills and lends the batches of
 * each lane, and for each lane a store, with a connection of its own, which has them stored. They
 * do not know each other: here is where a batch goes from one to the other. */
#ifndef GAPLESS_LANES_H
#define GAPLESS_LANES_H

#include "options.h"
#include "pipeline.h"
#include "tally.h"
#include "writer/database/store.h"

struct lanes;

/* As many as --connections; tally and options outlive them. NULL, with *err, where no threads are
 * available. */
struct lanes *lanes_new(const struct options *o, struct cursor cursor, struct tally *tally,
			struct err *err);
/* As store_free() of each store: 1 if all is freed. NULL is allowed. */
int lanes_free(struct lanes *l, int wait_ms);

size_t lanes_count(const struct lanes *l);
struct pipeline *lanes_pipeline(const struct lanes *l);
struct store *lanes_store(const struct lanes *l, size_t lane);

/* Has the lane's store, if it is idle, store what is filled; as of that generation. */
void lanes_submit(struct lanes *l, size_t lane, int64_t generation);
/* Forgets what is not lent, and has the stores give up what is. */
void lanes_drop(struct lanes *l);

/* Nothing is lent to any store. */
int lanes_are_idle(const struct lanes *l);
/* Nothing is in memory. */
int lanes_are_empty(const struct lanes *l);
/* One of them has no room for more. */
int lanes_are_full(const struct lanes *l);
/* The store of one of them is failing. */
int lanes_are_failing(const struct lanes *l);

#endif
