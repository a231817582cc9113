/* SPDX-License-Identifier: MIT */
/* What the process shows of itself: asks the parts how they stand, and sets metrics and readiness.
 * The loop calls it; the parts know nothing of it. */
#ifndef GAPLESS_INDICATORS_OBSERVE_H
#define GAPLESS_INDICATORS_OBSERVE_H

#include "book.h"
#include "commits.h"
#include "feed.h"
#include "ingest.h"
#include "loader.h"
#include "reader.h"
#include "repair.h"
#include "rounds.h"
#include "sink.h"
#include "store.h"

struct observe;

struct observed {
	const struct feed *feed;
	const struct sink *sink;
	const struct rounds *rounds;
	const struct commits *commits;
	const struct book *book;
	const struct loader *loader;
	const struct repair *repair;
	const struct reader *reader; /* NULL: without a database */
	const struct store *store;   /* NULL: into the topic only */
	const struct ingest *ingest;
};

/* listen: as service.h. */
struct observe *observe_new(const char *listen);
void observe_free(struct observe *o);

/* Before and after the loop: the process lives, and does nothing because of `why`, a constant. */
void observe_waits(struct observe *o, const char *why, int64_t boot_ms);
/* The loop has turned. Says now and then what was done. */
void observe_turn(struct observe *o, const struct observed *now, int64_t boot_ms);

#endif
