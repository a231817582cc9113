/* SPDX-License-Identifier: MIT */
#include "common/pg/pg_conninfo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/pg/pg_error.h"
#include "common/settings/settings_redact.h"
#include "common/text/utf8.h"

#define NOT_VALID "the conninfo of the database is not valid: "

/* To libpq a password in a URI ends at the first '@' or '/': what follows is a host, a port or a
 * database, which is waited for, and named in the log. Is there a second '@' before the
 * parameters? */
static int has_stray_at(const char *conninfo)
{
	const char *at, *parameters;

	if (strncmp(conninfo, "postgresql://", 13) != 0 &&
	    strncmp(conninfo, "postgres://", 11) != 0)
		return 0;
	at = strstr(conninfo, "://") + 3;
	at += strcspn(at, "@/");
	parameters = at + strcspn(at, "?");
	return *at && memchr(at + 1, '@', (size_t)(parameters - at)) != NULL;
}

/* libpq's text repeats a word of it, which can be a piece of the password. */
int pg_conninfo_parse(const char *conninfo, struct err *err)
{
	PQconninfoOption *options;
	char *text = NULL, *redacted, line[300];

	if (!conninfo || (!strchr(conninfo, '=') && !strstr(conninfo, "://")))
		return 0;
	if (has_stray_at(conninfo))
		return err_set(
			err, ERR_FATAL,
			"the conninfo of the database is a URI with an '@' or '/' in its user or password: "
			"write %%40 and %%2F for them, or host=... user=... password='...'");
	options = PQconninfoParse(conninfo, &text);
	if (options) {
		PQconninfoFree(options);
		return 0;
	}
	redacted = settings_redact(conninfo);
	if (strcmp(redacted, conninfo) != 0)
		err_set(err, ERR_FATAL,
			"the conninfo of the database does not parse (the reason is not shown, since there is a "
			"password in it): write host=... user=... password='...' or percent-encode what is special "
			"in a URI");
	else
		err_set(err, ERR_FATAL, "the conninfo of the database does not parse: %s",
			utf8_line(text ? text : "out of memory", text ? strlen(text) : 13, line,
				  sizeof(line)));
	free(redacted);
	PQfreemem(text);
	return -1;
}

char *pg_conninfo_value(PGconn *conn, const char *keyword)
{
	PQconninfoOption *options = PQconninfo(conn);
	char *value = NULL;

	for (PQconninfoOption *o = options; o && o->keyword; o++) {
		if (strcmp(o->keyword, keyword) == 0 && o->val && *o->val)
			value = xstrdup(o->val);
	}
	PQconninfoFree(options);
	return value;
}

/* At an address of our own, so that no name is looked up: what libpq refuses at once, it refuses
 * before it tries that. */
static int refused_at_once(const char *conninfo, struct err *err)
{
	static const char *const keys[] = {"dbname", "host", "hostaddr", "port", NULL};
	const char *const values[] = {conninfo, "localhost", "127.0.0.1", "1", NULL};
	PGconn *conn = PQconnectStartParams(keys, values, 1);
	char sqlstate[PG_SQLSTATE_BYTES];
	int rc = 0;

	if (conn && PQstatus(conn) == CONNECTION_BAD &&
	    pg_error_connect(sqlstate, conn, err) != 0 && err->class == ERR_FATAL)
		rc = -1;
	PQfinish(conn);
	if (rc == 0)
		err_clear(err);
	return rc;
}

/* ---- what libpq looks at when it connects ---- */

/* Attributes that are none: libpq takes all values over, and goes no further. */
static PGconn *values_of(const char *conninfo)
{
	static const char *const keys[] = {"dbname", "target_session_attrs", NULL};
	const char *const values[] = {conninfo, "values only", NULL};

	return PQconnectStartParams(keys, values, 1);
}

static size_t length_of(const char *list)
{
	size_t n = list != NULL;

	for (; list && *list; list++)
		n += *list == ',';
	return n;
}

static int same_length(const char *what, const char *list, const char *hosts, struct err *err)
{
	size_t n = length_of(list), n_hosts = length_of(hosts);

	if (n == n_hosts || n == 0)
		return 0;
	return err_set(err, ERR_FATAL, NOT_VALID "it has %zu of %s for %zu of host: one for each",
		       n, what, n_hosts);
}

static int is_whole(const char *text, long least, long most)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	return end > text && end[strspn(end, " \t")] == '\0' && errno == 0 && value >= least &&
	       value <= most;
}

static int is_port(const char *text)
{
	return is_whole(text, 1, 65535);
}

static int is_number(const char *text)
{
	return is_whole(text, INT32_MIN, INT32_MAX);
}

static int is_address(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, address) == 1 || strchr(text, ':') != NULL;
}

/* Each element of the list, but the empty ones, which stand for libpq's defaults. */
static int each(const char *what, const char *list, int (*is)(const char *text), const char *wanted,
		struct err *err)
{
	char *copy = xstrdup(list ? list : ""), *rest = copy, *one, shown[PRINTABLE_BYTES];
	int rc = 0;

	while (rc == 0 && (one = strsep(&rest, ",")) != NULL)
		if (*one && !is(one))
			rc = err_set(err, ERR_FATAL, NOT_VALID "%s '%s' is not %s", what,
				     printable(one, shown), wanted);
	free(copy);
	return rc;
}

static int hosts_check(PGconn *conn, struct err *err)
{
	char *host = pg_conninfo_value(conn, "host"),
	     *hostaddr = pg_conninfo_value(conn, "hostaddr"),
	     *port = pg_conninfo_value(conn, "port");
	int rc = -1;

	if ((host && same_length("hostaddr", hostaddr, host, err)) ||
	    (length_of(port) > 1 && same_length("port", port, host ? host : hostaddr, err)))
		goto out;
	rc = each("port", port, is_port, "a number from 1 to 65535", err) ||
			     each("hostaddr", hostaddr, is_address, "an address", err)
		     ? -1
		     : 0;
out:
	free(host);
	free(hostaddr);
	free(port);
	return rc;
}

static int numbers_check(PGconn *conn, struct err *err)
{
	static const char *const numbers[] = {"connect_timeout",  "keepalives",
					      "keepalives_idle",  "keepalives_interval",
					      "keepalives_count", "tcp_user_timeout"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(numbers) / sizeof(*numbers); i++) {
		char *value = pg_conninfo_value(conn, numbers[i]);

		rc = each(numbers[i], value, is_number, "a whole number", err);
		free(value);
	}
	return rc;
}

/* What is not named may be missing; libpq then says so, and where it looked for it. */
static int authorities_check(PGconn *conn, struct err *err)
{
	char *mode = pg_conninfo_value(conn, "sslmode"),
	     *file = pg_conninfo_value(conn, "sslrootcert"), shown[PRINTABLE_BYTES];
	int rc = 0;

	if (mode && strncmp(mode, "verify", 6) == 0 && file && strcmp(file, "system") != 0 &&
	    access(file, R_OK) != 0)
		rc = err_set(err, ERR_FATAL, NOT_VALID "sslrootcert '%s' cannot be read (%s)",
			     printable(file, shown), strerror(errno));
	free(mode);
	free(file);
	return rc;
}

int pg_conninfo_check(const char *conninfo, struct err *err)
{
	PGconn *conn;
	int rc;

	if (pg_conninfo_parse(conninfo, err))
		return -1;
	conn = values_of(conninfo);
	rc = conn ? hosts_check(conn, err) || numbers_check(conn, err) ||
			     authorities_check(conn, err)
		  : 0;
	PQfinish(conn);
	return rc || refused_at_once(conninfo, err) ? -1 : 0;
}
