/* SPDX-License-Identifier: MIT */
/* What the statements of a batch are put together in, kept from batch to batch. */
#ifndef GAPLESS_SCRATCH_H
#define GAPLESS_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#include "common/pg/pg.h"
#include "pgarray.h"

/* How a row of the batch stands against the table. */
enum row_state {
	ROW_EXCLUDED,  /* refused by the database, or given up: not asked */
	ROW_MISSING,   /* its key is not in the table */
	ROW_NEWER,     /* it wins against what is there, or only the server can tell */
	ROW_CONFIRMS,  /* it wins, and has the same values */
	ROW_IDENTICAL, /* it does not win, or need not, and has the same values */
	ROW_STALE      /* it does not win, and has other values */
};

/* Consecutive rows [from, to) of one series. */
struct stretch {
	size_t from, to;
};

/* Of a digest of what the server's catalogue has of the tables (SQL_SHAPE). */
enum { SHAPE_BYTES = 33 };
/* A stretch among others in the order of time. */
struct turn {
	int64_t first_ms;
	size_t stretch;
};

enum { SCRATCH_ARRAYS = 11, SCRATCH_TUPLES_BYTES = 64 << 10 };
struct store_scratch {
	struct buf a[SCRATCH_ARRAYS];
	struct buf sql;            /* a statement that takes no parameters */
	unsigned char *tuples;     /* SCRATCH_TUPLES_BYTES of a COPY */
	unsigned char *state;      /* an enum row_state a row */
	int64_t *floor_ms;         /* a row: nothing of its series before that is stored */
	struct stretch *stretches; /* as many as there are rows, at most */
	struct turn *turns;        /* of the stretches */
	size_t rows_cap;
	int upserts;             /* private */
	char shape[SHAPE_BYTES]; /* of the tables, when a batch found them fit; "": none has */
	int is_chunked;          /* market_data is a hypertable */
};

void store_scratch_init(struct store_scratch *scratch);
void store_scratch_release(struct store_scratch *scratch);

/* Empties the arrays. */
void scratch_clear(struct store_scratch *scratch);
/* Runs a statement, the parameters of which are `first` (unless that is NULL) and then the first n
 * arrays. NULL, or -1, with *err. */
PGresult *scratch_query(struct store_scratch *scratch, struct pg *pg, const char *sql,
			const char *first, size_t n, struct err *err)
	__attribute__((warn_unused_result));
int scratch_run(struct store_scratch *scratch, struct pg *pg, const char *sql, const char *first,
		size_t n, struct err *err) __attribute__((warn_unused_result));
/* Closes the first n arrays into values[], for a statement that has other parameters, too. 0, or
 * -1: the batch does not fit. */
int scratch_values(struct store_scratch *scratch, size_t n, const char **values, struct err *err)
	__attribute__((warn_unused_result));
/* Makes `state`, `floor_ms` and `stretches` large enough for n rows. */
void scratch_take_rows(struct store_scratch *scratch, size_t n);

/* The tables are fit, with this shape. */
void scratch_note_shape(struct store_scratch *scratch, const char shape[SHAPE_BYTES],
			int is_chunked);
/* The next n batches are stored without COPY, for another writer was in the way. */
void scratch_avoid_copy(struct store_scratch *scratch, int n);
int scratch_avoids_copy(const struct store_scratch *scratch);
/* One batch is stored. */
void scratch_stored(struct store_scratch *scratch);

#endif
