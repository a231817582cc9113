/* SPDX-License-Identifier: MIT */
/* From the feed to the windows. What was read waits until the windows of its series are there, from
 * the table; then it is taken into them as one round, and what has changed is computed and sent. */
#ifndef GAPLESS_INDICATORS_INGEST_H
#define GAPLESS_INDICATORS_INGEST_H

#include <stdint.h>

#include "process.h"

struct ingest;

/* It outlives the ingest. */
struct ingest *ingest_new(const struct process *p);
void ingest_free(struct ingest *in);
/* Forgets what was read and not taken. */
void ingest_clear(struct ingest *in);
/* A round, unless windows are still awaited. Waits for messages for a moment. is_held: nothing may
 * be taken, the group is heard. 1: it takes the partitions back (FEED_ENDS). */
int ingest_round(struct ingest *in, int is_held);

/* When the broker took the partition's first message that waits here; 0: none does. */
int64_t ingest_since_ms(const struct ingest *in, int32_t partition);
/* So far: candles; and those that were older than what is in memory, without a database. */
int64_t ingest_messages(const struct ingest *in);
int64_t ingest_too_old(const struct ingest *in);

#endif
