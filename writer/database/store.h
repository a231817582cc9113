/* SPDX-License-Identifier: MIT */
/* The thread that talks to the database, one piece of work at a time, so that the main thread can
 * keep polling Kafka whatever the database does. Work is tried again, the same, from memory, until
 * it succeeds or is abandoned: an outage never costs a row. What needs a person is said once a
 * minute and tried again every few seconds; only what waiting cannot mend (or has not mended in
 * half a minute) ends with STORE_PERSON.
 *
 * Ownership: store_submit() lends what the work points to; store_collect() gives it back. */
#ifndef GAPLESS_STORE_H
#define GAPLESS_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "position.h"
#include "replay_run.h"
#include "retention.h"
#include "skips.h"
#include "transaction.h"
#include "writer/batch.h"
#include "writer/options.h"

enum store_kind {
	STORE_BATCH,  /* store a sealed batch */
	STORE_START,  /* check the tables; where do the partitions start? */
	STORE_REPLAY, /* check the tables; begin the replay, or go on with it */
	STORE_CHECK,  /* are the positions still there? Tried once only */
	STORE_RETAIN, /* give up what is too old, a piece of it. Tried once only */
	STORE_SKIPS   /* which of the messages that halt partitions are skipped? */
};

enum store_result {
	STORE_DONE,
	STORE_LOST,      /* the database has lost something: *err says what; start again from its
			    positions */
	STORE_UNSURE,    /* STORE_START: ask the watermarks again (position.h) */
	STORE_ABANDONED, /* given up as asked (a COMMIT that had begun may have succeeded: harmless)
			  */
	STORE_UNKNOWN,   /* STORE_CHECK, STORE_RETAIN: the database did not (*err: why) */
	STORE_PERSON     /* needs a person: *err is the sentence */
};

struct store_work {
	enum store_kind kind;
	int64_t generation;          /* the caller's own: of which assignment this is */
	struct batch *batch;         /* STORE_BATCH */
	struct position_item *items; /* STORE_START, STORE_CHECK */
	size_t items_n;
	struct replay_run *run;       /* STORE_REPLAY */
	const struct retention *keep; /* STORE_RETAIN */
	struct skip_item *skips;      /* STORE_SKIPS */
	size_t skips_n;
};

struct store_done {
	struct store_work work;
	enum store_result result;
	struct outcomes outcomes;         /* STORE_BATCH */
	struct retention_result retained; /* STORE_RETAIN */
	int64_t submitted_ms;             /* boot time */
	struct err err;
};

struct store;

/* NULL, with *err, where no thread is available; the options outlive it. */
struct store *store_new(const struct options *o, struct cursor cursor, struct err *err);
/* Abandons what is running and ends the thread. Waits at most wait_ms: a thread that hangs in a
 * dead connection is left behind, for the process is about to end. 1: freed; 0: left behind, and
 * what is lent with it. */
int store_free(struct store *s, int wait_ms);

/* 1 if nothing is lent: work may be submitted. */
int store_is_idle(const struct store *s);
/* 1 if a batch is lent. */
int store_has_batch(const struct store *s);
void store_submit(struct store *s, struct store_work work);
/* 1 if work is finished: *done is what came of it. */
int store_collect(struct store *s, struct store_done *done);
/* Waits until the work is finished, at most wait_ms. 1 if it is. */
int store_wait(struct store *s, int wait_ms);
/* Asks for the work to be given up before its COMMIT. It must still be collected. */
void store_abandon(struct store *s);
/* 1 while the last try of the running work failed: the database is away, or needs a person. */
int store_is_failing(const struct store *s);

#endif
