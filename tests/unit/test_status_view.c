/* SPDX-License-Identifier: MIT */
/* The table of gapless-writer status: bars, order, and how it fits terminals of 80 and 200 columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "writer/commands/status_view.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static const struct status_view hour = {.from_ms = 0, .to_ms = HOUR, .columns = 80};

static void bars(void **state)
{
	char bar[] = "            "; /* 12 cells of five minutes */
	char three[sizeof(bar)];

	(void)state;
	report_mark(bar, 12, (struct span){0, HOUR}, (struct span){-HOUR, 50 * MINUTE},
		    REPORT_FULL);
	assert_string_equal(bar, "==========  ");
	report_quiet(bar, 12, "110111111111", 1);
	assert_string_equal(bar, "==.=======  ");
	/* A millisecond is enough to be seen, and stays in its cell. */
	report_mark(bar, 12, (struct span){0, HOUR}, (struct span){25 * MINUTE - 1, 25 * MINUTE},
		    REPORT_GAP);
	assert_string_equal(bar, "==.=X=====  ");
	report_mark(bar, 12, (struct span){0, HOUR}, (struct span){25 * MINUTE, 25 * MINUTE + 1},
		    REPORT_UNOBTAINABLE);
	assert_string_equal(bar, "==.=Xu====  ");
	/* The worst of a cell stays. */
	report_mark(bar, 12, (struct span){0, HOUR}, (struct span){0, HOUR}, REPORT_FULL);
	assert_string_equal(bar, "====Xu======");
	report_mark(bar, 12, (struct span){0, HOUR}, (struct span){55 * MINUTE, 99 * HOUR},
		    REPORT_GAP);
	assert_string_equal(bar, "====Xu=====X");
	/* Three cells at a time. */
	memcpy(three, bar, sizeof(three));
	report_quiet(three, 12, "1101", 3);
	assert_string_equal(three, "====Xu...==X");
	/* Outside, or nothing. */
	report_mark(bar, 12, (struct span){0, HOUR}, (struct span){HOUR, 2 * HOUR}, REPORT_GAP);
	report_mark(bar, 12, (struct span){0, HOUR}, (struct span){-HOUR, 0}, REPORT_GAP);
	report_mark(bar, 12, (struct span){0, HOUR}, (struct span){3 * MINUTE, 3 * MINUTE},
		    REPORT_GAP);
	assert_string_equal(bar, "====Xu=====X");
}

static struct report_series one(const char *symbol, int64_t missing, const char *note)
{
	struct report_series s = {.newest_ms = HOUR - 42000,
				  .lag_ms = 2 * MINUTE,
				  .recent = 57,
				  .missing = missing,
				  .gaps = missing > 0};

	snprintf(s.symbol, sizeof(s.symbol), "%s", symbol);
	snprintf(s.interval, sizeof(s.interval), "1m");
	snprintf(s.note, sizeof(s.note), "%s", note);
	memset(s.bar, REPORT_FULL, REPORT_BAR_MAX);
	return s;
}

static void order(void **state)
{
	struct report_series s[] = {one("KRW-B", 0, ""),    one("KRW-LATE", 0, ""),
				    one("KRW-A", 0, ""),    one("KRW-GONE", 0, "delisted"),
				    one("KRW-GAP", 3, ""),  one("KRW-OLD", 0, ""),
				    one("KRW-GAPS", 17, "")};
	static const char *const wanted[] = {"KRW-GAPS", "KRW-GAP", "KRW-OLD", "KRW-GONE",
					     "KRW-LATE", "KRW-A",   "KRW-B"};

	(void)state;
	s[1].lag_ms = 3 * HOUR;
	snprintf(s[0].interval, sizeof(s[0].interval),
		 "1w"); /* a week is not late after six days */
	s[0].lag_ms = 6LL * 24 * HOUR;
	s[5].unobtainable = 9;
	report_sort(s, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(s[i].symbol, wanted[i]);
	report_sort(NULL, 0);
}

/* The table at so many columns; no line is longer. */
static const char *table(int columns, int colours, struct report_series *s, size_t n)
{
	static struct buf out;
	struct status_view v = hour;
	size_t longest = 0;

	buf_release(&out);
	buf_init(&out, 100000);
	v.columns = columns;
	v.colours = colours;
	status_layout(&v, s, n);
	status_head(&v, &out);
	for (size_t i = 0; i < n; i++)
		status_line(&v, &s[i], &out);
	assert_int_equal(buf_append(&out, "", 1), 0);
	for (const char *line = out.data; !colours && *line != '\0';
	     line = strchr(line, '\n') + 1) {
		assert_true(strcspn(line, "\n") <= (size_t)columns);
		longest = strcspn(line, "\n") > longest ? strcspn(line, "\n") : longest;
	}
	if (!colours)
		assert_int_equal(longest, columns); /* all of them are used */
	return out.data;
}

static void fits(void **state)
{
	static const int columns[] = {80, 120, 200};
	struct report_series s[] = {one("KRW-BTC", 17, ""),
				    one("KRW-LONGESTOFALLNAMES1", 1234567, "before the relisting"),
				    one("KRW-XRP", 0, "delisted")};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		table(columns[i], 0, s, 3);
	assert_non_null(strstr(table(200, 0, s, 3), "1234567    2m   95%  before the relisting\n"));
	assert_non_null(
		strstr(table(80, 0, s, 1), "symbol        1970-01-01T00:00 .. 1970-01-01T01:00"));
	assert_non_null(strstr(table(80, 0, s, 1), "=   42s         17    2m   95%\n"));
	assert_null(strchr(table(80, 0, s, 3), '\033'));
	/* Much too narrow: bars stay, nothing is written outside of anything. */
	for (size_t i = 0; i < 3; i++)
		memset(s[i].bar, REPORT_FULL, REPORT_BAR_MAX);
	assert_non_null(strstr(table(2000, 1, s, 1), "\033[31m       17\033[0m"));
	assert_non_null(strstr(table(80, 1, s, 1), "\033[32m==="));
}

static void ages(void **state)
{
	char text[STATUS_AGE_BYTES];

	(void)state;
	assert_string_equal(status_age(-1, text), "-");
	assert_string_equal(status_age(0, text), "0s");
	assert_string_equal(status_age(119999, text), "119s");
	assert_string_equal(status_age(120000, text), "2m");
	assert_string_equal(status_age(47LL * HOUR, text), "47h");
	assert_string_equal(status_age(480LL * HOUR, text), "20d");
	assert_string_equal(status_age(INT64_MAX, text), "106751991167d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bars), cmocka_unit_test(order),
					   cmocka_unit_test(fits), cmocka_unit_test(ages)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
