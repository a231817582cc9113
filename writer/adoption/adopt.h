/* SPDX-License-Identifier: MIT */
/* Adopts the market_data of an older collector (schemas/ADOPT.md): copies its rows beside it, in
 * batches that each are a transaction with their own cursor, and swaps the names in a short one at
 * the end. Readers read the inherited table until then; it stays as market_data_inherited. No row
 * is lost: what is not adopted is in market_data_set_aside.
 *
 * Killed at any point and run again it goes on; two at once share the work. */
#ifndef GAPLESS_ADOPT_H
#define GAPLESS_ADOPT_H

#include "common/pg/pg.h"

struct options;

/* After all migrations. Nothing to do on a table that is fit. Makes the hypertable as well, where
 * TimescaleDB is, and gives market_data its guards, its replica identity and the index of
 * unconfirmed rows (schemas/008_guard.sql) where they are missing. Of the options --source (for the
 * rows of market_data_series), --chunk-interval and --unfit-percent count. Logs what it does, with
 * progress. 0, or -1 with *err (ERR_RETRY: a signal, the connection; what is done stays). */
int adopt_run(struct pg *pg, const struct options *o, struct err *err)
	__attribute__((warn_unused_result));

#endif
