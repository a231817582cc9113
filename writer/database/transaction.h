/* SPDX-License-Identifier: MIT */
/* The one transaction of a batch: candles, coverage, position, dead letters. All or nothing; the
 * caller tries the same batch again, from memory, as often as it takes. */
#ifndef GAPLESS_TRANSACTION_H
#define GAPLESS_TRANSACTION_H

#include <stdatomic.h>

#include "candles.h"
#include "cursor.h"
#include "session.h"
#include "writer/batch.h"

/* The batch is sealed. Rows marked as rejected are stored as dead letters. On TRANSACTION_LOST *err
 * says how far back. */
enum transaction transaction_store(struct session *db, const struct batch *b,
				   const atomic_int *abandon, struct outcomes *outcomes,
				   struct err *err);

/* Tries only the candles of rows [from, to), and rolls back. 0, or -1 with *err: the bisection's
 * question. */
int transaction_try_rows(struct session *db, const struct batch *b, size_t from, size_t to,
			 struct err *err);

/* Writes a row of the table again that is not of this symbol, and rolls back. 0, or -1 with *err:
 * it is not taken either, or there is none. */
int transaction_try_another(struct session *db, const char *symbol, struct err *err);

#endif
