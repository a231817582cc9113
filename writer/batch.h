/* SPDX-License-Identifier: MIT */
/* What one transaction stores: the winning message of each key, the promises of all messages, dead
 * letters, and for each partition where the batch began and where the next one begins. Pure: no
 * I/O, no clock.
 *
 * Invariants: one row a key, and it is the greatest by message_compare() of all messages of that
 * key; a row's promise is the union of the promises of all of them (those that are not empty
 * contain the candle's own interval, so the union is one span); its fetched_ms is the greatest of
 * theirs. After batch_seal() rows are in the
 * order of (symbol, interval, timestamp), compared as bytes, and partitions in the order of their
 * numbers: two writers never take locks in opposite orders. */
#ifndef GAPLESS_BATCH_H
#define GAPLESS_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "common/candle/candle.h"
#include "common/candle/spans.h"
#include "dead_letter.h"

struct keys;

enum { BATCH_ROWS_MAX = 100000 }; /* the greatest limit */

struct batch_row {
	struct message m;
	struct span promise; /* empty: nothing promised */
	int64_t fetched_ms;  /* greatest fetched_at of all messages of the key */
	int32_t partition;   /* where the winner came from */
	int64_t offset;
	char *rejected; /* why the database refused this row; it goes to the dead letters, its
			 * promise with it. NULL: fine. Owned by the batch */
};

struct batch_part {
	int32_t partition;
	int64_t began;     /* where the batch before this one ended */
	int64_t next;      /* offset after the last message of this one */
	int64_t oldest_ms; /* when the broker took the first one; 0: not known */
	int64_t at_ms;     /* the latest such time; -1: not known */
	int64_t dead_run;  /* dead letters in a row right below `next` */
};

struct batch_limits {
	size_t rows, bytes;
	int64_t age_ms; /* since its first message */
};

struct batch {
	struct batch_limits limits;
	struct batch_row *rows;
	size_t n;
	struct dead_letter *dead;
	size_t dead_n, dead_cap;
	struct batch_part *parts;
	size_t parts_n, parts_cap;
	size_t bytes;       /* of all messages taken */
	int64_t started_ms; /* when the first message came */
	/* private */
	size_t rows_cap, rejected_n;
	struct keys *keys;
	uint32_t *order; /* scratch memory of batch_seal() */
};

/* All memory for rows is taken and touched here, so that it does not grow while a database is away.
 */
void batch_init(struct batch *b, struct batch_limits limits);
void batch_release(struct batch *b);
/* Empty again; keeps the memory of the rows. */
void batch_clear(struct batch *b);

/* The message at `offset` of `partition` belongs to this batch; `expected` is the offset that was
 * to come, the end of what was taken before (smaller than `offset` where the topic has a hole).
 * Goes before each of the three below; alone it takes a message that carries nothing (a tombstone).
 */
void batch_take(struct batch *b, int32_t partition, int64_t expected, int64_t offset, size_t bytes,
		int64_t now_ms);
/* What that was; dead: it is a dead letter. */
void batch_took(struct batch *b, const struct arrival *a, int dead);
void batch_add(struct batch *b, int32_t partition, int64_t offset, const struct message *m);
/* A copy of it. */
void batch_add_dead_letter(struct batch *b, const struct arrival *a, const char *reason);

/* When the broker took the first message of the partition that is in the batch; 0: none is. */
int64_t batch_oldest_ms(const struct batch *b, int32_t partition);
int batch_is_empty(const struct batch *b);
/* No room for more: rows or bytes are used up. */
int batch_is_full(const struct batch *b);
/* Milliseconds until it is to be stored by its age; 0: it is old enough, or full. INT64_MAX: it is
 * empty. */
int64_t batch_due_in(const struct batch *b, int64_t now_ms);
void batch_seal(struct batch *b);
/* Of a sealed batch, or a part of one: the place after the last row of the series of row i. */
size_t batch_series_end(const struct batch *b, size_t i);

/* The database refuses row i: it goes to the dead letters with this reason. */
void batch_reject(struct batch *b, size_t i, const char *reason);
/* Takes that back. */
void batch_accept(struct batch *b, size_t i);
/* How many rows it refuses. */
size_t batch_rejected(const struct batch *b);

#endif
