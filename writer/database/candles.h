/* SPDX-License-Identifier: MIT */
/* The candles of a batch into market_data, inside the batch's transaction: look first, then write
 * what is missing or newer.
 *
 * By COPY, which costs the server half of what ON CONFLICT does; but another writer may put a key
 * there in between, which ends the transaction, so that all of it must be done again by
 * CANDLES_UPSERT. Small batches are better off with that anyway.
 *
 * No deadlocks: any process that waits for a key holds only smaller ones. Either way writes in the
 * order of the keys as bytes; and what is newer comes after the COPY, but does not wait (it fails,
 * and the batch is done again). */
#ifndef GAPLESS_CANDLES_H
#define GAPLESS_CANDLES_H

#include <stdint.h>

#include "session.h"
#include "writer/batch.h"
#include "writer/tally.h"

/* What became of a batch, by the counters that the tally has for it. */
struct outcomes {
	int64_t n[TALLY_COUNTERS];
};

void outcomes_add(struct outcomes *sum, const struct outcomes *s);

enum candles_way { CANDLES_COPY, CANDLES_UPSERT };

/* What became of a transaction, of which this is a part. */
enum transaction {
	TRANSACTION_DONE,
	TRANSACTION_LOST,      /* a position stands before the place where the batch began; nothing
				  written */
	TRANSACTION_ABANDONED, /* *abandon was set before the COMMIT; nothing written */
	TRANSACTION_FAILED, /* *err and pg->sqlstate say how; nothing written, unless COMMIT itself
			       was cut off */
	TRANSACTION_UNFIT,  /* the tables are not what they were, and must be changed by a person;
			       nothing written; *err is the sentence */
	TRANSACTION_BROKEN, /* the rows do not add up; nothing written; *err is the sentence for a
			       person */
	TRANSACTION_REDO    /* of candles_store() by CANDLES_COPY only: roll back, and try
			       CANDLES_UPSERT, whatever *err says */
};

/* Fills the counts of candles in *outcomes. */
enum transaction candles_store(struct session *db, const struct batch *b, enum candles_way way,
			       struct outcomes *outcomes, struct err *err);
/* Writes rows [from, to) without looking: does the server take them? 0, or -1 with *err. */
int candles_try(struct session *db, const struct batch *b, size_t from, size_t to, struct err *err)
	__attribute__((warn_unused_result));

#endif
