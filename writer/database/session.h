/* SPDX-License-Identifier: MIT */
/* A session of the writer's with the database: the connection, the rows that note how far it is,
 * and what the statements of a batch are put together in, kept from batch to batch. */
#ifndef GAPLESS_SESSION_H
#define GAPLESS_SESSION_H

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

/* Where the end of a batch is noted (cursor.h). */
struct cursor {
	const char *topic;
	const char *key; /* of the rows: the topic, or the replay's name */
	const struct cursor_sql *sql;
};

enum { SESSION_ARRAYS = 11, SESSION_TUPLES_BYTES = 64 << 10 };
struct session {
	struct pg pg;
	struct cursor cursor;
	struct buf a[SESSION_ARRAYS];
	struct buf sql;            /* a statement that takes no parameters */
	unsigned char *tuples;     /* SESSION_TUPLES_BYTES of a COPY */
	unsigned char *state;      /* an enum row_state a row */
	int64_t *floor_ms;         /* a row: nothing of its series before that is stored */
	struct stretch *stretches; /* as many as there are rows, at most */
	struct turn *turns;        /* of the stretches */
	size_t rows_cap;
	int upserts;             /* private */
	char shape[SHAPE_BYTES]; /* of the tables, when a batch found them fit; "": none has */
	int is_chunked;          /* market_data is a hypertable */
};

/* Not connected yet. */
void session_init(struct session *db, struct cursor cursor);
void session_release(struct session *db);

/* Empties the arrays. */
void session_clear(struct session *db);
/* Runs a statement, the parameters of which are `first` (unless that is NULL) and then the first n
 * arrays. NULL, or -1, with *err. */
PGresult *session_query(struct session *db, const char *sql, const char *first, size_t n,
			struct err *err) __attribute__((warn_unused_result));
int session_run(struct session *db, const char *sql, const char *first, size_t n, struct err *err)
	__attribute__((warn_unused_result));
/* Closes the first n arrays into values[], for a statement that has other parameters, too. 0, or
 * -1: the batch does not fit. */
int session_values(struct session *db, size_t n, const char **values, struct err *err)
	__attribute__((warn_unused_result));
/* Makes what is there for each row, `state` to `turns`, large enough for n of them. */
void session_take_rows(struct session *db, size_t n);

/* The tables are fit, with this shape. */
void session_note_shape(struct session *db, const char shape[SHAPE_BYTES], int is_chunked);
/* The next n batches are stored without COPY, for another writer was in the way. */
void session_avoid_copy(struct session *db, int n);
int session_avoids_copy(const struct session *db);
/* One batch is stored. */
void session_stored(struct session *db);

#endif
