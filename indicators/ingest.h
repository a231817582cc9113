/* SPDX-License-Identifier: MIT */
/* From the feed to the windows. What was read waits until the windows of its series are there, from
 * the table; then it is taken into them as one round, and what has changed is computed and sent. */
#ifndef GAPLESS_INDICATORS_INGEST_H
#define GAPLESS_INDICATORS_INGEST_H

#include "book.h"
#include "feed.h"
#include "lending.h"
#include "loader.h"
#include "output.h"
#include "repair.h"
#include "rounds.h"

struct ingest;

/* What it leads from one to the next; they outlive it. */
struct ingest_parts {
	struct feed *feed;
	struct lending *lending; /* NULL: without a database */
	struct loader *loader;
	struct book *book;
	struct rounds *rounds;
	struct repair *repair; /* for what is older than a window */
	struct output *output;
};

struct ingest *ingest_new(const struct ingest_parts *parts);
void ingest_free(struct ingest *in);
/* Forgets what was read and not taken. */
void ingest_clear(struct ingest *in);
/* A round, unless windows are still awaited. Waits for messages for a moment. 1: the group takes
 * the partitions back (FEED_ENDS). */
int ingest_round(struct ingest *in);
/* In place of a round while nothing may be taken: hears the group. Returns as ingest_round(). */
int ingest_hold(struct ingest *in);

/* When the broker took the partition's first message that waits here; 0: none does. */
int64_t ingest_since_ms(const struct ingest *in, int32_t partition);
/* So far: candles; and those that were older than what is in memory, without a database. */
int64_t ingest_messages(const struct ingest *in);
int64_t ingest_too_old(const struct ingest *in);

#endif
