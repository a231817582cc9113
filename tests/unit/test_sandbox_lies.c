/* SPDX-License-Identifier: MIT */
/* What the sandbox exchange shows on order: pages, rows and lists that lie. Each lie is what
 * tests/exchange/README.md says, and nothing else. Skipped where it was not built beside this
 * program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox_client.h"

static void pages_are_short(void **state)
{
	static const struct {
		const char *lie, *shows;
	} cases[] = {
		{"short_oldest=3", "03:10 03:09 03:08 03:07 03:06 03:05 03:04"},
		{"short_newest=4", "03:06 03:05 03:04 03:03 03:02 03:01"},
		{"short_middle=2", "03:10 03:09 03:08 03:07 03:04 03:03 03:02 03:01"},
		{"short_oldest=200", ""},
		{"without_row=2026-01-02T03:05:00Z",
		 "03:10 03:09 03:08 03:07 03:06 03:04 03:03 03:02 03:01"},
		{"history_from=2026-01-02T03:08:00Z", "03:10 03:09 03:08"},
		{"empty", ""},
		{"unordered", "03:01 03:02 03:03 03:04 03:05 03:06 03:07 03:08 03:09 03:10"},
		{"same_row_twice",
		 "03:10 03:09 03:08 03:07 03:06 03:05 03:05 03:04 03:03 03:02 03:01"},
	};
	char what[128];

	(void)state;
	need_exchange();
	assert_string_equal(starts(BTC), TEN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(what, sizeof(what), "fault?%s", cases[i].lie);
		tell(what);
		assert_string_equal(starts(BTC), cases[i].shows);
		assert_string_equal(starts(BTC), TEN);
	}
}

/* Which of 40 answers are empty, as bits. */
static uint64_t empty_ones(const char *path)
{
	uint64_t empty = 0;

	for (int i = 0; i < 40; i++)
		empty |= (uint64_t)(strcmp(starts(path), "") == 0) << i;
	return empty;
}

static void rules_hit_whom_they_should(void **state)
{
	uint64_t some;

	(void)state;
	need_exchange();
	tell("fault?empty&every=2&count=-1");
	assert_int_equal(empty_ones(BTC), 0x5555555555ULL);
	tell("faults/clear");
	tell("fault?empty&after=3&every=5&count=2");
	assert_int_equal(empty_ones(BTC), 1ULL << 3 | 1ULL << 8);
	tell("fault?empty&probability=0.5&count=-1&market=KRW-BTC&interval=1m");
	some = empty_ones(BTC);
	assert_true(some != 0 && some != 0xffffffffffULL);
	assert_int_equal(empty_ones("/v1/candles/minutes/1?market=KRW-ETH"), 0);
	assert_int_equal(empty_ones("/v1/candles/minutes/3?market=KRW-BTC"), 0);
	tell("faults/clear");
	tell("fault?empty&for=60&count=-1");
	assert_string_equal(starts(BTC), "");
	tell("clock?advance=59");
	assert_string_equal(starts(BTC), "");
	tell("clock?advance=1");
	assert_string_not_equal(starts(BTC), "");
	/* a row that a page cannot hold costs no count */
	tell("fault?less_volume&row=2026-01-02T03:05:00Z&count=1");
	get(BTC "&to=2026-01-02T03:05:00Z");
	get(BTC);
	assert_string_equal(token("03:05", "candle_acc_trade_volume"), "1E-8");
}

static void replicas_disagree(void **state)
{
	char right[128];
	long long revision;

	(void)state;
	need_exchange();
	tell("fault?behind=120&every=2&count=-1");
	assert_string_equal(starts(BTC),
			    "03:08 03:07 03:06 03:05 03:04 03:03 03:02 03:01 03:00 02:59");
	assert_string_equal(got.date, "Fri, 02 Jan 2026 03:10:30 GMT");
	assert_string_equal(starts(BTC), TEN);
	assert_string_equal(starts(BTC),
			    "03:08 03:07 03:06 03:05 03:04 03:03 03:02 03:01 03:00 02:59");
	tell("faults/clear");
	get(BTC);
	revision = strtoll(token("03:05", "timestamp"), NULL, 10);
	snprintf(right, sizeof(right), "%s", token("03:05", "candle_acc_trade_volume"));
	tell("fault?less_revision=1500&row=2026-01-02T03:05:00Z&every=2&count=-1");
	tell("fault?less_volume&row=2026-01-02T03:05:00Z&every=2&count=-1");
	for (int i = 0; i < 4; i++) {
		get(BTC);
		assert_int_equal(strtoll(token("03:05", "timestamp"), NULL, 10),
				 revision - (i % 2 ? 0 : 1500));
		assert_string_equal(token("03:05", "candle_acc_trade_volume"),
				    i % 2 ? right : "1E-8");
		assert_string_not_equal(token("03:04", "candle_acc_trade_volume"), "1E-8");
	}
}

static void rows_hold_nonsense(void **state)
{
	static const struct {
		const char *bad, *key, *token;
	} cases[] = {
		{"volume:null", "candle_acc_trade_volume", "null"},
		{"volume:1E-70", "candle_acc_trade_volume", "1E-70"},
		{"volume:-1.5", "candle_acc_trade_volume", "-1.5"},
		{"volume:%22none%22", "candle_acc_trade_volume", "\"none\""},
		{"volume:", "candle_acc_trade_volume", ""},
		{"close:", "trade_price", ""},
		{"quote_volume:", "candle_acc_trade_price", ""},
		{"revision:null", "timestamp", "null"},
	};
	char what[160], before[sizeof(got.body)];
	cJSON *page;

	(void)state;
	need_exchange();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(what, sizeof(what), "fault?bad_field=%s&row=2026-01-02T03:05:00Z",
			 cases[i].bad);
		tell(what);
		assert_string_equal(starts(BTC), TEN);
		assert_string_equal(token("03:05", cases[i].key), cases[i].token);
		assert_string_not_equal(token("03:06", cases[i].key), cases[i].token);
	}
	get(BTC);
	memcpy(before, got.body, sizeof(before));
	tell("fault?bad_field=time:%22soon%22&row=2026-01-02T03:05:00Z");
	assert_string_equal(starts(BTC), "03:10 03:09 03:08 03:07 03:06 ? 03:04 03:03 03:02 03:01");
	/* a page without that row is right */
	tell("fault?bad_field=volume:null&row=2020-01-02T03:05:00Z");
	get(BTC);
	assert_string_equal(got.body, before);
	tell("fault?duplicate_row");
	get(BTC);
	page = cJSON_Parse(got.body);
	assert_int_equal(cJSON_GetArraySize(page), 11);
	assert_string_equal(text_of(cJSON_GetArrayItem(page, 5), "candle_date_time_utc"),
			    text_of(cJSON_GetArrayItem(page, 6), "candle_date_time_utc"));
	cJSON_Delete(page);
	assert_non_null(strstr(got.body, "\"trade_price\":1.00000001"));
}

/* The same values, whatever their order and what stands beside them. */
static void keys_are_as_they_like(void **state)
{
	char before[sizeof(got.body)];
	cJSON *page, *right, *row, *field;

	(void)state;
	need_exchange();
	get(BTC);
	memcpy(before, got.body, sizeof(before));
	tell("fault?key_order&unknown_keys");
	get(BTC);
	assert_string_not_equal(got.body, before);
	page = cJSON_Parse(got.body);
	right = cJSON_Parse(before);
	assert_int_equal(cJSON_GetArraySize(page), 10);
	for (int i = 0; i < 10; i++) {
		row = cJSON_GetArrayItem(page, i);
		assert_non_null(cJSON_GetObjectItemCaseSensitive(row, "schema"));
		assert_non_null(cJSON_GetObjectItemCaseSensitive(row, "note"));
		cJSON_ArrayForEach(field, cJSON_GetArrayItem(right, i)) assert_true(cJSON_Compare(
			cJSON_GetObjectItemCaseSensitive(row, field->string), field, 1));
	}
	cJSON_Delete(page);
	cJSON_Delete(right);
}

static void candles_come_and_go(void **state)
{
	(void)state;
	need_exchange();
	tell("clock?set=2026-01-03T03:10:30Z");
	tell("withdraw?market=KRW-BTC&interval=1m&timestamp=2026-01-03T03:05:00Z"
	     "&at=2026-01-03T03:12:00Z&until=2026-01-03T03:15:00Z&close=7.5&revision=12");
	tell("late?market=KRW-SPARSE&interval=1m&timestamp=2026-01-03T03:06:00Z"
	     "&at=2026-01-03T03:12:00Z");
	get(BTC);
	assert_string_not_equal(token("03:05", "trade_price"), "");
	get("/v1/candles/minutes/1?market=KRW-SPARSE&count=200");
	assert_null(strstr(got.body, "2026-01-03T03:06:00"));
	tell("clock?set=2026-01-03T03:12:00Z");
	get(BTC);
	assert_string_equal(token("03:05", "trade_price"), "");
	assert_string_not_equal(token("03:04", "trade_price"), "");
	get("/v1/candles/minutes/1?market=KRW-SPARSE&count=200");
	assert_non_null(strstr(got.body, "2026-01-03T03:06:00"));
	tell("clock?set=2026-01-03T03:15:00Z");
	get("/v1/candles/minutes/1?market=KRW-BTC&count=20");
	assert_string_equal(token("03:05", "trade_price"), "7.5");
	assert_string_equal(token("03:05", "timestamp"), "12");
	/* what a table must hold in the end */
	tell("clock?set=2026-01-03T03:13:30Z");
	tell("truth?market=KRW-BTC&from=2026-01-03T03:04:00Z&to=2026-01-03T03:07:00Z&format=count");
	assert_string_equal(got.body, "2\n");
	tell("clock?set=2026-01-03T03:16:30Z");
	tell("truth?market=KRW-BTC&from=2026-01-03T03:05:00Z&to=2026-01-03T03:06:00Z");
	assert_non_null(strstr(got.body, "\t7.5\t"));
}

static int lists(const char *market)
{
	char find[64];

	get(ALL);
	assert_int_equal(got.status, 200);
	snprintf(find, sizeof(find), "\"%s\"", market);
	return strstr(got.body, find) != NULL;
}

static int listed_count(void)
{
	cJSON *list;
	int n;

	get(ALL);
	list = cJSON_Parse(got.body);
	n = cJSON_GetArraySize(list);
	cJSON_Delete(list);
	return n;
}

static void lists_are_short(void **state)
{
	int all;

	(void)state;
	need_exchange();
	all = listed_count();
	assert_true(all > 10);
	tell("fault?list_without=KRW-ETH,KRW-M003&count=2");
	assert_int_equal(listed_count(), all - 2);
	assert_false(lists("KRW-ETH"));
	assert_true(lists("KRW-ETH"));
	tell("fault?list_only=KRW-ETH&every=2&count=-1");
	for (int i = 0; i < 4; i++)
		assert_int_equal(listed_count(), i % 2 ? all : 1);
	tell("faults/clear");
	tell("fault?list_short=5");
	assert_int_equal(listed_count(), all - 5);
	tell("fault?empty&path=market");
	assert_int_equal(listed_count(), 0);
	assert_int_equal(listed_count(), all);
	/* a replica that has not heard of the newest market */
	tell("fault?behind=60&path=market");
	tell("market?market=KRW-M001&listed=2026-01-02T03:10:00Z");
	assert_false(lists("KRW-M001"));
	assert_true(lists("KRW-M001"));
	/* candles go on meanwhile */
	tell("fault?list_without=KRW-BTC&count=-1");
	assert_string_equal(starts(BTC), TEN);
}
static void what_is_kept(void **state)
{
	(void)state;
	need_exchange();
	tell("retention?interval=1s&days=2");
	get("/v1/candles/seconds?market=KRW-BTC&count=2&to=2025-12-31T03:10:31Z");
	assert_non_null(strstr(got.body, "2025-12-31T03:10:30"));
	assert_null(strstr(got.body, "2025-12-31T03:10:29"));
	tell("retention?interval=1s&days=0");
	get("/v1/candles/seconds?market=KRW-BTC&count=2&to=2025-12-31T03:10:31Z");
	assert_non_null(strstr(got.body, "2025-12-31T03:10:29"));
	/* delisted, history and all; listed again, without what was before */
	tell("market?market=KRW-BTC&delisted=1");
	assert_false(lists("KRW-BTC"));
	get(BTC);
	assert_int_equal(got.status, 404);
	tell("market?market=KRW-BTC&delisted=0&served_from=2026-01-02T03:08:00Z");
	assert_true(lists("KRW-BTC"));
	assert_string_equal(starts(BTC), "03:10 03:09 03:08");
	assert_string_equal(starts(BTC "&to=2026-01-02T03:08:00Z"), "");
	tell("market?market=KRW-BTC&served_from=0");
	assert_string_equal(starts(BTC), TEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pages_are_short, begin),
		cmocka_unit_test_setup(rules_hit_whom_they_should, begin),
		cmocka_unit_test_setup(replicas_disagree, begin),
		cmocka_unit_test_setup(rows_hold_nonsense, begin),
		cmocka_unit_test_setup(keys_are_as_they_like, begin),
		cmocka_unit_test_setup(candles_come_and_go, begin),
		cmocka_unit_test_setup(lists_are_short, begin),
		cmocka_unit_test_setup(what_is_kept, begin),
	};

	return cmocka_run_group_tests_name("sandbox_lies", tests, set_up, tear_down);
}
