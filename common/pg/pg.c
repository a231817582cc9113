/* SPDX-License-Identifier: MIT */
#include "common/pg/pg.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/pg/pg_connect.h"
#include "common/pg/pg_error.h"
#include "common/text/timetext.h"

enum { SESSION_MS = 10000, AGAIN_MAX = 8, AGAIN_FIRST_MS = 10, AGAIN_MOST_MS = 250 };

/* Statements after connecting and not `options` in the start-up packet, which PgBouncer before 1.20
 * refuses. Poolers keep track of these three for each client. */
#define SQL_TRACKED "SET client_encoding = 'UTF8'; SET TIME ZONE 'UTC'; SET DateStyle = 'ISO'"

/* The others would leak into whatever uses the server's session next, so they are for a session
 * that is ours alone; behind a pooler each transaction sets them itself (PG_LOCAL).
 * synchronous_commit=off could lose what we took for committed. The idle timeout frees the rows
 * that a frozen process has locked. Read committed: what waited for a lock sees what the holder has
 * done, and nothing fails for it (40001). Names of types are compared as they are. jit: what a
 * function may return is estimated so high that the server compiles statements for a second which
 * then take a few milliseconds. */
#define SQL_OWN                                                                                    \
	"; SET synchronous_commit = on; SET statement_timeout = '30s'; SET lock_timeout = '10s'; " \
	"SET idle_in_transaction_session_timeout = '60s'; SET jit = off; "                         \
	"SET default_transaction_isolation = 'read committed'; "                                   \
	"SET default_transaction_deferrable = off; SET quote_all_identifiers = off"

/* A pooler gives its clients a key of its own, since they may be served by any of its sessions. */
static int is_pooled(const struct pg *pg, const PGresult *res)
{
	return PQntuples(res) == 1 && pg_number(res, 0, 0) != (int64_t)PQbackendPID(pg->conn);
}

static int set_session(struct pg *pg, struct err *err)
{
	PGresult *res = pg_query(pg, "SELECT pg_backend_pid()", PG_NONE, SESSION_MS, err);

	if (!res)
		return -1;
	pg->is_pooled = is_pooled(pg, res);
	PQclear(res);
	return pg_run(pg, pg->is_pooled ? SQL_TRACKED : SQL_TRACKED SQL_OWN, PG_NONE, SESSION_MS,
		      err);
}

int pg_open(struct pg *pg, const char *conninfo, const char *application_name, struct err *err)
{
	pg_close(pg);
	pg->conn = pg_connect(conninfo, application_name, pg->sqlstate, err);
	if (!pg->conn)
		return -1;
	if (set_session(pg, err)) {
		pg_close(pg);
		return -1;
	}
	return 0;
}

void pg_close(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg->prepared_n = 0;
}

void pg_clear_sqlstate(struct pg *pg)
{
	pg->sqlstate[0] = 0;
}

int pg_is_open(const struct pg *pg)
{
	return pg->conn != NULL;
}

/* ---- statements ---- */

/* A failure after which the connection is of no use. */
static int lost(struct pg *pg, const PGresult *res, struct err *err)
{
	pg_error_lost(pg->sqlstate, pg->conn, res, err);
	pg_close(pg);
	return -1;
}

static int too_late(struct pg *pg, int64_t deadline_ms, struct err *err)
{
	pg_close(pg);
	pg->sqlstate[0] = 0;
	if (deadline_ms % 1000)
		return err_set(err, ERR_RETRY, "the database has not answered for %lld ms",
			       (long long)deadline_ms);
	return err_set(err, ERR_RETRY, "the database has not answered for %lld s",
		       (long long)(deadline_ms / 1000));
}

/* Sends all of the statement. A server that does not read fills our socket: so the connection is
 * non-blocking, and what the server says meanwhile is taken in (otherwise both sides could wait for
 * the other). 1, 0 too late, -1 lost. */
static int flush(PGconn *conn, int64_t until_ms)
{
	int left, ready;

	while ((left = PQflush(conn)) > 0) {
		ready = pg_wait(conn, POLLIN | POLLOUT, until_ms);
		if (ready <= 0)
			return ready;
		if (!PQconsumeInput(conn))
			return -1;
	}
	return left < 0 ? -1 : 1;
}

/* Waits until PQgetResult does not block. 1, 0 too late, -1 lost. */
static int await_result(PGconn *conn, int64_t until_ms)
{
	int ready;

	while (PQisBusy(conn)) {
		ready = pg_wait(conn, POLLIN, until_ms);
		if (ready <= 0)
			return ready;
		if (!PQconsumeInput(conn))
			return -1;
	}
	return 1;
}

static int wrong_kind(struct pg *pg, struct err *err)
{
	pg_close(pg);
	pg->sqlstate[0] = 0;
	return err_set(err, ERR_FATAL, "a COPY came where a statement was expected");
}

static int failed(const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
	       status != PGRES_EMPTY_QUERY;
}

static int is_copy(const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Takes results until there is none left, and keeps the first failure or else the last one. 1, 0
 * too late, -1 lost, -2 COPY: this is no place for it. */
static int collect(PGconn *conn, int64_t until_ms, PGresult **kept)
{
	PGresult *res;
	int ready;

	for (;;) {
		ready = await_result(conn, until_ms);
		/* What a broken connection still has to say: its socket is closed, so that this
		 * does not block. */
		if (ready == 0 || (ready < 0 && PQstatus(conn) != CONNECTION_BAD))
			return ready;
		res = PQgetResult(conn);
		if (!res)
			return PQstatus(conn) == CONNECTION_BAD ? -1 : 1;
		if (*kept && failed(*kept)) {
			PQclear(res);
		} else {
			PQclear(*kept);
			*kept = res;
		}
		if (is_copy(*kept))
			return -2;
	}
}

/* The rest of an answer, of which res, if there is one, has come; `got` is what came of waiting for
 * the connection. The result, or NULL with *err. Takes res. */
static PGresult *finish(struct pg *pg, int got, PGresult *res, int64_t until_ms,
			int64_t deadline_ms, struct err *err)
{
	int keep = 1;

	if (got != 0) /* after a failure too: the server's last words may have come */
		got = collect(pg->conn, until_ms, &res);
	if (got == 1 && res && !failed(res))
		return res;
	if (got == 0)
		too_late(pg, deadline_ms, err);
	else if (got == -2)
		wrong_kind(pg, err);
	else if (got == 1 && res)
		pg_error_statement(pg->sqlstate, res, &keep, err);
	else
		lost(pg, res && failed(res) ? res : NULL, err);
	PQclear(res);
	if (!keep)
		pg_close(pg);
	return NULL;
}

static int not_connected(struct pg *pg, struct err *err)
{
	pg->sqlstate[0] = 0;
	return err_set(err, ERR_RETRY, "the database is not connected");
}

/* The answer to a statement that was sent, or was not. */
static PGresult *answer(struct pg *pg, int sent, int64_t deadline_ms, struct err *err)
{
	int64_t until_ms = clock_boot_ms() + deadline_ms;

	if (!pg->conn) {
		not_connected(pg, err);
		return NULL;
	}
	if (!sent) {
		lost(pg, NULL, err);
		return NULL;
	}
	return finish(pg, flush(pg->conn, until_ms), NULL, until_ms, deadline_ms, err);
}

/* Sends the statement, without parameters by the simple protocol, which takes several. */
static PGresult *ask(struct pg *pg, const char *sql, struct pg_params params, int is_simple,
		     int64_t deadline_ms, struct err *err)
{
	int sent = is_simple ? PQsendQuery(pg->conn, sql)
			     : PQsendQueryParams(pg->conn, sql, params.n, NULL, params.values, NULL,
						 NULL, 0);

	return answer(pg, sent, deadline_ms, err);
}

/* What was alone was rolled back as a whole (manual: Serialization Failure Handling). */
static int may_run_again(const struct pg *pg)
{
	return pg->conn != NULL && PQtransactionStatus(pg->conn) == PQTRANS_IDLE &&
	       (strcmp(pg->sqlstate, "40001") == 0 || strcmp(pg->sqlstate, "40P01") == 0);
}

static PGresult *ask_again(struct pg *pg, const char *sql, struct pg_params params, int is_simple,
			   int64_t deadline_ms, struct err *err)
{
	int is_alone = pg->conn != NULL && PQtransactionStatus(pg->conn) == PQTRANS_IDLE;
	int64_t until_ms = clock_boot_ms() + deadline_ms;
	struct backoff backoff;
	PGresult *res = ask(pg, sql, params, is_simple, deadline_ms, err);

	backoff_init(&backoff, AGAIN_FIRST_MS, AGAIN_MOST_MS);
	for (int n = 0; res == NULL && is_alone && n < AGAIN_MAX && may_run_again(pg); n++) {
		poll(NULL, 0, (int)backoff_next_ms(&backoff, backoff_random()));
		deadline_ms = until_ms - clock_boot_ms();
		if (deadline_ms <= 0)
			break;
		res = ask(pg, sql, params, is_simple, deadline_ms, err);
	}
	return res;
}

PGresult *pg_query(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms,
		   struct err *err)
{
	return ask_again(pg, sql, params, 0, deadline_ms, err);
}

PGresult *pg_query_often(struct pg *pg, const char *sql, struct pg_params params,
			 int64_t deadline_ms, struct err *err)
{
	char name[24];
	size_t n = 0;

	while (n < pg->prepared_n && pg->prepared[n] != sql)
		n++;
	if (pg->is_pooled || n == PG_PREPARED_MAX)
		return pg_query(pg, sql, params, deadline_ms, err);
	snprintf(name, sizeof(name), "gapless%zu", n);
	if (n == pg->prepared_n) {
		PGresult *res =
			answer(pg, PQsendPrepare(pg->conn, name, sql, 0, NULL), deadline_ms, err);

		if (!res)
			return NULL;
		PQclear(res);
		pg->prepared[pg->prepared_n++] = sql;
	}
	return answer(pg,
		      PQsendQueryPrepared(pg->conn, name, params.n, params.values, NULL, NULL, 0),
		      deadline_ms, err);
}

int pg_forget_prepared(struct pg *pg, struct err *err)
{
	pg->prepared_n = 0;
	return pg->is_pooled ? 0 : pg_exec(pg, "DEALLOCATE ALL", err);
}

int pg_run(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms,
	   struct err *err)
{
	PGresult *res = ask_again(pg, sql, params, params.n == 0, deadline_ms, err);

	if (!res)
		return -1;
	PQclear(res);
	return 0;
}

int pg_exec(struct pg *pg, const char *sql, struct err *err)
{
	return pg_run(pg, sql, PG_NONE, PG_DEADLINE_MS, err);
}

int pg_ask(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms,
	   int64_t *answer, struct err *err)
{
	PGresult *res = pg_query(pg, sql, params, deadline_ms, err);

	if (!res)
		return -1;
	*answer = 0;
	if (PQntuples(res) > 0)
		*answer = pg_true(res, 0, 0) ? 1 : pg_number(res, 0, 0);
	PQclear(res);
	return 0;
}

int pg_complains(struct pg *pg, const char *sql, struct pg_params params, enum err_class class,
		 struct err *err)
{
	PGresult *res = pg_query(pg, sql, params, PG_DEADLINE_MS, err);
	int complaint;

	if (!res)
		return -1;
	complaint = PQntuples(res) > 0 && !PQgetisnull(res, 0, 0);
	if (complaint)
		err_set(err, class, "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	return complaint;
}

const char *pg_int(int64_t number, char out[PG_VALUE_BYTES])
{
	if (number == INT64_MIN)
		return NULL;
	snprintf(out, PG_VALUE_BYTES, "%" PRId64, number);
	return out;
}

const char *pg_time(int64_t ms, char out[PG_VALUE_BYTES])
{
	return ms == INT64_MIN ? NULL : time_format_ms(ms, out);
}

int64_t pg_number(const PGresult *res, int row, int column)
{
	return strtoll(PQgetvalue(res, row, column), NULL, 10);
}

int64_t pg_number_or(const PGresult *res, int row, int column, int64_t otherwise)
{
	return PQgetisnull(res, row, column) ? otherwise : pg_number(res, row, column);
}

int pg_true(const PGresult *res, int row, int column)
{
	return *PQgetvalue(res, row, column) == 't';
}

/* ---- COPY ---- */

/* No COPY came of the statement: what the server has to say, and res, if there is one, is the first
 * of it. -1. */
static int copy_failed(struct pg_copy *c, PGresult *res, struct err *err)
{
	res = finish(c->pg, 1, res, c->until_ms, c->deadline_ms, err);
	if (res) {
		PQclear(res);
		pg_close(c->pg);
		err_set(err, ERR_FATAL, "a statement came where a COPY was expected");
	}
	return -1;
}

int pg_copy_begin(struct pg_copy *c, struct pg *pg, const char *sql, ExecStatusType direction,
		  int64_t deadline_ms, struct err *err)
{
	PGresult *res;
	int got;

	*c = (struct pg_copy){
		.pg = pg, .until_ms = clock_boot_ms() + deadline_ms, .deadline_ms = deadline_ms};
	if (!pg->conn)
		return not_connected(pg, err);
	if (!PQsendQuery(pg->conn, sql))
		return lost(pg, NULL, err);
	got = flush(pg->conn, c->until_ms);
	if (got > 0)
		got = await_result(pg->conn, c->until_ms);
	if (got == 0)
		return too_late(pg, deadline_ms, err);
	if (got < 0)
		return copy_failed(c, NULL, err);
	res = PQgetResult(pg->conn);
	if (res && PQresultStatus(res) == direction) {
		PQclear(res);
		return 0;
	}
	return copy_failed(c, res, err);
}

int pg_copy_put(struct pg_copy *c, const void *data, size_t bytes, struct err *err)
{
	int got;

	if (bytes > INT_MAX || PQputCopyData(c->pg->conn, data, (int)bytes) != 1)
		return lost(c->pg, NULL, err);
	got = flush(c->pg->conn, c->until_ms);
	if (got == 0)
		return too_late(c->pg, c->deadline_ms, err);
	return got > 0 ? 0 : lost(c->pg, NULL, err);
}

int pg_copy_end(struct pg_copy *c, int64_t *rows, struct err *err)
{
	PGresult *res;

	if (PQputCopyEnd(c->pg->conn, NULL) != 1)
		return lost(c->pg, NULL, err);
	res = finish(c->pg, flush(c->pg->conn, c->until_ms), NULL, c->until_ms, c->deadline_ms,
		     err);
	if (!res)
		return -1;
	*rows = strtoll(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	return 0;
}

/* What the server says behind the last row. */
static int copy_out_end(struct pg_copy *c, struct err *err)
{
	PGresult *res = finish(c->pg, 1, NULL, c->until_ms, c->deadline_ms, err);

	PQclear(res);
	return res ? 0 : -1;
}

int pg_copy_get(struct pg_copy *c, const char **piece, size_t *bytes, struct err *err)
{
	int got, ready;

	PQfreemem(c->piece);
	c->piece = NULL;
	while ((got = PQgetCopyData(c->pg->conn, &c->piece, 1)) == 0) {
		ready = pg_wait(c->pg->conn, POLLIN, c->until_ms);
		if (ready == 0)
			return too_late(c->pg, c->deadline_ms, err);
		if (ready < 0 || !PQconsumeInput(c->pg->conn))
			return lost(c->pg, NULL, err);
	}
	if (got == -2)
		return lost(c->pg, NULL, err);
	if (got == -1)
		return copy_out_end(c, err);
	*piece = c->piece;
	*bytes = (size_t)got;
	return 1;
}
