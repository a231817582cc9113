/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pg/pg.h"
#include "common/pg/pg_conninfo.h"
#include "fake_postgres.h"

static struct err err;

static void assert_says(const char *part)
{
	if (!strstr(err.text, part))
		fail_msg("\"%s\" is not in: %s", part, err.text);
	assert_null(strchr(err.text, '\n'));
}

static void test_connects(void **state)
{
	struct fake f;
	struct pg pg = {0};

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	assert_false(pg_is_open(&pg));
	assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), 0);
	assert_true(pg_is_open(&pg));
	assert_non_null(strstr(f.session, "SET TIME ZONE 'UTC';"));
	assert_non_null(strstr(f.session, "SET synchronous_commit = on;"));
	assert_non_null(strstr(f.session, "SET statement_timeout = "));
	assert_string_equal(PQparameterStatus(pg.conn, "server_version"), "15.4");
	pg_close(&pg);
	assert_false(pg_is_open(&pg));
	pg_close(&pg);

	f.version = "14.9";
	assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), -1);
	assert_int_equal(err.class, ERR_FATAL);
	assert_says("the database server is PostgreSQL 14.9: upgrade it to 15 or newer");
	assert_false(pg_is_open(&pg));
	fake_end(&f);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *sqlstate;
		enum err_class class;
		const char *fix;
	} cases[] = {
		{"28P01", ERR_FATAL, "check user and password"},
		{"28000", ERR_FATAL, "pg_hba.conf"},
		{"3D000", ERR_FATAL, "create the database"},
		{"57P03", ERR_RETRY, "(SQLSTATE 57P03)"},
		{"53300", ERR_RETRY, "max_connections"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pg pg = {0};
		struct fake f;

		fake_begin(&f, FAKE_REFUSES, cases[i].sqlstate);
		assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), -1);
		fake_end(&f);
		assert_int_equal(err.class, cases[i].class);
		assert_string_equal(pg.sqlstate, cases[i].sqlstate);
		assert_says(
			"the database refuses the connection: connection to server at \"127.0.0.1\"");
		assert_says("FATAL: no way: not today (SQLSTATE ");
		assert_says(cases[i].fix);
		assert_null(strstr(err.text, "LOCATION"));
		assert_false(pg_is_open(&pg));
	}
}

static void test_password_is_asked_for(void **state)
{
	struct pg pg = {0};
	struct fake f;

	(void)state;
	fake_begin(&f, FAKE_ASKS_PASSWORD, NULL);
	assert_int_equal(
		pg_open(&pg, conninfo_of(port_of(&f), "passfile=/nonexistent"), "test", &err), -1);
	fake_end(&f);
	assert_int_equal(err.class, ERR_FATAL);
	assert_says("the database wants a password");
}

static void test_nobody_there(void **state)
{
	struct pg pg = {.sqlstate = "XXXXX"};
	struct fake f;
	char port[16];

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	snprintf(port, sizeof(port), "%d", f.port);
	fake_end(&f);
	assert_int_equal(pg_open(&pg, conninfo_of(port, ""), "test", &err), -1);
	assert_int_equal(err.class, ERR_RETRY);
	assert_says("the database cannot be reached: connection to server at \"127.0.0.1\"");
	assert_says("Connection refused");
	assert_string_equal(pg.sqlstate, "");
}

static void test_bad_conninfo(void **state)
{
	static const char *const cases[][2] = {
		{"host=127.0.0.1 elephant=1",
		 "does not parse: invalid connection option \"elephant\""},
		{"host=127.0.0.1 user", "does not parse: missing \"=\" after \"user\""},
		{"postgresql://127.0.0.1:1/x?elephant=1", "does not parse: "},
		{"host=127.0.0.1 password=s3 cr3t", "there is a password in it"},
		{"postgresql://u:s3@cr3t@127.0.0.1/x", "write %40 and %2F"},
		{"postgres://u:s3@cr3t/@127.0.0.1/x?sslmode=disable", "write %40 and %2F"},
		{"postgresql://u:cr3t/s3@127.0.0.1/x", "write %40 and %2F"},
		{"host=127.0.0.1 sslmode=elephant", "is not valid: invalid sslmode value"},
		{"host=127.0.0.1 port=elephant", "is not valid: invalid "},
		{"host=127.0.0.1 target_session_attrs=elephant",
		 "is not valid: invalid target_session_attrs value"},
		{"host=127.0.0.1,127.0.0.1 port=1,2,3",
		 "is not valid: could not match 3 port numbers to 2 hosts"},
	};
	struct pg pg = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(pg_open(&pg, cases[i][0], "test", &err), -1);
		assert_int_equal(err.class, ERR_FATAL);
		assert_says("the conninfo of the database ");
		assert_says(cases[i][1]);
		assert_null(strstr(err.text, "cr3t"));
	}
}

/* ... and what libpq would refuse at each connection, without one. */
static void test_conninfo_that_would_never_do(void **state)
{
	static const char *const cases[][2] = {
		{"port=99999", "port '99999' is not a number from 1 to 65535"},
		{"host=a,b port=1,0", "port '0' is not a number from 1 to 65535"},
		{"postgresql://h:99999/x", "port '99999' is not a number from 1 to 65535"},
		{"host=a,b port=1,2,3", "it has 3 of port for 2 of host: one for each"},
		{"host=a,b hostaddr=127.0.0.1", "it has 1 of hostaddr for 2 of host: one for each"},
		{"hostaddr=localhost", "hostaddr 'localhost' is not an address"},
		{"connect_timeout=soon", "connect_timeout 'soon' is not a whole number"},
		{"keepalives=on", "keepalives 'on' is not a whole number"},
		{"sslmode=verify-full sslrootcert=/nowhere.pem",
		 "sslrootcert '/nowhere.pem' cannot be read (No such file"},
		{"sslmode=elephant", "invalid sslmode value"},
		{"service=nonsense", "definition of service \"nonsense\" not found"},
		{"user", ""}, /* a database's name */
		{"postgresql://u:s3%40cr3t@127.0.0.1/x?application_name=a@b", ""},
		{"postgresql:///x?user=a@b&password=@/@", ""},
		{"", ""},
		{"host=nosuch.invalid,/tmp,::1 port=1,,65535 connect_timeout=3", ""},
		{"host=a,b hostaddr=127.0.0.1,::1 port=5432 sslmode=require", ""},
		{"sslrootcert=/nowhere.pem", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int rc = pg_conninfo_check(cases[i][0], &err);

		assert_int_equal(rc, cases[i][1][0] ? -1 : 0);
		if (rc == 0)
			continue;
		assert_int_equal(err.class, ERR_FATAL);
		assert_says("the conninfo of the database is not valid: ");
		assert_says(cases[i][1]);
	}
}

/* The first host takes the connection and says nothing: the next one gets its turn, after
 * connect_timeout. */
static void test_silent_host(void **state)
{
	struct pg pg = {0};
	struct fake silent, good;
	char ports[32];
	int64_t begun_ms;

	(void)state;
	fake_begin(&silent, FAKE_SILENT, NULL);
	fake_begin(&good, FAKE_WELCOME, NULL);
	begun_ms = clock_boot_ms();
	assert_int_equal(
		pg_open(&pg, conninfo_of(port_of(&silent), "connect_timeout=1"), "test", &err), -1);
	assert_in_range(clock_boot_ms() - begun_ms, 950, 8000);
	assert_int_equal(err.class, ERR_RETRY);
	assert_says("has not answered for 1 s");

	snprintf(ports, sizeof(ports), "%d,%d", silent.port, good.port);
	assert_int_equal(pg_open(&pg, conninfo_of(ports, "connect_timeout=1"), "test", &err), 0);
	assert_int_equal(good.connections, 1);
	assert_int_equal(silent.connections, 2);
	pg_close(&pg);
	fake_end(&silent);
	fake_end(&good);
}

/* Hosts that do not even answer the TCP handshake: a queue of connections that is full. */
struct hole {
	int fd, port, fillers[8];
};

static void hole_begin(struct hole *h)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	h->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(h->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(h->fd, 0), 0);
	assert_int_equal(getsockname(h->fd, (struct sockaddr *)&at, &len), 0);
	h->port = ntohs(at.sin_port);
	for (int i = 0; i < 8; i++) {
		h->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(h->fillers[i], (struct sockaddr *)&at, sizeof(at));
	}
}

static void hole_end(struct hole *h)
{
	for (int i = 0; i < 8; i++)
		close(h->fillers[i]);
	close(h->fd);
}

static void test_black_hole(void **state)
{
	struct pg pg = {0};
	struct hole hole;
	struct fake good;
	char ports[32];
	int64_t begun_ms;

	(void)state;
	hole_begin(&hole);
	fake_begin(&good, FAKE_WELCOME, NULL);
	snprintf(ports, sizeof(ports), "%d", hole.port);
	begun_ms = clock_boot_ms();
	assert_int_equal(pg_open(&pg, conninfo_of(ports, "connect_timeout=1"), "test", &err), -1);
	assert_in_range(clock_boot_ms() - begun_ms, 950, 8000);
	assert_int_equal(err.class, ERR_RETRY);
	assert_says("has not answered for 1 s");
	snprintf(ports, sizeof(ports), "%d,%d", hole.port, good.port);
	assert_int_equal(pg_open(&pg, conninfo_of(ports, "connect_timeout=1"), "test", &err), 0);
	assert_int_equal(good.connections, 1);
	pg_close(&pg);
	fake_end(&good);
	hole_end(&hole);
}

/* In place of libc's for this program, libpq included: two.test has the addresses 127.0.0.1 and
 * 127.0.0.2. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct addrinfo *last;
	int rc;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (!name || strcmp(name, "two.test") != 0)
		return real(name, service, hints, out);
	rc = real("127.0.0.1", service, hints, out);
	if (rc)
		return rc;
	for (last = *out; last->ai_next; last = last->ai_next)
		;
	return real("127.0.0.2", service, hints, &last->ai_next);
}

/* A name with two addresses, of which the first one is gone: IPv6 that leads nowhere, a server that
 * has moved. */
static void test_second_address(void **state)
{
	struct pg pg = {0};
	struct hole hole;
	struct fake good;
	char conninfo[128];

	(void)state;
	hole_begin(&hole);
	fake_begin_at(&good, 2, hole.port, FAKE_WELCOME, NULL);
	snprintf(
		conninfo, sizeof(conninfo),
		"host=two.test port=%d user=me dbname=market sslmode=disable gssencmode=disable connect_timeout=1",
		hole.port);
	assert_int_equal(pg_open(&pg, conninfo, "test", &err), 0);
	assert_string_equal(PQhostaddr(pg.conn), "127.0.0.2");
	pg_close(&pg);
	fake_end(&good);
	hole_end(&hole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connects),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_password_is_asked_for),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_bad_conninfo),
		cmocka_unit_test(test_conninfo_that_would_never_do),
		cmocka_unit_test(test_silent_host),
		cmocka_unit_test(test_black_hole),
		cmocka_unit_test(test_second_address),
	};

	signal(SIGPIPE, SIG_IGN);
	log_open("test", LOG_INFO);
	fake_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
