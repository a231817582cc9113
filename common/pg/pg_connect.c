/* SPDX-License-Identifier: MIT */
/* A connection by PQconnectPoll, so that the deadline is ours (connect_timeout is ignored there,
 * and elsewhere goes by the wall clock). It has no call for "leave this host, try the next". So
 * where the time is up, a socket that is still connecting is shut down, which libpq takes for a
 * refusal and goes on to the next address or host; and after a host that took the connection and
 * says nothing, another connection begins with the rest of the host list. */
#include "common/pg/pg_connect.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pg/pg_conninfo.h"
#include "common/pg/pg_error.h"

enum { CONNECT_S = 10, CONNECT_MAX_S = 600, SERVER_OLDEST = 150000 };

/* Ours where nobody says otherwise: a conninfo wins since it comes later, a variable since the
 * default is then left out. keepalives find a peer that is gone while we wait, tcp_user_timeout one
 * that is gone while we send. */
static const struct preset {
	const char *keyword, *value, *variable;
} presets[] = {
	{"connect_timeout", "10", "PGCONNECT_TIMEOUT"},
	{"target_session_attrs", "read-write", "PGTARGETSESSIONATTRS"},
	{"keepalives", "1", NULL},
	{"keepalives_idle", "30", NULL},
	{"keepalives_interval", "10", NULL},
	{"keepalives_count", "3", NULL},
	{"tcp_user_timeout", "30000", NULL},
};

enum { PRESETS = sizeof(presets) / sizeof(*presets), PARAMS = PRESETS + 6 };

/* What is left of the lists in host, hostaddr and port after hosts that did not answer; NULL = as
 * configured. */
struct rest {
	char *host, *hostaddr, *port;
};

int pg_wait(PGconn *conn, short events, int64_t until_ms)
{
	struct pollfd p = {.fd = PQsocket(conn), .events = events};
	int64_t left_ms;
	int n;

	if (p.fd < 0)
		return -1;
	do {
		left_ms = until_ms - clock_boot_ms();
		if (left_ms <= 0)
			return 0;
		n = poll(&p, 1, left_ms > 60000 ? 60000 : (int)left_ms);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n > 0 ? 1 : -1;
}

static void on_notice(void *arg, const PGresult *res)
{
	const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	(void)arg;
	log_debug("notice from the database", L_STR("severity", severity ? severity : "libpq"),
		  L_STR("text", text ? text : PQresultErrorMessage(res)));
}

static PGconn *start(const char *conninfo, const char *application_name, const struct rest *rest)
{
	const char *keys[PARAMS + 1] = {NULL}, *values[PARAMS + 1] = {NULL};
	size_t n = 0;
	PGconn *conn;

#define PARAM(key, value) (keys[n] = (key), values[n++] = (value))
	for (size_t i = 0; i < PRESETS; i++) {
		if (!presets[i].variable || !getenv(presets[i].variable))
			PARAM(presets[i].keyword, presets[i].value);
	}
	PARAM("fallback_application_name", application_name);
	if (conninfo && *conninfo)
		PARAM("dbname", conninfo);
	if (rest->host)
		PARAM("host", rest->host);
	if (rest->hostaddr)
		PARAM("hostaddr", rest->hostaddr);
	if (rest->port)
		PARAM("port", rest->port);
#undef PARAM
	conn = PQconnectStartParams(keys, values, 1);
	if (conn) {
		PQsetNoticeReceiver(conn, on_notice, NULL);
		PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	}
	return conn;
}

/* ---- the host list ---- */

/* What follows the n-th comma, or NULL. */
static const char *after_comma(const char *list, size_t n)
{
	for (; list && n > 0; n--) {
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	return list;
}

static int element_is(const char *list, size_t n, const char *text)
{
	const char *at = after_comma(list, n);

	return at && strcspn(at, ",") == strlen(text) && strncmp(at, text, strlen(text)) == 0;
}

/* Which element of the lists the connection is at; the first where that cannot be seen. */
static size_t place_of(PGconn *conn, const char *hosts, const char *ports)
{
	for (size_t i = 0; after_comma(hosts, i); i++) {
		if (element_is(hosts, i, PQhost(conn)) &&
		    (!ports || !strchr(ports, ',') || element_is(ports, i, PQport(conn))))
			return i;
	}
	return 0;
}

static char *cut(char *list, size_t n)
{
	const char *after = after_comma(list, n);
	char *rest = after ? xstrdup(after) : NULL;

	if (!rest)
		return list; /* one port for all hosts, or no list */
	free(list);
	return rest;
}

static void rest_release(struct rest *r)
{
	free(r->host);
	free(r->hostaddr);
	free(r->port);
	*r = (struct rest){NULL, NULL, NULL};
}

/* 1 if hosts are left. */
static int rest_advance(struct rest *r, PGconn *conn)
{
	const char *hosts;
	size_t used;

	rest_release(r);
	r->host = pg_conninfo_value(conn, "host");
	r->hostaddr = pg_conninfo_value(conn, "hostaddr");
	r->port = pg_conninfo_value(conn, "port");
	hosts = r->host ? r->host : r->hostaddr;
	used = place_of(conn, hosts, r->port) + 1;
	if (!after_comma(hosts, used))
		return 0;
	r->host = cut(r->host, used);
	r->hostaddr = cut(r->hostaddr, used);
	r->port = cut(r->port, used);
	return 1;
}

/* ---- one connection ---- */

static int64_t connect_ms(PGconn *conn)
{
	char *text = pg_conninfo_value(conn, "connect_timeout");
	long seconds = text ? strtol(text, NULL, 10) : 0;

	free(text);
	if (seconds <= 0 || seconds > CONNECT_MAX_S)
		seconds = CONNECT_S; /* 0 is libpq's "for ever" */
	return (int64_t)seconds * 1000;
}

/* 1 connected, 0 the time is up, -1 refused (the connection holds the reason). An address has
 * budget_ms. */
static int drive(PGconn *conn, int64_t budget_ms)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;
	int64_t until_ms = clock_boot_ms() + budget_ms;
	int ready;

	if (PQstatus(conn) == CONNECTION_BAD)
		return -1;
	while (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
		ready = pg_wait(conn, want == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_ms);
		if (ready < 0 || (ready == 0 && PQstatus(conn) != CONNECTION_STARTED))
			return ready;
		if (ready == 0) {
			shutdown(PQsocket(conn), SHUT_RDWR);
			until_ms = clock_boot_ms() + budget_ms;
		}
		want = PQconnectPoll(conn);
		if (ready == 0 && want == PGRES_POLLING_FAILED)
			return 0;
	}
	return want == PGRES_POLLING_OK ? 1 : -1;
}

static int check_server(PGconn *conn, struct err *err)
{
	int version = PQserverVersion(conn);

	if (version >= SERVER_OLDEST)
		return 0;
	return err_set(err, ERR_FATAL,
		       "the database server is PostgreSQL %d.%d: upgrade it to 15 or newer",
		       version / 10000, version % 10000);
}

PGconn *pg_connect(const char *conninfo, const char *application_name,
		   char sqlstate[PG_SQLSTATE_BYTES], struct err *err)
{
	struct rest rest = {NULL, NULL, NULL};
	PGconn *conn = NULL, *made = NULL;
	int got = 0;

	sqlstate[0] = 0;
	if (pg_conninfo_parse(conninfo, err))
		return NULL;
	do {
		PQfinish(conn);
		conn = start(conninfo, application_name, &rest);
		if (!conn) {
			err_set(err, ERR_RETRY, "no memory for a database connection");
			goto out;
		}
		got = drive(conn, connect_ms(conn));
	} while (got == 0 && rest_advance(&rest, conn));

	if (got < 0) {
		pg_error_connect(sqlstate, conn, err);
	} else if (got == 0) {
		err_set(err, ERR_RETRY, "the database at %s, port %s, has not answered for %lld s",
			PQhost(conn), PQport(conn), (long long)(connect_ms(conn) / 1000));
	} else if (PQsetnonblocking(conn, 1)) {
		err_set(err, ERR_RETRY, "the database connection cannot be made non-blocking");
	} else if (check_server(conn, err) == 0) {
		PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
		made = conn;
		conn = NULL;
	}
out:
	PQfinish(conn);
	rest_release(&rest);
	return made;
}
