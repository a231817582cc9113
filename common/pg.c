#include "pg.h"

#include <poll.h>
#include <stddef.h>

#include "clock.h"
#include "pg_connect.h"
#include "pg_error.h"

enum { SESSION_MS = 10000 };

/* One statement after connecting and not `options` in the start-up packet, which PgBouncer before 1.20
 * refuses. synchronous_commit=off could lose what we took for committed. The idle timeout frees the rows that
 * a frozen process has locked. */
static const char session_sql[] = "SET client_encoding = 'UTF8'; "
				  "SET TIME ZONE 'UTC'; "
				  "SET DateStyle = 'ISO'; "
				  "SET synchronous_commit = on; "
				  "SET statement_timeout = '30s'; "
				  "SET lock_timeout = '10s'; "
				  "SET idle_in_transaction_session_timeout = '60s'";

int pg_open(struct pg *pg, const char *conninfo, const char *application_name, struct err *err)
{
	pg_close(pg);
	if (pg_connect(pg, conninfo, application_name, err))
		return -1;
	if (pg_run(pg, session_sql, (struct pg_params){0, NULL}, SESSION_MS, err)) {
		pg_close(pg);
		return -1;
	}
	return 0;
}

void pg_close(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
}

int pg_is_open(const struct pg *pg)
{
	return pg->conn != NULL;
}

/* ---- statements ---- */

/* A failure after which the connection is of no use. */
static int lost(struct pg *pg, const PGresult *res, struct err *err)
{
	pg_error_lost(pg, res, err);
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
 * non-blocking, and what the server says meanwhile is taken in (otherwise both sides could wait for the
 * other). 1, 0 too late, -1 lost. */
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

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY;
}

static int is_copy(const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Takes results until there is none left, and keeps the first failure or else the last one. 1, 0 too late, -1
 * lost, -2 COPY: this is no place for it. */
static int collect(PGconn *conn, int64_t until_ms, PGresult **kept)
{
	PGresult *res;
	int ready;

	for (;;) {
		ready = await_result(conn, until_ms);
		/* What a broken connection still has to say: its socket is closed, so that this does not
		 * block. */
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

/* `simple`: the simple protocol, which takes several statements and no parameters. */
static PGresult *execute(struct pg *pg, const char *sql, struct pg_params params, int simple,
			 int64_t deadline_ms, struct err *err)
{
	int64_t until_ms = clock_boot_ms() + deadline_ms;
	PGresult *res = NULL;
	int sent, got, keep = 1;

	if (!pg->conn) {
		pg->sqlstate[0] = 0;
		err_set(err, ERR_RETRY, "the database is not connected");
		return NULL;
	}
	sent = simple ? PQsendQuery(pg->conn, sql)
		      : PQsendQueryParams(pg->conn, sql, params.n, NULL, params.values, NULL, NULL, 0);
	if (!sent) {
		lost(pg, NULL, err);
		return NULL;
	}
	got = flush(pg->conn, until_ms);
	if (got != 0) /* after a failure too: the server's last words may have come */
		got = collect(pg->conn, until_ms, &res);
	if (got == 1 && res && !failed(res))
		return res;

	if (got == 0)
		too_late(pg, deadline_ms, err);
	else if (got == -2)
		wrong_kind(pg, err);
	else if (got == 1 && res)
		pg_error_statement(pg, res, &keep, err);
	else
		lost(pg, res && failed(res) ? res : NULL, err);
	PQclear(res);
	if (!keep)
		pg_close(pg);
	return NULL;
}

PGresult *pg_query(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms,
		   struct err *err)
{
	return execute(pg, sql, params, 0, deadline_ms, err);
}

int pg_run(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms, struct err *err)
{
	PGresult *res = execute(pg, sql, params, params.n == 0, deadline_ms, err);

	if (!res)
		return -1;
	PQclear(res);
	return 0;
}
