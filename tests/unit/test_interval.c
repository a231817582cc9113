/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/candle/interval.h"
#include "common/text/timetext.h"
#include "rng.h"

#define DAY_MS INT64_C(86400000)

static int64_t at(const char *text)
{
	int64_t ms = 0;

	if (time_parse_user(text, &ms))
		fail_msg("%s is not a time", text);
	return ms;
}

static void test_table(void **state)
{
	static const char *const names[] = {"1s",  "1m", "3m", "5m", "10m", "15m",
					    "30m", "1h", "4h", "1d", "1w",  "1M"};
	size_t n;
	const struct interval *table = interval_table(&n);
	const char *listed = INTERVAL_NAMES;
	struct err err;

	(void)state;
	assert_int_equal(n, sizeof names / sizeof *names);
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(listed, names[i], strlen(names[i]));
		listed += strlen(names[i]) + strlen(i + 1 < n ? ", " : "");
		assert_ptr_equal(interval_of_setting("--intervals", names[i], &err), &table[i]);
		assert_string_equal(table[i].name, names[i]);
		assert_ptr_equal(interval_by_name(names[i]), &table[i]);
		assert_true(!i || table[i].nominal_ms > table[i - 1].nominal_ms);
	}
	assert_string_equal(listed, "");
	assert_null(interval_of_setting("--keep", "7m", &err));
	assert_non_null(strstr(err.text, "--keep: '7m' is not one of 1s, 1m, 3m, "));
	assert_null(interval_by_name("7m"));
	assert_null(interval_by_name(""));
	assert_null(interval_by_name("1W"));
	assert_null(interval_by_name("1m "));
}

static void test_examples(void **state)
{
	static const struct {
		const char *name, *ms, *floor, *ceil, *end;
	} rows[] = {
		{"1s", "2020-02-20T11:19:07.123", "2020-02-20T11:19:07", "2020-02-20T11:19:08",
		 "2020-02-20T11:19:08"},
		{"1m", "2020-02-20T11:19:07", "2020-02-20T11:19", "2020-02-20T11:20",
		 "2020-02-20T11:20"},
		{"3m", "2020-02-20T11:19", "2020-02-20T11:18", "2020-02-20T11:21",
		 "2020-02-20T11:21"},
		{"4h", "2020-02-20T11:19", "2020-02-20T08:00", "2020-02-20T12:00",
		 "2020-02-20T12:00"},
		{"1d", "2020-02-28T23:59:59.999", "2020-02-28", "2020-02-29", "2020-02-29"},
		/* 2020-02-20 was a Thursday, 2020-02-17 a Monday */
		{"1w", "2020-02-20T11:19", "2020-02-17", "2020-02-24", "2020-02-24"},
		{"1w", "2020-02-17", "2020-02-17", "2020-02-17", "2020-02-24"},
		{"1w", "1970-01-01", "1969-12-29", "1970-01-05", "1970-01-05"},
		{"1w", "1960-02-29", "1960-02-29", "1960-02-29", "1960-03-07"},
		{"1M", "2020-02-29T12:00", "2020-02-01", "2020-03-01", "2020-03-01"},
		{"1M", "2020-12-01", "2020-12-01", "2020-12-01", "2021-01-01"},
		{"1M", "1969-12-31T23:59:59.999", "1969-12-01", "1970-01-01", "1970-01-01"},
		{"1m", "1969-12-31T23:59:59.999", "1969-12-31T23:59", "1970-01-01", "1970-01-01"},
		{"15m", "1969-12-31T23:45", "1969-12-31T23:45", "1969-12-31T23:45", "1970-01-01"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct interval *iv = interval_by_name(rows[i].name);
		int64_t ms = at(rows[i].ms);

		assert_int_equal(interval_floor(iv, ms), at(rows[i].floor));
		assert_int_equal(interval_ceil(iv, ms), at(rows[i].ceil));
		assert_int_equal(interval_end(iv, at(rows[i].floor)), at(rows[i].end));
		assert_int_equal(interval_on_grid(iv, ms), !strcmp(rows[i].ms, rows[i].floor));
	}
}

static void test_count_and_add(void **state)
{
	static const struct {
		const char *name, *from, *to;
		int64_t count;
	} rows[] = {
		{"1m", "2020-02-20T10:00", "2020-02-20T10:05", 5},
		{"1m", "2020-02-20T10:00:01", "2020-02-20T10:05", 4},
		{"1m", "2020-02-20T10:00", "2020-02-20T10:05:01", 6},
		{"1m", "2020-02-20T10:00:01", "2020-02-20T10:00:59", 0},
		{"1m", "2020-02-20T10:05", "2020-02-20T10:00", 0},
		{"1m", "2020-02-20T10:05", "2020-02-20T10:05", 0},
		{"1d", "2020-02-01", "2020-03-01", 29},
		{"1d", "1969-12-30", "1970-01-03", 4},
		{"1w", "2020-01-01", "2021-01-01", 52},
		{"1M", "2019-01-01", "2021-01-01", 24},
		{"1M", "2019-01-02", "2021-01-01", 23},
		{"1M", "2019-01-01", "2021-01-01T00:00:01", 25},
		{"1M", "1969-11-01", "1970-02-01", 3},
		{"1M", "2020-02-02", "2020-02-29", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(interval_count(interval_by_name(rows[i].name), at(rows[i].from),
						at(rows[i].to)),
				 rows[i].count);
	assert_int_equal(interval_add(interval_by_name("1M"), at("2020-01-01"), 13),
			 at("2021-02-01"));
	assert_int_equal(interval_add(interval_by_name("1M"), at("2020-01-01"), -1),
			 at("2019-12-01"));
	assert_int_equal(interval_add(interval_by_name("1M"), at("2020-01-01"), -1200),
			 at("1920-01-01"));
	assert_int_equal(interval_add(interval_by_name("1w"), at("2020-02-17"), -3),
			 at("2020-01-27"));
	assert_int_equal(interval_add(interval_by_name("1m"), at("2020-02-20T10:00"), 0),
			 at("2020-02-20T10:00"));
}

/* A grid point by the definition, one day or one second at a time. */
static int is_grid_point(const struct interval *iv, int64_t ms)
{
	int year, month, day;

	if (iv->nominal_ms < DAY_MS)
		return ms % iv->nominal_ms == 0;
	if (ms % DAY_MS)
		return 0;
	civil_from_days(ms / DAY_MS, &year, &month, &day);
	if (iv->calendar_month)
		return day == 1;
	if (iv->nominal_ms == 7 * DAY_MS)
		return ((ms / DAY_MS + 3) % 7 + 7) % 7 == 0; /* day 0 was a Thursday */
	return 1;
}

/* Walks a stretch of time in steps that every grid point is a multiple of, and keeps what it has
 * seen. */
static void walk(const struct interval *iv, int64_t from, int64_t steps)
{
	int64_t step = iv->nominal_ms < DAY_MS ? INT64_C(1000) : DAY_MS,
		last = interval_floor(iv, from), seen = 0;

	assert_true(is_grid_point(iv, last) && last <= from && from - last < iv->nominal_ms);
	for (int64_t i = 0; i <= steps; i++) {
		int64_t ms = from + i * step;

		if (is_grid_point(iv, ms)) {
			if (ms != last && interval_end(iv, last) != ms)
				fail_msg("%s: the end of %" PRId64 " is not %" PRId64, iv->name,
					 last, ms);
			last = ms;
			assert_int_equal(interval_ceil(iv, ms), ms);
			assert_int_equal(interval_add(iv, interval_ceil(iv, from), seen), ms);
			assert_int_equal(interval_add(iv, ms, -seen), interval_ceil(iv, from));
			assert_int_equal(interval_count(iv, from, ms), seen);
			seen++;
		} else {
			assert_int_equal(interval_ceil(iv, ms), interval_end(iv, last));
		}
		assert_int_equal(interval_floor(iv, ms), last);
		assert_int_equal(interval_floor(iv, ms + 1), last);
		assert_int_equal(interval_on_grid(iv, ms), ms == last);
		assert_false(interval_on_grid(iv, ms + 1));
		assert_int_equal(interval_count(iv, from, ms + 1), seen);
	}
}

static void test_against_a_walk(void **state)
{
	size_t n;
	const struct interval *table = interval_table(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		int64_t step = table[i].nominal_ms < DAY_MS ? INT64_C(1000) : DAY_MS;

		for (int round = 0; round < 20; round++) {
			int64_t steps = 3 * table[i].nominal_ms / step + rng_below(500);
			int64_t day = rng_below(80 * 366) - 40 * 366; /* 1930 to 2010 */

			walk(&table[i],
			     day * DAY_MS + (step < DAY_MS ? rng_below(86400) * 1000 : 0),
			     steps > 1500 ? 1500 : steps);
		}
		walk(&table[i], -2 * table[i].nominal_ms / step * step, 1500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_count_and_add),
		cmocka_unit_test(test_against_a_walk),
	};

	rng_open("test_interval");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
