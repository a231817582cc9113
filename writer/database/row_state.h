/* SPDX-License-Identifier: MIT */
/* Looking first: how each row of a batch stands against the table, in one statement that locks
 * nothing. Most batches are all new or all there; the first need no ON CONFLICT, the second no
 * write at all.
 *
 * The answer is of the moment. A row that is there can only be replaced by a greater one (while our
 * locks keep a TRUNCATE away), so what does not win now will not later; a key that is missing may
 * appear, which the unique index then says. */
#ifndef GAPLESS_ROW_STATE_H
#define GAPLESS_ROW_STATE_H

#include "session.h"
#include "writer/batch.h"

/* Fills db->state and floor_ms for every row of the sealed batch. 0, or -1 with *err.
 *
 * What is given up (market_data_series.retained_from) is not stored again, wherever it comes from:
 * a producer with an older start, a replay, a group that was rewound. *below: how many rows are.
 * Asked in the batch's transaction, after its locks: `retain` waits for these, so that nothing
 * older comes in behind it. */
int row_states_ask(struct session *db, const struct batch *b, int64_t *below, struct err *err)
	__attribute__((warn_unused_result));

/* ---- its two halves, for the tests */

/* Cuts the rows into stretches whose keys stand close enough to be read as one range. Returns how
 * many. */
size_t row_state_stretches(const struct batch *b, struct stretch *stretches);
/* A row of the table, as SQL_STATES has it. */
struct found {
	const char *revision, *fetched_at; /* binary, of eight bytes; NULL: SQL NULL */
	const char *values;                /* text, one space between two; a NULL is left out */
	size_t values_len;
};
enum row_state row_state_of(const struct message *m, const struct found *found);
/* How far the answers are. */
struct row_states {
	size_t stretches;
	size_t next; /* the row that the next answer is probably about */
};
/* Notes the row of the table that is in a piece of the answer; -1 if it is none. */
int row_states_note(struct session *db, const struct batch *b, struct row_states *s,
		    const char *piece, size_t bytes) __attribute__((warn_unused_result));

#endif
