/* SPDX-License-Identifier: MIT */
/* Where the end of a batch is noted, in its own transaction: the position of the live writer
 * (market_data_position), or how far a replay is (market_data_replay). Neither touches the other's.
 */
#ifndef GAPLESS_CURSOR_H
#define GAPLESS_CURSOR_H

#include "session.h"
#include "writer/batch.h"

struct cursor cursor_live(const char *topic);
struct cursor cursor_replay(const char *topic, const char *name);

/* Begins a transaction that may store a batch, with the locks of all its tables, and tells their
 * shape. */
int cursor_begin(struct session *db, char shape[SHAPE_BYTES], struct err *err)
	__attribute__((warn_unused_result));
/* Locks the positions of the batch's partitions and compares them with where the batch began.
 * *lost becomes 1, and *err says how, where one is gone or stands before that. 0, or -1 with *err.
 */
int cursor_lock(struct session *db, const struct batch *b, int *lost, struct err *err)
	__attribute__((warn_unused_result));
/* Moves them to where the batch ends; one that stands further on stays. 0, or -1 with *err. */
int cursor_move(struct session *db, const struct batch *b, struct err *err)
	__attribute__((warn_unused_result));

#endif
