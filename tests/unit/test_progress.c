/* SPDX-License-Identifier: MIT */
/* The progress line: numbers, time left, and that it fits whatever the width is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/progress.h"

static const struct progress_counter counters[] = {
	{"inserted", 3}, {"corrected", 0}, {"identical", 447}};

static struct progress at(int64_t done, int64_t total, int64_t before, int64_t elapsed_ms)
{
	return (struct progress){.title = "replay",
				 .unit = "messages",
				 .done = done,
				 .total = total,
				 .done_before = before,
				 .elapsed_ms = elapsed_ms,
				 .counters = counters,
				 .n = 3};
}

static void test_numbers(void **state)
{
	static const struct {
		int64_t done, total, before, elapsed_ms;
		int percent;
		int64_t rate, left_ms;
	} rows[] = {
		{0, 1000, 0, 0, 0, 0, PROGRESS_UNKNOWN},
		{0, 1000, 0, 5000, 0, 0, PROGRESS_UNKNOWN},
		{250, 1000, 0, 10000, 25, 25, 30000},
		{999, 1000, 0, 10000, 99, 99, 10},
		{1000, 1000, 0, 10000, 100, 100, 0},
		{1200, 1000, 0, 10000, 100, 120, 0},
		{0, 0, 0, 0, 100, 0, 0},
		{500, 1000, 400, 10000, 50, 10,
		 50000}, /* goes on after a break: only its own part makes the pace */
		{500, 1000, 500, 10000, 50, 0, PROGRESS_UNKNOWN},
		{300, 1000, 400, 10000, 30, 0, PROGRESS_UNKNOWN}, /* fell back */
		{INT64_MAX / 2, INT64_MAX, 0, 1000, 50, INT64_MAX / 2, 1000},
		{1, INT64_MAX, 0, 60000, 0, 0, PROGRESS_UNKNOWN},
		{99999999999, 100000000000, 0, 1000, 99, 99999999999, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct progress p =
			at(rows[i].done, rows[i].total, rows[i].before, rows[i].elapsed_ms);
		double off = (double)progress_rate(&p) - (double)rows[i].rate;

		if (progress_percent(&p) != rows[i].percent || off > 1e4 || off < -1e4 ||
		    progress_left_ms(&p) != rows[i].left_ms)
			fail_msg("row %zu: %d %%, %lld/s, %lld ms", i, progress_percent(&p),
				 (long long)progress_rate(&p), (long long)progress_left_ms(&p));
		if (rows[i].rate < 1000)
			assert_int_equal(progress_rate(&p), rows[i].rate);
	}
}

static void test_times(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{PROGRESS_UNKNOWN, "--:--"},
		{0, "0:00"},
		{999, "0:00"},
		{12000, "0:12"},
		{3599999, "59:59"},
		{3600000, "1:00:00"},
		{11100000, "3:05:00"},
		{86399999, "23:59:59"},
		{183600000, "2d 03:00"},
		{INT64_MAX, "106751991167d 07:12"},
	};
	char out[PROGRESS_TIME_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(progress_time(rows[i].ms, out), rows[i].text);
}

static void test_line(void **state)
{
	struct progress p = at(450, 1000, 0, 9000);
	char out[PROGRESS_BYTES];

	(void)state;
	assert_string_equal(
		progress_line(&p, 110, out),
		"replay [#########-----------]  45%  450/1000 messages  50/s  0:11 left  inserted 3  corrected 0  "
		"identical 447");
	assert_int_equal(strlen(out), 110);
	assert_string_equal(
		progress_line(&p, 200, out),
		"replay [#############-----------------]  45%  450/1000 messages  50/s  0:11 left  inserted 3  corrected 0  "
		"identical 447");
	assert_string_equal(
		progress_line(&p, 80, out),
		"replay [########----------]  45%  450/1000 messages  50/s  0:11 left  inserted 3");
	assert_string_equal(progress_line(&p, 50, out),
			    "replay  45%  450/1000 messages  50/s  0:11 left");
	assert_string_equal(progress_line(&p, 20, out), "replay  45%");
	assert_string_equal(progress_line(&p, 0, out), "");
	p.done = 1000;
	p.n = 0;
	assert_string_equal(
		progress_line(&p, 70, out),
		"replay [##################] 100%  1000/1000 messages  111/s  0:00 left");
	p = at(0, 0, 0, 0);
	p.n = 0;
	assert_string_equal(progress_line(&p, 60, out),
			    "replay [################] 100%  0/0 messages  0/s  0:00 left");
}

/* Whatever the numbers, whatever the width: it fits, and what is there stays in its place. */
static void test_every_width(void **state)
{
	struct progress extremes[] = {
		at(0, 1, 0, 0), at(-5, 10, 0, 1), at(INT64_MAX, INT64_MAX, 0, 1),
		at(1, INT64_MAX, 0, INT64_MAX), at(INT64_MAX - 1, INT64_MAX, 0, 1000)};
	char out[PROGRESS_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(extremes) / sizeof(*extremes); i++) {
		for (size_t columns = 0; columns < PROGRESS_BYTES + 50; columns++) {
			progress_line(&extremes[i], columns, out);
			assert_true(strlen(out) <= columns);
			assert_true(strncmp(out, "replay", columns < 6 ? columns : 6) == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_every_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
