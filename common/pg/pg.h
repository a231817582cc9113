/* SPDX-License-Identifier: MIT */
/* Conventions with libpq: every wait has a deadline of ours, every failure a class. Blocking calls:
 * belongs on a thread that has nothing else to do (PQconnectStart blocks on name look-ups, whatever
 * connect_timeout says).
 *
 * Missing SQLSTATE means that the connection is gone. */
#ifndef GAPLESS_PG_H
#define GAPLESS_PG_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pg/pg_error.h"

enum { PG_PREPARED_MAX = 16 };
struct pg {
	PGconn *conn;                     /* NULL while not connected */
	char sqlstate[PG_SQLSTATE_BYTES]; /* of the last failure, "" where the server gave none; a
			     success leaves it alone */
	/* private */
	int is_pooled;                         /* the session is not ours alone */
	const char *prepared[PG_PREPARED_MAX]; /* what pg_query_often() has prepared in it */
	size_t prepared_n;
};

struct pg_params {
	int n;
	const char *const *values; /* text format; NULL = SQL NULL */
};
#define PG_NONE ((struct pg_params){0, NULL})
/* The parameters themselves, for a call: PG_VALUES(topic, number). */
#define PG_VALUES(...)                                                                   \
	((struct pg_params){sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), \
			    (const char *const[]){__VA_ARGS__}})

/* Such parameters: a whole number, and a time in epoch milliseconds; INT64_MIN is NULL. The text
 * lives as long as the block around it. */
#define PG_INT(number) pg_int(number, (char[PG_VALUE_BYTES]){0})
#define PG_TIME(ms)    pg_time(ms, (char[PG_VALUE_BYTES]){0})
#define PG_BOOL(yes)   ((yes) ? "true" : "false")
enum { PG_VALUE_BYTES = 32 };
const char *pg_int(int64_t number, char out[PG_VALUE_BYTES]);
const char *pg_time(int64_t ms, char out[PG_VALUE_BYTES]);

/* What is not back by then is given up with its connection; the server's own limit is shorter. */
enum { PG_DEADLINE_MS = 40000 };

/* Of an SQL expression, a time: epoch milliseconds. */
#define SQL_MS(x) "(extract(epoch FROM " x ") * 1000)::bigint"

/* What a transaction sets after its BEGIN, since behind a pooler the session is not ours. */
#define PG_LOCAL                                                                   \
	"SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = '30s'; " \
	"SET LOCAL lock_timeout = '10s'; SET LOCAL idle_in_transaction_session_timeout = '60s'"
/* Such a one, which sees what those have done that it waited for. */
#define PG_BEGIN "BEGIN ISOLATION LEVEL READ COMMITTED; " PG_LOCAL

/* Connects, with our defaults where conninfo and the PG* variables do not say otherwise (conninfo
 * may be empty or NULL): connect_timeout 10 s for each address of each host, keepalives,
 * tcp_user_timeout, target_session_attrs=read-write, application_name. Refuses a server before
 * PostgreSQL 15, then sets the session: UTF8, UTC, DateStyle ISO, synchronous_commit on,
 * statement_timeout 30 s, lock_timeout 10 s, idle_in_transaction_session_timeout 60 s (what takes
 * longer sets its own with SET LOCAL), jit off, read committed; of these, behind a pooler, only the
 * first three, and transactions have to set the others (PG_LOCAL). 0, or -1: ERR_RETRY (not
 * reachable, starting up, read-only) or ERR_FATAL (wrong password, no such database or role, a
 * conninfo that does not parse), with the fix in words. An open one is closed first, so *pg must
 * have been zeroed once. */
int pg_open(struct pg *pg, const char *conninfo, const char *application_name, struct err *err)
	__attribute__((warn_unused_result));
/* Closes without waiting for anything; safe on a closed one. */
void pg_close(struct pg *pg);
int pg_is_open(const struct pg *pg);
/* Forgets the last failure. */
void pg_clear_sqlstate(struct pg *pg);

/* One statement with text parameters, by PQsendQueryParams and poll(2): at most deadline_ms, after
 * which the connection is closed (ERR_RETRY; a server that is frozen answers neither keepalives nor
 * tcp_user_timeout). Returns a result that the caller PQclear()s, or NULL with *err classified
 * (pg_error.c has the table); a failed connection is closed. A signal alone does not end it. A
 * statement that is not within a transaction is tried a few times more if others were in its way
 * (40001, 40P01): serializable transactions are the default in some databases, and behind a pooler
 * the session is not ours to change. */
PGresult *pg_query(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms,
		   struct err *err) __attribute__((warn_unused_result));
/* The same of a statement that comes with every batch, the text of which stays where it is: a
 * session that is ours alone reads and plans it once, which costs more than running it. */
PGresult *pg_query_often(struct pg *pg, const char *sql, struct pg_params params,
			 int64_t deadline_ms, struct err *err) __attribute__((warn_unused_result));
/* Other tables may have the names that are in those statements: each is prepared again. */
int pg_forget_prepared(struct pg *pg, struct err *err) __attribute__((warn_unused_result));
/* The same where no rows are wanted; several statements separated by ';' where params.n == 0. 0 or
 * -1. */
int pg_run(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms,
	   struct err *err) __attribute__((warn_unused_result));

/* The same without parameters, within PG_DEADLINE_MS: BEGIN, COMMIT and their like. */
int pg_exec(struct pg *pg, const char *sql, struct err *err) __attribute__((warn_unused_result));

/* The same where one number is wanted, or whether something is true (1 or 0), in the first column
 * of the first row: 0 where that is NULL, or there is no row. 0 or -1. */
int pg_ask(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms,
	   int64_t *answer, struct err *err) __attribute__((warn_unused_result));

/* The same of a statement that says, in the first column of its first row, what is wrong: 1, and
 * *err is that sentence, of that class; 0 if that is NULL, or there is no row. -1: it failed. */
int pg_complains(struct pg *pg, const char *sql, struct pg_params params, enum err_class class,
		 struct err *err) __attribute__((warn_unused_result));
/* A whole number of a text result; 0, or `otherwise`, where it is NULL. */
int64_t pg_number(const PGresult *res, int row, int column);
int64_t pg_number_or(const PGresult *res, int row, int column, int64_t otherwise);
/* 1 if a boolean of it is true. */
int pg_true(const PGresult *res, int row, int column);

/* COPY ... FROM STDIN: begin (PGRES_COPY_IN), put as often as there is something, end. deadline_ms
 * is for all of it together; otherwise failures are as those of pg_query: NULL results are -1, and
 * after one nothing more may be called with *c. put returns when all of it is on its way, so that
 * nothing piles up here; the server's refusal of a row shows at the end at the latest. */
struct pg_copy {
	struct pg *pg;
	int64_t until_ms, deadline_ms;
	char *piece; /* libpq's, of pg_copy_get() */
};
int pg_copy_begin(struct pg_copy *c, struct pg *pg, const char *sql, ExecStatusType direction,
		  int64_t deadline_ms, struct err *err) __attribute__((warn_unused_result));
int pg_copy_put(struct pg_copy *c, const void *data, size_t bytes, struct err *err)
	__attribute__((warn_unused_result));
/* *rows: how many rows the server says that it has stored. */
int pg_copy_end(struct pg_copy *c, int64_t *rows, struct err *err)
	__attribute__((warn_unused_result));

/* COPY ... TO STDOUT: begin (PGRES_COPY_OUT), then get until it returns 0; to stop before that,
 * pg_close(). Failures as above. 1: *piece, of *bytes, is what the server sent at once, in binary
 * format a row (before the first one the header, behind the last one the trailer), valid until the
 * next call. */
int pg_copy_get(struct pg_copy *c, const char **piece, size_t *bytes, struct err *err)
	__attribute__((warn_unused_result));

#endif
