/* SPDX-License-Identifier: MIT */
/* COPY, both ways, against a server that refuses, dies, hangs or does not read. */
#include <setjmp.h>
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
#include "fake_postgres.h"

static const struct pg_params none;
static struct err err;

static void assert_says(const char *part)
{
	if (!strstr(err.text, part))
		fail_msg("\"%s\" is not in: %s", part, err.text);
	assert_null(strchr(err.text, '\n'));
}

/* So many pieces of data; 0 with *rows, or -1 as soon as something fails. */
static int copied(struct pg *pg, const char *sql, const char *data, size_t bytes, int pieces,
		  int64_t deadline_ms, int64_t *rows)
{
	struct pg_copy copy;

	err_clear(&err);
	if (pg_copy_begin(&copy, pg, sql, PGRES_COPY_IN, deadline_ms, &err))
		return -1;
	for (int i = 0; i < pieces; i++) {
		if (pg_copy_put(&copy, data, bytes, &err))
			return -1;
	}
	return pg_copy_end(&copy, rows, &err);
}

static void opened(struct pg *pg, const struct fake *f)
{
	if (!pg_is_open(pg))
		assert_int_equal(pg_open(pg, conninfo_of(port_of(f), ""), "test", &err), 0);
}

static void test_rows(void **state)
{
	struct pg pg = {0};
	struct fake f;
	int64_t rows = -1;

	(void)state;
	assert_int_equal(copied(&pg, "COPY good", "abc", 3, 1, 10000, &rows), -1);
	assert_says("the database is not connected");
	fake_begin(&f, FAKE_WELCOME, NULL);
	opened(&pg, &f);
	for (int pieces = 0; pieces < 4; pieces++) {
		assert_int_equal(copied(&pg, "COPY good", "abc", 3, pieces, 10000, &rows), 0);
		assert_int_equal(rows, pieces);
		assert_int_equal(pg_run(&pg, "good", none, 10000, &err),
				 0); /* the connection is as before */
	}
	pg_close(&pg);
	fake_end(&f);
}

static void test_failures(void **state)
{
	static const struct {
		const char *sql, *sqlstate;
		enum err_class class;
		int open;
		const char *says;
	} cases[] = {
		{"COPY no 0A000", "0A000", ERR_FATAL, 1, "it failed (SQLSTATE 0A000)"},
		{"COPY no 42501", "42501", ERR_FATAL, 1, "privileges"},
		{"COPY no 25006", "25006", ERR_RETRY, 0, "read-only"},
		{"COPY fail 23505", "23505", ERR_FATAL, 1, "it failed (SQLSTATE 23505)"},
		{"COPY fail 22P03", "22P03", ERR_INPUT, 1, "it failed (SQLSTATE 22P03)"},
		{"COPY fail 40P01", "40P01", ERR_RETRY, 1, "(SQLSTATE 40P01)"},
		{"COPY fail XX001", "XX001", ERR_FATAL, 1, "(SQLSTATE XX001)"},
		{"COPY terminate", NULL, ERR_RETRY, 0, "was lost: "},
		{"COPY drop", "", ERR_RETRY, 0, "was lost: "},
		{"SET a = b", "", ERR_FATAL, 0, "a statement came where a COPY was expected"},
	};
	static char data[70000];
	struct pg pg = {0};
	struct fake f;

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t rows = -1;

		opened(&pg, &f);
		pg.sqlstate[0] = 0;
		assert_int_equal(copied(&pg, cases[i].sql, data, sizeof(data), 30, 10000, &rows),
				 -1);
		assert_int_equal(err.class, cases[i].class);
		assert_says(cases[i].says);
		if (cases[i].sqlstate)
			assert_string_equal(pg.sqlstate, cases[i].sqlstate);
		assert_int_equal(pg_is_open(&pg), cases[i].open);
		assert_int_equal(rows, -1);
		if (cases[i].open)
			assert_int_equal(pg_run(&pg, "good", none, 10000, &err), 0);
	}
	pg_close(&pg);
	fake_end(&f);
}

static void test_deadlines(void **state)
{
	/* the deaf one last: behind what it does not read it does not see the end of the connection
	 * either */
	static const char *const cases[] = {"COPY hang", "COPY silent at the end", "COPY deaf"};
	static char data[1 << 20];
	struct pg pg = {0};
	struct fake f;

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t rows, begun_ms;

		opened(&pg, &f);
		begun_ms = clock_boot_ms();
		/* more than the sockets hold */
		assert_int_equal(copied(&pg, cases[i], data, sizeof(data), 32, 1000, &rows), -1);
		assert_in_range(clock_boot_ms() - begun_ms, 950, 9000);
		assert_int_equal(err.class, ERR_RETRY);
		assert_says("the database has not answered for 1 s");
		assert_string_equal(pg.sqlstate, "");
		assert_false(pg_is_open(&pg));
	}
	fake_end(&f);
}

/* How many rows came before the end, or -1. */
static int copied_out(struct pg *pg, const char *sql, int64_t deadline_ms)
{
	struct pg_copy copy;
	const char *piece;
	size_t bytes;
	int got, rows = 0;

	err_clear(&err);
	if (pg_copy_begin(&copy, pg, sql, PGRES_COPY_OUT, deadline_ms, &err))
		return -1;
	while ((got = pg_copy_get(&copy, &piece, &bytes, &err)) == 1) {
		assert_int_equal(bytes, 5);
		assert_memory_equal(piece, "a row", 5);
		rows++;
	}
	return got < 0 ? -1 : rows;
}

static void test_rows_out(void **state)
{
	struct pg pg = {0};
	struct fake f;

	(void)state;
	assert_int_equal(copied_out(&pg, "COPY OUT good", 10000), -1);
	assert_says("the database is not connected");
	fake_begin(&f, FAKE_WELCOME, NULL);
	opened(&pg, &f);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(copied_out(&pg, "COPY OUT good", 10000), 3);
		assert_int_equal(copied_out(&pg, "COPY OUT none", 10000), 0);
		assert_int_equal(pg_run(&pg, "good", none, 10000, &err), 0);
	}
	pg_close(&pg);
	fake_end(&f);
}

static void test_failures_out(void **state)
{
	static const struct {
		const char *sql;
		enum err_class class;
		int open;
		const char *says;
	} cases[] = {
		{"COPY OUT no 42501", ERR_FATAL, 1, "privileges"},
		{"COPY OUT fail 40P01", ERR_RETRY, 1, "(SQLSTATE 40P01)"},
		{"COPY OUT drop", ERR_RETRY, 0, "was lost: "},
		{"COPY OUT hang", ERR_RETRY, 0, "the database has not answered for 500 ms"},
		{"COPY good", ERR_FATAL, 0, "a COPY came where a statement was expected"},
		{"SET a = b", ERR_FATAL, 0, "a statement came where a COPY was expected"},
	};
	struct pg pg = {0};
	struct fake f;

	(void)state;
	fake_begin(&f, FAKE_WELCOME, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t deadline_ms = strcmp(cases[i].sql, "COPY OUT hang") == 0 ? 500 : 10000;

		opened(&pg, &f);
		assert_int_equal(copied_out(&pg, cases[i].sql, deadline_ms), -1);
		assert_int_equal(err.class, cases[i].class);
		assert_says(cases[i].says);
		assert_int_equal(pg_is_open(&pg), cases[i].open);
		if (cases[i].open)
			assert_int_equal(pg_run(&pg, "good", none, 10000, &err), 0);
	}
	pg_close(&pg);
	fake_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),         cmocka_unit_test(test_failures),
		cmocka_unit_test(test_deadlines),    cmocka_unit_test(test_rows_out),
		cmocka_unit_test(test_failures_out),
	};

	fake_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
