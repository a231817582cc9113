/* SPDX-License-Identifier: MIT */
/* What comes of good pages, digit for digit (tests/data/pages/good, and recorded ones). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_file.h"
#include "producer/exchange/upbit_page.h"

#define MINUTE_MS       INT64_C(60000)
#define ELEVEN_NINETEEN INT64_C(1582197540000) /* 2020-02-20T11:19:00Z */

static void take(const char *name, const char *interval, size_t rows, struct page *page)
{
	struct err err;

	if (parse_file("pages/good", name, interval, PAGE_NO_TO, page, &err) < 0)
		fail_msg("%s is rejected: %s", name, err.text);
	assert_int_equal(page->n, rows);
	for (size_t i = 0; i < rows; i++) {
		assert_string_equal(page->rows[i].symbol, "KRW-BTC");
		assert_ptr_equal(page->rows[i].interval, interval_by_name(interval));
		if (i > 0)
			assert_true(page->rows[i].timestamp_ms > page->rows[i - 1].timestamp_ms);
	}
}

static void three_rows(void **state)
{
	struct page page;

	(void)state;
	take("three-rows.json", "1m", 3, &page);
	assert_int_equal(page.rows[0].timestamp_ms, ELEVEN_NINETEEN - 2 * MINUTE_MS);
	assert_int_equal(page.rows[2].timestamp_ms, ELEVEN_NINETEEN);
	assert_string_equal(page.rows[2].open, "11509000.00000000");
	assert_string_equal(page.rows[2].high, "11511000.00000000");
	assert_string_equal(page.rows[2].low, "11489000.00000000");
	assert_string_equal(page.rows[2].close, "11498000.00000000");
	assert_string_equal(page.rows[2].volume, "2.63267824");
	assert_string_equal(page.rows[2].quote_volume, "30279009.54681000");
	assert_int_equal(page.rows[2].revision, INT64_C(1582197598691));
	page_release(&page);
	assert_null(page.rows);
}

static void digits(void **state)
{
	struct page page;

	(void)state;
	take("digits.json", "1m", 2, &page);
	assert_string_equal(page.rows[1].open, "860743.5307100000000000");
	assert_string_equal(page.rows[1].high, "37189906239683.17623000");
	assert_string_equal(page.rows[1].low, "0.00000062");
	assert_string_equal(page.rows[1].close, "46825000.00000000");
	assert_string_equal(page.rows[1].quote_volume, "306095.1228293561797048");
	assert_string_equal(page.rows[1].volume, "0");
	assert_string_equal(page.rows[0].open, "100");
	assert_string_equal(page.rows[0].high, "15.0");
	assert_string_equal(page.rows[0].low, "-0.0");
	assert_string_equal(page.rows[0].close, "9007199254740993");
	assert_string_equal(page.rows[0].volume,
			    "123456789012345678901234567890.123456789012345678901234567890");
	assert_string_equal(page.rows[0].quote_volume, "0.10");
	page_release(&page);
}

static void accepted(void **state)
{
	static const struct {
		const char *name, *interval;
		size_t rows;
	} good[] = {
		{"empty.json", "1m", 0},           {"empty-spaced.json", "1m", 0},
		{"unordered.json", "1m", 3},       {"twice-the-same.json", "1m", 3},
		{"unknown-fields.json", "1m", 1},  {"without-kst.json", "1m", 1},
		{"other-key-order.json", "1m", 1}, {"odd.json", "1m", 1},
		{"seconds.json", "1s", 3},         {"days.json", "1d", 1},
		{"months.json", "1M", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct page page;

		take(good[i].name, good[i].interval, good[i].rows, &page);
		page_release(&page);
	}
}

static void to_is_exclusive(void **state)
{
	struct page page;
	struct err err;

	(void)state;
	assert_int_equal(parse_file("pages/good", "three-rows.json", "1m",
				    ELEVEN_NINETEEN - 2 * MINUTE_MS, &page, &err),
			 -1);
	assert_non_null(strstr(
		err.text, "Row 1 of the page begins at 2020-02-20T11:19:00Z; only candles before"));
	assert_int_equal(
		parse_file("pages/good", "three-rows.json", "1m", ELEVEN_NINETEEN, &page, &err), 0);
	assert_int_equal(page.n, 2);
	page_release(&page);
	assert_int_equal(
		parse_file("pages/good", "three-rows.json", "1m", ELEVEN_NINETEEN + 1, &page, &err),
		0);
	page_release(&page);
}

static void another_interval_or_market(void **state)
{
	struct page page;
	struct err err;
	size_t len;
	char *text = slurp("pages/good", "three-rows.json", &len);

	(void)state;
	assert_int_equal(parse_file("pages/good", "three-rows.json", "3m", PAGE_NO_TO, &page, &err),
			 -1);
	assert_int_equal(parse_file("pages/good", "three-rows.json", "1d", PAGE_NO_TO, &page, &err),
			 -1);
	assert_int_equal(parse_file("pages/good", "days.json", "1M", PAGE_NO_TO, &page, &err), 0);
	assert_int_equal(page.n, 0);
	assert_int_equal(page.n_bad, 1); /* off the grid */
	page_release(&page);
	assert_int_equal(parse_file("pages/good", "months.json", "1d", PAGE_NO_TO, &page, &err),
			 -1);
	assert_non_null(strstr(err.text, "of a longer interval; 1d was asked for"));
	assert_int_equal(parse_file("pages/good", "days.json", "1s", PAGE_NO_TO, &page, &err), -1);
	assert_int_equal(upbit_page_parse(text, len, "KRW-ETH", interval_by_name("1m"), PAGE_NO_TO,
					  &page, &err),
			 -1);
	assert_int_equal(upbit_page_parse(text, len, "krw-btc", interval_by_name("1m"), PAGE_NO_TO,
					  &page, &err),
			 -1);
	free(text);
}

/* Days that are all Mondays are weeks, where nothing else tells. */
static void rows_of_a_longer_interval(void **state)
{
	(void)state;
	for (int n = 7; n <= 8; n++) {
		char body[4096] = "[";
		struct page page;
		struct err err;

		for (int i = n; i-- > 0;) {
			size_t at = strlen(body);

			snprintf(
				body + at, sizeof(body) - at,
				"{\"market\":\"KRW-BTC\",\"candle_date_time_utc\":\"2026-0%d-%02dT00:00:00\","
				"\"opening_price\":1,\"high_price\":1,\"low_price\":1,\"trade_price\":1,"
				"\"timestamp\":1,\"candle_acc_trade_price\":1,"
				"\"candle_acc_trade_volume\":1}%s",
				5 + i / 4, 4 + i % 4 * 7 - i / 4 * 3, i > 0 ? "," : "]");
		}
		assert_int_equal(upbit_page_parse(body, strlen(body), "KRW-BTC",
						  interval_by_name("1d"), PAGE_NO_TO, &page, &err),
				 n < 8 ? 0 : -1);
		if (n < 8)
			assert_int_equal(page.n, n);
		page_release(&page);
		assert_int_equal(upbit_page_parse(body, strlen(body), "KRW-BTC",
						  interval_by_name("1w"), PAGE_NO_TO, &page, &err),
				 0);
		page_release(&page);
	}
}

/* Recorded answers: 200 and 40 rows that join, and three-minute ones. */
static void recorded_pages(void **state)
{
	static const struct {
		const char *name, *interval;
		size_t rows;
	} pages[] = {
		{"upbit_1m_20200220_170000-20200220_202000.json", "1m", 200},
		{"upbit_1m_20200220_202000-20200220_210000.json", "1m", 40},
		{"upbit_3m_20200220_000000-20200220_100000.json", "3m", 200},
		{"upbit_3m_20200220_100000-20200220_120000.json", "3m", 40},
	};
	int64_t end_ms = 0;
	struct page page;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		const struct interval *iv = interval_by_name(pages[i].interval);

		if (parse_file("upbit", pages[i].name, pages[i].interval, PAGE_NO_TO, &page, &err) <
		    0)
			fail_msg("%s is rejected: %s", pages[i].name, err.text);
		assert_int_equal(page.n, pages[i].rows);
		for (size_t k = 1; k < page.n; k++)
			assert_int_equal(page.rows[k].timestamp_ms,
					 interval_end(iv, page.rows[k - 1].timestamp_ms));
		if (i % 2 == 1)
			assert_int_equal(page.rows[0].timestamp_ms, end_ms);
		end_ms = interval_end(iv, page.rows[page.n - 1].timestamp_ms);
		page_release(&page);
	}
	assert_int_equal(parse_file("upbit", pages[0].name, "1m", PAGE_NO_TO, &page, &err), 0);
	assert_int_equal(page.rows[199].timestamp_ms, ELEVEN_NINETEEN);
	assert_string_equal(page.rows[199].open, "11509000.0");
	assert_string_equal(page.rows[199].volume, "2.63267824");
	page_release(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_rows),
		cmocka_unit_test(digits),
		cmocka_unit_test(accepted),
		cmocka_unit_test(to_is_exclusive),
		cmocka_unit_test(another_interval_or_market),
		cmocka_unit_test(rows_of_a_longer_interval),
		cmocka_unit_test(recorded_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
