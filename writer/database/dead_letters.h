/* SPDX-License-Identifier: MIT */
/* The dead letters of a batch, inside its transaction: messages that are not candles, and rows that
 * the database refused. */
#ifndef GAPLESS_DEAD_LETTERS_H
#define GAPLESS_DEAD_LETTERS_H

#include "session.h"
#include "writer/batch.h"

/* *n: how many there are. 0, or -1 with *err. */
int dead_letters_store(struct session *db, const struct batch *b, int64_t *n, struct err *err)
	__attribute__((warn_unused_result));

#endif
