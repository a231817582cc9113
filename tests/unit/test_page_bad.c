/* SPDX-License-Identifier: MIT */
/* Why each bad page is rejected, or each bad row costs its interval (tests/data/pages/bad), and
 * that a damaged page is none. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_file.h"
#include "producer/exchange/upbit_page.h"

struct bad {
	const char *name, *cause;
};

static const struct bad bad_pages[] = {
	{"201-rows.json", "201 rows; the exchange sends 200"},
	{"bad-escape.json", "escape"},
	{"bad-utf8.json", "UTF-8"},
	{"blank.json", "not valid JSON"},
	{"byte-order-mark.json", "byte order mark"},
	{"comment.json", "not valid JSON"},
	{"control-in-string.json", "control character"},
	{"control-outside.json", "byte that does not belong"},
	{"cut-between-rows.json", "not valid JSON"},
	{"cut-in-row.json", "string without end"},
	{"cut-last-bracket.json", "not valid JSON"},
	{"deep.json", "nest"},
	{"deep-in-row.json", "nest"},
	{"empty-body.json", "empty where JSON"},
	{"error-bare.json", "error in place of a page: \"500\""},
	{"error-number-name.json", "error in place of a page: \"Code not found\""},
	{"error-text-name.json", "error in place of a page: \"Please 'check' your header ?\""},
	{"escaped-mark.json", "escape"},
	{"escaped-nul.json", "escape"},
	{"lone-surrogate.json", "surrogate"},
	{"maintenance.html", "HTML: maintenance"},
	{"market-lower-case.json",
	 "Row 1 of the page is of market \"krw-btc\"; KRW-BTC was asked for"},
	{"newline-in-string.json", "control character"},
	{"no-comma.json", "not valid JSON"},
	{"nul-within.json", "byte that does not belong"},
	{"null.json", "not an array"},
	{"number.json", "not an array"},
	{"object.json", "not an array"},
	{"overlong-utf8.json", "UTF-8"},
	{"price-5000-characters.json", "more than 128 characters"},
	{"price-bare-point.json", "malformed number"},
	{"price-hex.json", "malformed number"},
	{"price-infinity.json", "minus without a number"},
	{"price-leading-zero.json", "malformed number"},
	{"price-nan.json", "not valid JSON"},
	{"price-plus.json", "not valid JSON"},
	{"raw-mark.json", "control character"},
	{"single-quotes.json", "not valid JSON"},
	{"string.json", "not an array"},
	{"surrogate-utf8.json", "UTF-8"},
	{"trailing-comma.json", "not valid JSON"},
	{"trailing-nul.json", "byte that does not belong"},
	{"trailing-text.json", "not valid JSON"},
	{"true.json", "not an array"},
	{"unit-of-another.json", "Row 1 of the page is of unit 3; 1 was asked for"},
};

/* The rest of these pages counts. */
static const struct bad bad_rows[] = {
	{"before-2009.json", "Row 1 of the page is not a candle: \"timestamp\" is 1230767940000"},
	{"no-candle-acc-trade-price.json", "Row 2 of the page has no \"candle_acc_trade_price\""},
	{"no-candle-acc-trade-volume.json", "Row 2 of the page has no \"candle_acc_trade_volume\""},
	{"price-1e-400.json", "Row 1 of the page has a \"trade_price\" of more than 63 characters"},
	{"price-1e400.json", "Row 1 of the page has a \"trade_price\" of more than 63 characters"},
	{"timestamp-exponent.json", "Row 1 of the page has a \"timestamp\" that is not an integer"},
	{"timestamp-fraction.json", "Row 1 of the page has a \"timestamp\" that is not an integer"},
	{"twice-different-timestamp.json", "two different rows that begin at 2020-02-20T11:19:00Z"},
	{"field-twice.json", "Row 1 of the page has two fields \"trade_price\""},
	{"field-twice-escaped.json", "Row 1 of the page has two fields \"trade_price\""},
	{"market-number.json", "Row 1 of the page has a \"market\" that is not a string"},
	{"market-of-another.json",
	 "Row 2 of the page is of market \"KRW-ETH\"; KRW-BTC was asked for"},
	{"trailing-page.json", "Row 3 of the page cannot be read: The text is not valid JSON"},
	{"no-candle-date-time-utc.json", "Row 2 of the page has no \"candle_date_time_utc\""},
	{"no-high-price.json", "Row 2 of the page has no \"high_price\""},
	{"no-low-price.json", "Row 2 of the page has no \"low_price\""},
	{"no-market.json", "Row 2 of the page has no \"market\""},
	{"no-opening-price.json", "Row 2 of the page has no \"opening_price\""},
	{"no-timestamp.json", "Row 2 of the page has no \"timestamp\""},
	{"no-trade-price.json", "Row 2 of the page has no \"trade_price\""},
	{"no-unit.json", "Row 2 of the page has no \"unit\""},
	{"off-grid.json",
	 "Row 1 of the page begins at 2020-02-20T11:19:14Z, which is off the grid of 1m"},
	{"price-64-characters.json",
	 "Row 1 of the page has a \"trade_price\" of more than 63 characters"},
	{"price-null.json", "Row 1 of the page has a \"high_price\" that is not a number"},
	{"price-object.json", "Row 1 of the page has a \"low_price\" that is not a number"},
	{"price-text.json", "Row 1 of the page has a \"opening_price\" that is not a number"},
	{"row-is-null.json", "Row 2 of the page is not an object"},
	{"rows-are-arrays.json", "Row 1 of the page is not an object"},
	{"rows-are-numbers.json", "Row 1 of the page is not an object"},
	{"start-february-30.json", "is no time: \"2020-02-30T11:19:00\""},
	{"start-month-13.json", "is no time: \"2020-13-20T11:19:00\""},
	{"start-no-time.json", "is no time: \"2020-02-20\""},
	{"start-number.json",
	 "Row 1 of the page has a \"candle_date_time_utc\" that is not a string"},
	{"start-second-60.json", "is no time: \"2020-02-20T11:59:60\""},
	{"start-with-offset.json", "is no time: \"2020-02-20T20:19:00+09:00\""},
	{"start-with-zone.json", "is no time: \"2020-02-20T11:19:00Z\""},
	{"timestamp-beyond-int64.json",
	 "Row 1 of the page has a \"timestamp\" that is not an integer"},
	{"timestamp-negative.json", "Row 1 of the page is not a candle: \"revision\" is -1"},
	{"timestamp-text.json", "Row 1 of the page has a \"timestamp\" that is not an integer"},
	{"turnover-negative.json", "Row 1 of the page is not a candle: \"quote_volume\" is -1"},
	{"twice-different-digits.json", "two different rows that begin at 2020-02-20T11:18:00Z"},
	{"twice-different-volume.json", "two different rows that begin at 2020-02-20T11:18:00Z"},
	{"unit-fraction.json", "Row 1 of the page has a \"unit\" that is not an integer"},
	{"unit-text.json", "Row 1 of the page has a \"unit\" that is not an integer"},
	{"volume-negative.json", "Row 1 of the page is not a candle: \"volume\" is -0.00000001"},
};

enum {
	PAGES = sizeof(bad_pages) / sizeof(bad_pages[0]),
	ROWS = sizeof(bad_rows) / sizeof(bad_rows[0])
};

static void rejected(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAGES; i++) {
		struct page page;
		struct err err;

		if (parse_file("pages/bad", bad_pages[i].name, "1m", PAGE_NO_TO, &page, &err) == 0)
			fail_msg("%s is accepted", bad_pages[i].name);
		if (err.class != ERR_INPUT || !strstr(err.text, bad_pages[i].cause))
			fail_msg("%s is rejected for another reason: %s", bad_pages[i].name,
				 err.text);
		assert_null(page.rows);
		assert_int_equal(page.n, 0);
		page_release(&page);
	}
}

static void a_bad_row_is_a_hole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct page page;
		struct err err;

		if (parse_file("pages/bad", bad_rows[i].name, "1m", PAGE_NO_TO, &page, &err) < 0)
			fail_msg("%s is rejected: %s", bad_rows[i].name, err.text);
		if (!strstr(page.bad.text, bad_rows[i].cause))
			fail_msg("%s has another bad row: %s", bad_rows[i].name, page.bad.text);
		assert_true(page.n_bad > 0);
		/* but of a last one that does not tell its time: nothing is promised there */
		assert_true(page.holes.n > 0 || page.n > 0);
		for (size_t k = 0; k < page.n; k++)
			assert_false(spans_contain(&page.holes, page.rows[k].timestamp_ms));
		page_release(&page);
	}
}

#define ROW(start, volume)                                                                           \
	"{\"market\":\"KRW-BTC\",\"candle_date_time_utc\":\"2020-02-20T" start                       \
	"\",\"opening_price\":1,\"high_price\":1,\"low_price\":1,\"trade_price\":1,\"timestamp\":1," \
	"\"candle_acc_trade_price\":1,\"candle_acc_trade_volume\":" volume ",\"unit\":1}"

/* "11:18-11:20 11:21-" */
static void holes_are(const char *body, int64_t to_ms, size_t rows, size_t n_bad,
		      const char *expected)
{
	static const int64_t ten_ms = INT64_C(1582192800000); /* 2020-02-20T10:00:00Z */
	struct page page;
	struct err err;
	char text[256] = "";

	if (upbit_page_parse(body, strlen(body), "KRW-BTC", interval_by_name("1m"), to_ms, &page,
			     &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(page.n, rows);
	assert_int_equal(page.n_bad, n_bad);
	for (size_t i = 0; i < page.holes.n; i++) {
		size_t at = strlen(text);
		int from = (int)((page.holes.v[i].from - ten_ms) / 60000),
		    to = (int)((page.holes.v[i].to - ten_ms) / 60000);

		if (page.holes.v[i].from != INT64_MIN)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%02d:%02d",
					       10 + from / 60, from % 60);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "-");
		if (page.holes.v[i].to != INT64_MAX)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%02d:%02d",
					       10 + to / 60, to % 60);
		snprintf(text + at, sizeof(text) - at, " ");
	}
	assert_string_equal(text, expected);
	page_release(&page);
}

static int no_page(const char *body, int64_t to_ms)
{
	struct page page;
	struct err err;

	return upbit_page_parse(body, strlen(body), "KRW-BTC", interval_by_name("1m"), to_ms, &page,
				&err);
}

static void is_no_page(const char *body, const char *cause)
{
	struct page page;
	struct err err;

	assert_int_equal(upbit_page_parse(body, strlen(body), "KRW-BTC", interval_by_name("1m"),
					  PAGE_NO_TO, &page, &err),
			 -1);
	assert_non_null(strstr(err.text, cause));
}

static void what_a_bad_row_costs(void **state)
{
	static const char long_number[] =
		"0.0000000000000000000000000000000000000000000000000000000000000000000001";
	static const int64_t to_ms = INT64_C(1582198200000); /* 11:30 */
	char body[4096];

	(void)state;
	/* its own interval, whatever is wrong with it */
	holes_are("[" ROW("11:20:00", "1") "," ROW("11:19:00", "null") "," ROW("11:18:00", "1") "]",
		  to_ms, 2, 1, "11:19-11:20 ");
	holes_are("[" ROW("11:20:00", "1E-70") "," ROW("11:19:00", "-1") "]", to_ms, 0, 2,
		  "11:19-11:21 ");
	snprintf(body, sizeof(body), "[%.*s%s%s]", (int)strlen(ROW("11:20:00", "1")) - 11,
		 ROW("11:20:00", "1"), long_number, ",\"unit\":1}");
	holes_are(body, to_ms, 0, 1, "11:20-11:21 ");
	/* three without a candle among them are not a page: another format, of all rows */
	snprintf(body, sizeof(body), "[%s,%s,%s]", ROW("11:20:00", "\"1\""),
		 ROW("11:19:00", "\"1\""), ROW("11:18:00", "\"1\""));
	is_no_page(body, "No row of the page is a candle: Row 1 of the page has a \"candle_acc_");
	/* without its time, what lies between its neighbours */
	holes_are("[" ROW("11:25:00", "1") "," ROW("soon", "1") "," ROW("11:18:00", "1") "]", to_ms,
		  2, 1, "11:19-11:25 ");
	holes_are("[" ROW("soon", "1") "," ROW("11:18:00", "1") "]", to_ms, 1, 1, "11:19-11:30 ");
	holes_are("[" ROW("soon", "1") "," ROW("11:18:00", "1") "]", PAGE_NO_TO, 1, 1, "11:19- ");
	holes_are("[" ROW("11:18:00", "1") "," ROW("11:17:30", "1") "]", to_ms, 1, 1, "");
	holes_are("[null]", to_ms, 0, 1, "-11:30 ");
	/* and where there is no order, anywhere */
	holes_are("[" ROW("11:18:00", "1") "," ROW("11:25:00", "1") "," ROW("soon", "1") "]", to_ms,
		  2, 1, "-11:30 ");
	/* two rows of one start: which is right? */
	holes_are("[" ROW("11:20:00", "1") "," ROW("11:19:00", "1") "," ROW("11:19:00", "2") "]",
		  to_ms, 1, 1, "11:19-11:20 ");
}

#define ALIEN(start) "{\"market\":\"KRW-ETH\",\"candle_date_time_utc\":\"2020-02-20T" start "\"}"

/* One that is no JSON, of another answer, or at a time that was not asked for stands in the place
 * of one that is not known: what lies between its neighbours. Most of them are no page. */
static void what_a_row_of_another_kind_costs(void **state)
{
	static const int64_t to_ms = INT64_C(1582198200000); /* 11:30 */
	static const char *const broken[] = {
		ROW("11:19:00", "NaN"),      ROW("11:19:00", "01"),  ROW("11:19:00", "Infinity"),
		ROW("11:19:00", "\"a\"b\""), ROW("11:19:00", "{"),   ROW("11:19:00", "\"\\x\""),
		ROW("11:19:00", "\"\xff\""), ROW("11:19:00", "1]}"), ROW("11:19:00", "undefined"),
		ALIEN("11:19:00"),           ROW("11:40:00", "1"),
	};
	char body[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		snprintf(body, sizeof(body), " [%s ,\n%s, %s,%s] ", ROW("11:22:00", "1"), broken[i],
			 ROW("11:18:00", "1"), ROW("11:17:00", "1"));
		holes_are(body, to_ms, 3, 1, "11:19-11:22 ");
		snprintf(body, sizeof(body), "[%s,%s,%s]", ROW("11:22:00", "1"), broken[i],
			 broken[i]);
		assert_int_equal(no_page(body, to_ms), -1);
	}
	/* `to` itself, where it is counted in, is no concern */
	holes_are("[" ROW("11:30:00", "1") "," ROW("11:18:00", "1") "]", to_ms, 1, 0, "");
	/* without an end it was cut off, and nothing tells how much of it is missing */
	is_no_page("[" ROW("11:22:00", "1") "," ROW("11:19:00", "NaN") ",", "not valid JSON");
}

static int names(const struct bad *bad, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(bad[i].name, name) == 0)
			return 1;
	return 0;
}

/* A fixture that no test names would test nothing. */
static void every_fixture_is_used(void **state)
{
	DIR *dir = opendir("tests/data/pages/bad");
	struct dirent *entry;
	size_t files = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!names(bad_pages, PAGES, entry->d_name) &&
		    !names(bad_rows, ROWS, entry->d_name))
			fail_msg("no test uses tests/data/pages/bad/%s", entry->d_name);
		files++;
	}
	closedir(dir);
	assert_int_equal(files, PAGES + ROWS);
}

/* An answer that was cut off, wherever, is no page. (The last byte of the file is a newline or the
 * bracket.) */
static void cut_anywhere(void **state)
{
	const struct interval *iv = interval_by_name("1m");
	size_t len, whole;
	char *text = slurp("upbit", "upbit_1m_20200220_202000-20200220_210000.json", &len);

	(void)state;
	for (whole = len; text[whole - 1] != ']'; whole--)
		;
	for (size_t n = 0; n < whole; n++) {
		char *cut = malloc(n ? n : 1);
		struct page page;
		struct err err;

		assert_non_null(cut);
		memcpy(cut, text, n);
		err_clear(&err);
		if (upbit_page_parse(cut, n, "KRW-BTC", iv, PAGE_NO_TO, &page, &err) == 0)
			fail_msg("a page that was cut after %zu bytes is accepted", n);
		assert_int_equal(err.class, ERR_INPUT);
		assert_true(strlen(err.text) > 0);
		page_release(&page);
		free(cut);
	}
	free(text);
}

/* One byte changed anywhere: it may be a good page with another digit; it must not crash, nor be of
 * another shape. */
static void one_byte_changed(void **state)
{
	const struct interval *iv = interval_by_name("1m");
	static const char bytes[] = "\"{}[],:0-.e\\ \x01\x7f\xff";
	size_t len;
	char *text = slurp("pages/good", "three-rows.json", &len);
	int accepted_n = 0;

	(void)state;
	for (size_t at = 0; at < len; at++) {
		for (size_t b = 0; b < sizeof(bytes); b++) {
			char kept = text[at];
			struct page page;
			struct err err;

			text[at] = bytes[b];
			if (upbit_page_parse(text, len, "KRW-BTC", iv, PAGE_NO_TO, &page, &err) ==
			    0) {
				accepted_n++;
				assert_in_range(page.n, 0, 3);
				for (size_t i = 0; i < page.n; i++)
					assert_true(decimal_is_plain(page.rows[i].open));
			}
			page_release(&page);
			text[at] = kept;
		}
	}
	assert_true(accepted_n > 100);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rejected),
		cmocka_unit_test(a_bad_row_is_a_hole),
		cmocka_unit_test(what_a_bad_row_costs),
		cmocka_unit_test(what_a_row_of_another_kind_costs),
		cmocka_unit_test(every_fixture_is_used),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(one_byte_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
