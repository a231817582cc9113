/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "common/text/timetext.h"
#include "rng.h"

#define DAY_MS INT64_C(86400000)
#define NO     INT64_MIN /* refused */

struct row {
	const char *text;
	int64_t ms;
};

static void check(const char *what, const struct row *row, int result, int64_t ms)
{
	if ((result == 0) != (row->ms != NO) || (result == 0 && ms != row->ms))
		fail_msg("%s(\"%s\") returns %d with %" PRId64, what, row->text, result, ms);
}

static void test_candle(void **state)
{
	static const struct row rows[] = {
		{"2020-02-20T11:19:00", INT64_C(1582197540000)},
		{"1970-01-01T00:00:00", 0},
		{"1969-12-31T23:59:59", -1000},
		{"2024-02-29T00:00:00", INT64_C(1709164800000)},
		{"2000-02-29T23:59:59", INT64_C(951868799000)},
		{"9999-12-31T23:59:59", INT64_C(253402300799000)},
		{"0001-01-01T00:00:00", INT64_C(-62135596800000)},
		{"", NO},
		{"2020-02-20", NO},
		{"2020-02-20T11:19", NO},
		{"2020-02-20 11:19:00", NO},
		{"2020-02-20T11:19:00Z", NO},
		{"2020-02-20T11:19:00 ", NO},
		{" 2020-02-20T11:19:00", NO},
		{"2020-02-20T11:19:00.000", NO},
		{"2020-02-20T11:19:00+09:00", NO},
		{"2020-2-20T11:19:00", NO},
		{"20200220T111900", NO},
		{"2020-02-20T11:19:0", NO},
		{"2020-00-20T11:19:00", NO},
		{"2020-13-20T11:19:00", NO},
		{"2020-02-00T11:19:00", NO},
		{"2020-02-30T11:19:00", NO},
		{"2019-02-29T11:19:00", NO},
		{"2100-02-29T11:19:00", NO},
		{"2020-04-31T11:19:00", NO},
		{"2020-02-20T24:00:00", NO},
		{"2020-02-20T11:60:00", NO},
		{"2020-02-20T11:19:60", NO},
		{"0000-01-01T00:00:00", NO},
		{"-020-02-20T11:19:00", NO},
		{"2020-02-20T11:19:+1", NO},
		{"2020-02-20t11:19:00", NO},
	};
	int64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int result = time_parse_candle(rows[i].text, &ms);

		check("time_parse_candle", &rows[i], result, ms);
	}
}

static void test_user(void **state)
{
	static const struct row rows[] = {
		{"2020-02-20", INT64_C(1582156800000)},
		{"2020-02-20T11:19", INT64_C(1582197540000)},
		{"2020-02-20 11:19", INT64_C(1582197540000)},
		{"2020-02-20T11:19:07", INT64_C(1582197547000)},
		{"2020-02-20T11:19:07.5", INT64_C(1582197547500)},
		{"2020-02-20 11:19:07.05Z", INT64_C(1582197547050)},
		{"2020-02-20T11:19:07.123Z", INT64_C(1582197547123)},
		{"2020-02-20T11:19Z", INT64_C(1582197540000)},
		{"2020-02-20T20:19:00+09:00", INT64_C(1582197540000)},
		{"2020-02-20 20:19+09:00", INT64_C(1582197540000)},
		{"2020-02-20T06:19:00.250-05:00", INT64_C(1582197540250)},
		{"2020-02-20T16:49+05:30", INT64_C(1582197540000)},
		{"2020-02-20T11:19+00:00", INT64_C(1582197540000)},
		{"2020-02-21T01:19+14:00", INT64_C(1582197540000)},
		{"1969-12-31T23:59:59.999", -1},
		{"", NO},
		{"yesterday", NO},
		{"2020", NO},
		{"2020-02", NO},
		{"2020-02-20T", NO},
		{"2020-02-20 ", NO},
		{"2020-02-20T11", NO},
		{"2020-02-20T11:", NO},
		{"2020-02-20T11:19:", NO},
		{"2020-02-20T11:19:07.", NO},
		{"2020-02-20T11:19:07.1234", NO},
		{"2020-02-20T11:19.5", NO},
		{"2020-02-20Z", NO},
		{"2020-02-20+09:00", NO},
		{"2020-02-20T11:19ZZ", NO},
		{"2020-02-20T11:19Z+09:00", NO},
		{"2020-02-20T11:19+0900", NO},
		{"2020-02-20T11:19+09", NO},
		{"2020-02-20T11:19+15:00", NO},
		{"2020-02-20T11:19+09:60", NO},
		{"2020-02-20T11:19+", NO},
		{"2020-02-20T11:19-", NO},
		{"2020-02-20  11:19", NO},
		{"2020-02-30", NO},
		{"20-02-2020", NO},
		{"2020/02/20", NO},
		{"1582197540000", NO},
	};
	int64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int result = time_parse_user(rows[i].text, &ms);

		check("time_parse_user", &rows[i], result, ms);
	}
}

static void test_http(void **state)
{
	static const struct row rows[] = {
		{"Thu, 20 Feb 2020 11:19:00 GMT", INT64_C(1582197540000)},
		{"Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000)},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Wed, 31 Dec 1969 23:59:59 GMT", -1000},
		{" Thu, 20 Feb 2020 11:19:00 GMT\r\n", INT64_C(1582197540000)},
		{"Sat, 31 Dec 2016 23:59:60 GMT", INT64_C(1483228800000)}, /* the leap second */
		{"", NO},
		{"Thu", NO},
		{"Fri, 20 Feb 2020 11:19:00 GMT", NO},
		{"Xxx, 20 Feb 2020 11:19:00 GMT", NO},
		{"Thu, 20 Feb 2020 11:19:00 KST", NO},
		{"Thu, 20 Feb 2020 11:19:00", NO},
		{"Thu, 20 Feb 2020 11:19:00 GMT+9", NO},
		{"Thu, 20 Fab 2020 11:19:00 GMT", NO},
		{"Thu, 20 feb 2020 11:19:00 GMT", NO},
		{"Thu 20 Feb 2020 11:19:00 GMT", NO},
		{"Thu, 20-Feb-20 11:19:00 GMT", NO},
		{"Thursday, 20-Feb-20 11:19:00 GMT", NO},
		{"Thu Feb 20 11:19:00 2020", NO},
		{"Thu, 20 Feb 2020 24:19:00 GMT", NO},
		{"Thu, 20 Feb 2020 11:19:61 GMT", NO},
		{"Tue, 30 Feb 2021 11:19:00 GMT", NO},
		{"Thu, 20 Feb 2020  11:19:00 GMT", NO},
		{"1582197540", NO},
	};
	int64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int result = time_parse_http(rows[i].text, strlen(rows[i].text), &ms);

		check("time_parse_http", &rows[i], result, ms);
	}
	assert_int_equal(time_parse_http("Thu, 20 Feb 2020 11:19:00 GMT and more", 29, &ms), 0);
	assert_int_equal(time_parse_http("Thu, 20 Feb 2020 11:19:00 GMT", 28, &ms), -1);
}

static void test_format(void **state)
{
	char out[TIMETEXT_BYTES];

	(void)state;
	assert_string_equal(time_format(INT64_C(1582197540999), out), "2020-02-20T11:19:00Z");
	assert_string_equal(time_format_ms(INT64_C(1582197540007), out),
			    "2020-02-20T11:19:00.007Z");
	assert_string_equal(time_format(0, out), "1970-01-01T00:00:00Z");
	assert_string_equal(time_format(-1, out), "1969-12-31T23:59:59Z");
	assert_string_equal(time_format_ms(-1, out), "1969-12-31T23:59:59.999Z");
	/* far outside of what is promised: some text, inside its bounds */
	assert_true(strlen(time_format_ms(INT64_MAX, out)) < TIMETEXT_BYTES);
	assert_true(strlen(time_format_ms(INT64_MIN, out)) < TIMETEXT_BYTES);
}

/* Every day of the years 1 to 9999, against counting. */
static void test_every_day(void **state)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t days = civil_to_days(1, 1, 1);

	(void)state;
	assert_int_equal(days, -719162);
	assert_int_equal(civil_to_days(1970, 1, 1), 0);
	for (int year = 1; year <= 9999; year++) {
		for (int month = 1; month <= 12; month++) {
			int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
			int length = lengths[month - 1] + (month == 2 && leap);

			for (int day = 1; day <= length; day++, days++) {
				int y, m, d;

				civil_from_days(days, &y, &m, &d);
				if (y != year || m != month || d != day ||
				    civil_to_days(year, month, day) != days)
					fail_msg("day %" PRId64 " is not %d-%d-%d", days, year,
						 month, day);
			}
		}
	}
	assert_int_equal(days, 2932897);
}

/* Text and back at random times; the C library agrees. */
static void test_round_trip(void **state)
{
	const int64_t first = civil_to_days(1, 1, 1) * DAY_MS,
		      end = civil_to_days(9999, 12, 31) * DAY_MS;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t ms = first + rng_below(end - first),
			second = ms - ((ms % 1000) + 1000) % 1000, back;
		char text[TIMETEXT_BYTES], http[64];
		time_t seconds = second / 1000;
		struct tm tm;

		assert_int_equal(time_parse_user(time_format_ms(ms, text), &back), 0);
		assert_int_equal(back, ms);
		assert_int_equal(time_parse_user(time_format(ms, text), &back), 0);
		assert_int_equal(back, second);
		text[strlen(text) - 1] = 0;
		assert_int_equal(time_parse_candle(text, &back), 0);
		assert_int_equal(back, second);
		assert_non_null(gmtime_r(&seconds, &tm));
		if (tm.tm_year + 1900 < 1000) /* strftime does not pad the year */
			continue;
		assert_true(strftime(http, sizeof http, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
		assert_int_equal(time_parse_http(http, strlen(http), &back), 0);
		assert_int_equal(back, second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_candle),    cmocka_unit_test(test_user),
		cmocka_unit_test(test_http),      cmocka_unit_test(test_format),
		cmocka_unit_test(test_every_day), cmocka_unit_test(test_round_trip),
	};

	rng_open("test_timetext");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
