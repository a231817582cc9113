/* SPDX-License-Identifier: MIT */
/* Adopts the market_data of an older collector (schemas/ADOPT.md): copies its rows beside it, in
 * batches that each are a transaction with their own cursor, and swaps the names in a short one at
 * the end. Readers read the inherited table until then; it stays as market_data_inherited. No row
 * is lost: what is not adopted is in market_data_set_aside.
 *
 * Killed at any point and run again it goes on; two at once share the work. */
#ifndef GAPLESS_ADOPT_H
#define GAPLESS_ADOPT_H

#include "common/pg.h"

/* The last migration that finds market_data as it was left; the later ones find it adopted. */
enum { ADOPT_MIGRATION = 4 };

/* Nothing to do on a table that is fit. Makes the hypertable as well, where TimescaleDB is. Logs
 * what it does, with progress. source: for the rows of market_data_series. 0, or -1 with *err
 * (ERR_RETRY: a signal, the connection; what is done stays). */
int adopt_run(struct pg *pg, const char *source, struct err *err)
	__attribute__((warn_unused_result));

#endif
