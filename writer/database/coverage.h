/* SPDX-License-Identifier: MIT */
/* The coverage that a batch adds, inside its transaction: the union of what all messages promised
 * whose key is in the table; and how new what is known of each series is, the greatest fetched_at
 * of all its messages, whether they changed a row or not. Made by the server in one statement,
 * never read and written back. */
#ifndef GAPLESS_COVERAGE_H
#define GAPLESS_COVERAGE_H

#include "session.h"
#include "writer/batch.h"

/* 0, or -1 with *err. */
int coverage_store(struct session *db, const struct batch *b, struct err *err)
	__attribute__((warn_unused_result));

#endif
