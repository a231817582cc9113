/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pg/pg.h"
#include "common/text/utf8.h"
#include "fake_postgres.h"

static const struct pg_params none;
static struct err err;

static void assert_says(const char *part)
{
	if (!strstr(err.text, part))
		fail_msg("\"%s\" is not in: %s", part, err.text);
	assert_null(strchr(err.text, '\n'));
}

/* ---- classes ---- */

static void assert_class(struct fake *f, struct pg *pg, const char *sqlstate, enum err_class class)
{
	char sql[16];

	snprintf(sql, sizeof(sql), "fail %s", sqlstate);
	if (!pg_is_open(pg))
		assert_int_equal(pg_open(pg, conninfo_of(port_of(f), ""), "test", &err), 0);
	assert_null(pg_query(pg, sql, none, 10000, &err));
	if (err.class != class)
		fail_msg("%s has class %d: %s", sqlstate, err.class, err.text);
}

static void test_classes(void **state)
{
	static const char *const retry[] = {"08000", "08001", "08003", "08004", "08006", "08007",
					    "08P01", "40001", "40P01", "40003", "55P03", "57014",
					    "57P01", "57P02", "57P03", "57P05", "25P03", "25006",
					    "53000", "53100", "53200", "53300", "53400"};
	static const char *const input[] = {"22003", "22007", "22008", "22021",
					    "22P02", "22P05", "23514"};
	static const char *const fatal[] = {"23502", "23505", "23503", "23P01", "21000", "42P01",
					    "42703", "42804", "42P10", "42501", "3D000", "3F000",
					    "28000", "28P01", "0A000", "26000", "25P02", "58030",
					    "XX000", "XX001", "P0001", "01000", "ZZZZZ", "?"};

	struct pg pg = {0};
	struct fake f;

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	for (size_t i = 0; i < sizeof(retry) / sizeof(*retry); i++)
		assert_class(&f, &pg, retry[i], ERR_RETRY);
	for (size_t i = 0; i < sizeof(input) / sizeof(*input); i++)
		assert_class(&f, &pg, input[i], ERR_INPUT);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		assert_class(&f, &pg, fatal[i], ERR_FATAL);
	pg_close(&pg);
	fake_end(&f);
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
		{"fail 42P01", "42P01", ERR_FATAL, 1,
		 "(SQLSTATE 42P01): run `gapless-writer migrate`"},
		{"fail 42501", "42501", ERR_FATAL, 1, "privileges"},
		{"fail 25006", "25006", ERR_RETRY, 0, "read-only"},
		{"fail XX000", "XX000", ERR_FATAL, 1, "(SQLSTATE XX000)"},
		{"fail GL001", "GL001", ERR_FATAL, 1, "(SQLSTATE GL001)"},
		{"fail 25P02", "25P02", ERR_FATAL, 0, "(SQLSTATE 25P02)"},
		{"terminate", "57P01", ERR_RETRY, 0,
		 "was lost: terminating connection due to administrator command"},
		{"drop", "", ERR_RETRY, 0, "was lost: server closed the connection unexpectedly"},
		{"copy", "", ERR_FATAL, 0, "a COPY came"},
	};
	struct pg pg = {0};
	struct fake f;

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!pg_is_open(&pg))
			assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err),
					 0);
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
			assert_string_equal(pg.sqlstate,
					    cases[i].sqlstate); /* of the last failure, still */
		}
	}
	assert_int_equal(pg_run(&pg, "good", none, 10000, &err), -1); /* closed by the last case */
	assert_int_equal(err.class, ERR_RETRY);
	assert_says("the database is not connected");
	fake_end(&f);
}

/* Others were in its way: once more, but not for ever. */
static void test_runs_again(void **state)
{
	struct pg pg = {0};
	struct fake f;
	PGresult *res;

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), 0);
	fake_busy = 3;
	res = pg_query(&pg, "busy", none, 10000, &err);
	assert_non_null(res);
	PQclear(res);
	assert_int_equal(fake_busy, 0);
	fake_busy = 1000;
	assert_null(pg_query(&pg, "busy", none, 10000, &err));
	assert_int_equal(err.class, ERR_RETRY);
	assert_string_equal(pg.sqlstate, "40001");
	assert_true(fake_busy > 900);
	assert_true(pg_is_open(&pg));
	pg_close(&pg);
	fake_end(&f);
}

static int often(struct pg *pg, const char *sql)
{
	PGresult *res = pg_query_often(pg, sql, none, 10000, &err);
	int ok = res != NULL;

	PQclear(res);
	return ok;
}

static void test_often(void **state)
{
	static const char good[] = "good", others[2 * PG_PREPARED_MAX][8] = {""};
	static const char bad[] = "fail 42P01";
	struct pg pg = {0};
	struct fake f;

	(void)state;
	assert_false(often(&pg, good));
	assert_says("the database is not connected");
	fake_begin(&f, FAKE_WELCOME, NULL);
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), 0);
		assert_true(often(&pg, good) && often(&pg, good));
		assert_int_equal(f.prepared, i); /* once in each session */
	}
	assert_false(often(&pg, bad) || often(&pg, bad));
	assert_string_equal(pg.sqlstate, "42P01");
	assert_int_equal(f.prepared, 4); /* tried again */
	assert_int_equal(pg_forget_prepared(&pg, &err), 0);
	assert_string_equal(f.session, "DEALLOCATE ALL");
	for (int i = 0; i < 2 * PG_PREPARED_MAX; i++)
		assert_true(often(&pg, others[i]));
	assert_int_equal(f.prepared, 4 + PG_PREPARED_MAX); /* the rest as they come */
	pg_close(&pg);
	fake_end(&f);
}

/* What a statement is given, and one number that it answers with. */
static void test_values(void **state)
{
	const struct pg_params p =
		PG_VALUES(PG_INT(-7), PG_INT(INT64_MAX), PG_INT(INT64_MIN), PG_TIME(1582197540001),
			  PG_TIME(INT64_MIN), PG_BOOL(2), PG_BOOL(0));
	struct pg pg = {0};
	struct fake f;
	int64_t answer = 7;

	(void)state;
	assert_int_equal(p.n, 7);
	assert_string_equal(p.values[0], "-7");
	assert_string_equal(p.values[1], "9223372036854775807");
	assert_null(p.values[2]);
	assert_string_equal(p.values[3], "2020-02-20T11:19:00.001Z");
	assert_null(p.values[4]);
	assert_string_equal(p.values[5], "true");
	assert_string_equal(p.values[6], "false");
	fake_begin(&f, FAKE_WELCOME, NULL);
	assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), 0);
	assert_int_equal(pg_ask(&pg, "fail 42P01", p, 10000, &answer, &err), -1);
	assert_int_equal(answer, 7);
	assert_int_equal(pg_ask(&pg, "good", p, 10000, &answer, &err), 0);
	assert_int_equal(answer, 0); /* no row */
	pg_close(&pg);
	fake_end(&f);
}

/* A sentence of the database, longer than ours may be, wherever it is cut. */
static void test_long_korean(void **state)
{
	struct pg pg = {0};
	struct fake f;

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	assert_int_equal(pg_open(&pg, conninfo_of(port_of(&f), ""), "test", &err), 0);
	for (int at = 0; at < 3; at++) {
		char sql[800];
		int n = snprintf(sql, sizeof(sql), "refuse %.*s", at, "xx");
		uint32_t code;

		for (; n + 3 < (int)sizeof(sql); n += 3)
			memcpy(sql + n, "값", 4);
		assert_null(pg_query(&pg, sql, none, 10000, &err));
		assert_says("값... (SQLSTATE 23514)");
		assert_null(strchr(err.text, '?'));
		for (size_t len = strlen(err.text), i = 0, step; i < len; i += step) {
			step = utf8_next(err.text + i, len - i, &code);
			assert_int_not_equal(step, 0);
		}
	}
	pg_close(&pg);
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
		cmocka_unit_test(test_classes),     cmocka_unit_test(test_statements),
		cmocka_unit_test(test_runs_again),  cmocka_unit_test(test_values),
		cmocka_unit_test(test_long_korean), cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_often),
	};

	signal(SIGPIPE, SIG_IGN);
	log_open("test", LOG_INFO);
	fake_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
