#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/pg.h"
#include "fake_postgres.h"

static const struct pg_params none;
static struct err err;

/* ---- classes ---- */

static void test_classes(void **state)
{
	static const char *const retry[] = {
		"08000", "08001", "08003", "08004", "08006", "08007", "08P01", "40001", "40P01", "40003", "55P03", "57014", "57P01",
		"57P02", "57P03", "57P05", "25P03", "25006", "53000", "53100", "53200", "53300", "53400", "", NULL};
	static const char *const input[] = {"22003", "22007", "22008", "22021", "22P02", "22P05", "23502", "23514"};
	static const char *const fatal[] = {"23505", "23503", "23P01", "21000", "42P01", "42703", "42804", "42P10", "42501", "3D000",
					    "3F000", "28000", "28P01", "0A000", "26000", "25P02", "58030", "XX000", "XX001", "P0001",
					    "01000", "ZZZZZ", "?"};

	(void)state;
	for (size_t i = 0; i < sizeof(retry) / sizeof(*retry); i++)
		assert_int_equal(pg_sqlstate_class(retry[i]), ERR_RETRY);
	for (size_t i = 0; i < sizeof(input) / sizeof(*input); i++)
		assert_int_equal(pg_sqlstate_class(input[i]), ERR_INPUT);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		assert_int_equal(pg_sqlstate_class(fatal[i]), ERR_FATAL);
}

/* ---- connecting ---- */

static const char *conninfo_of(const char *ports, const char *more)
{
	static char text[256];

	snprintf(text, sizeof(text), "host=127.0.0.1%s port=%s user=me dbname=market sslmode=disable gssencmode=disable %s",
		 strchr(ports, ',') ? ",127.0.0.1" : "", ports, more);
	return text;
}

static const char *port_of(const struct fake *f)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", f->port);
	return text;
}

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
		assert_says("the database refuses the connection: connection to server at \"127.0.0.1\"");
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
	assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), "passfile=/nonexistent"), "test", &err), -1);
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
		{"host=127.0.0.1 elephant=1", "does not parse: invalid connection option \"elephant\""},
		{"host=127.0.0.1 user", "does not parse: missing \"=\" after \"user\""},
		{"postgresql://127.0.0.1:1/x?elephant=1", "does not parse: "},
		{"host=127.0.0.1 password=s3 cr3t", "there is a password in it"},
		{"host=127.0.0.1 sslmode=elephant", "is not valid: invalid sslmode value"},
		{"host=127.0.0.1 port=elephant", "is not valid: invalid "},
		{"host=127.0.0.1 target_session_attrs=elephant", "is not valid: invalid target_session_attrs value"},
		{"host=127.0.0.1,127.0.0.1 port=1,2,3", "is not valid: could not match 3 port numbers to 2 hosts"},
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

/* The first host takes the connection and says nothing: the next one gets its turn, after connect_timeout. */
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
	assert_int_equal(pg_open(&pg, conninfo_of(port_of(&silent), "connect_timeout=1"), "test", &err), -1);
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

/* A host that does not even answer the TCP handshake: its queue of connections is full. */
static void test_black_hole(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int hole = socket(AF_INET, SOCK_STREAM, 0), fillers[8];
	struct pg pg = {0};
	struct fake good;
	char ports[32];
	int64_t begun_ms;

	(void)state;
	assert_int_equal(bind(hole, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(hole, 0), 0);
	assert_int_equal(getsockname(hole, (struct sockaddr *)&at, &len), 0);
	for (int i = 0; i < 8; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fillers[i], (struct sockaddr *)&at, sizeof(at));
	}
	fake_begin(&good, FAKE_WELCOME, NULL);
	snprintf(ports, sizeof(ports), "%d", ntohs(at.sin_port));
	begun_ms = clock_boot_ms();
	assert_int_equal(pg_open(&pg, conninfo_of(ports, "connect_timeout=1"), "test", &err), -1);
	assert_in_range(clock_boot_ms() - begun_ms, 950, 8000);
	assert_says("has not answered for 1 s");
	snprintf(ports, sizeof(ports), "%d,%d", ntohs(at.sin_port), good.port);
	assert_int_equal(pg_open(&pg, conninfo_of(ports, "connect_timeout=1"), "test", &err), 0);
	assert_int_equal(good.connections, 1);
	pg_close(&pg);
	fake_end(&good);
	for (int i = 0; i < 8; i++)
		close(fillers[i]);
	close(hole);
}

/* ---- statements ---- */

static void test_statements(void **state)
{
	static const struct {
		const char *sql, *sqlstate;
		enum err_class class;
		int open;
		const char *says;
	} cases[] = {
		{"fail 23514", "23514", ERR_INPUT, 1, "it failed (SQLSTATE 23514)"},
		{"fail 23505", "23505", ERR_FATAL, 1, "it failed (SQLSTATE 23505)"},
		{"fail 40P01", "40P01", ERR_RETRY, 1, "(SQLSTATE 40P01)"},
		{"fail 42P01", "42P01", ERR_FATAL, 1, "(SQLSTATE 42P01): run `gapless-writer migrate`"},
		{"fail 42501", "42501", ERR_FATAL, 1, "privileges"},
		{"fail 25006", "25006", ERR_RETRY, 0, "read-only"},
		{"fail XX000", "XX000", ERR_FATAL, 0, "(SQLSTATE XX000)"},
		{"terminate", "57P01", ERR_RETRY, 0, "was lost: terminating connection due to administrator command"},
		{"drop", "", ERR_RETRY, 0, "was lost: server closed the connection unexpectedly"},
		{"copy", "", ERR_FATAL, 0, "a COPY came"},
	};
	struct pg pg = {0};
	struct fake f;

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!pg_is_open(&pg))
			assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), 0);
		assert_null(pg_query(&pg, cases[i].sql, none, 10000, &err));
		assert_int_equal(err.class, cases[i].class);
		assert_says(cases[i].says);
		assert_string_equal(pg.sqlstate, cases[i].sqlstate);
		assert_int_equal(pg_is_open(&pg), cases[i].open);
		if (cases[i].open) {
			PGresult *res = pg_query(&pg, "good", none, 10000, &err);

			assert_non_null(res);
			assert_string_equal(PQcmdTuples(res), "1");
			PQclear(res);
			assert_string_equal(pg.sqlstate, cases[i].sqlstate); /* of the last failure, still */
		}
	}
	assert_int_equal(pg_run(&pg, "good", none, 10000, &err), -1); /* closed by the last case */
	assert_int_equal(err.class, ERR_RETRY);
	assert_says("the database is not connected");
	fake_end(&f);
}

static void on_nothing(int number)
{
	(void)number;
}

/* Also under signals, which must neither end nor prolong the wait. */
static void test_deadline(void **state)
{
	struct sigaction act = {.sa_handler = on_nothing};
	size_t len = (size_t)32 << 20;
	char *large = malloc(len + 1);
	const char *values[] = {large};
	struct pg pg = {0};
	struct fake f;
	int64_t begun_ms;

	(void)state;
	assert_non_null(large);
	memset(large, 'x', len);
	large[len] = 0;
	sigaction(SIGALRM, &act, NULL);
	fake_begin(&f, FAKE_WELCOME, NULL);

	assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), 0);
	begun_ms = clock_boot_ms();
	alarm(1);
	assert_null(pg_query(&pg, "hang", none, 2000, &err));
	assert_in_range(clock_boot_ms() - begun_ms, 1950, 9000);
	assert_int_equal(err.class, ERR_RETRY);
	assert_says("the database has not answered for 2 s");
	assert_false(pg_is_open(&pg));

	/* a server that does not read: more than the sockets hold */
	assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), 0);
	begun_ms = clock_boot_ms();
	assert_null(pg_query(&pg, "deaf", (struct pg_params){1, values}, 700, &err));
	assert_in_range(clock_boot_ms() - begun_ms, 650, 9000);
	assert_says("the database has not answered for 700 ms");
	assert_false(pg_is_open(&pg));
	fake_end(&f);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_connects),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_password_is_asked_for),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_bad_conninfo),
		cmocka_unit_test(test_silent_host),
		cmocka_unit_test(test_black_hole),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_deadline),
	};

	signal(SIGPIPE, SIG_IGN);
	log_open("test", LOG_INFO);
	/* nothing of the machine's own */
	for (const char *const *v = (const char *const[]){"PGHOST", "PGPORT", "PGSERVICE", "PGPASSWORD", "PGOPTIONS", "PGCONNECT_TIMEOUT",
							  "PGTARGETSESSIONATTRS", NULL};
	     *v; v++)
		unsetenv(*v);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
