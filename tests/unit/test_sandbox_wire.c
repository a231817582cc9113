/* SPDX-License-Identifier: MIT */
/* How the sandbox exchange answers on order: statuses, refusals, connections, its clock, and what
 * it counts of it all (tests/exchange/README.md). Skipped where it was not built beside this
 * program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox_client.h"

static void statuses(void **state)
{
	static const int list[] = {400, 401, 403, 404, 451, 500, 502, 503, 504};
	char what[64];

	(void)state;
	need_exchange();
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		snprintf(what, sizeof(what), "fault?status=%d&market=KRW-BTC&count=2", list[i]);
		tell(what);
		for (int n = 0; n < 2; n++) {
			get(BTC);
			assert_int_equal(got.status, list[i]);
		}
		get(BTC);
		assert_int_equal(got.status, 200);
	}
	tell("fault?forbidden&count=2");
	for (int i = 0; i < 2; i++) {
		get(i ? ALL : BTC);
		assert_int_equal(got.status, 403);
		assert_true(strncmp(got.type, "text/html", 9) == 0);
		assert_non_null(strstr(got.body, "Access denied"));
	}
	tell("fault?html");
	get(BTC);
	assert_int_equal(got.status, 200);
	assert_true(strncmp(got.body, "<!DOCTYPE", 9) == 0);
	tell("fault?html&status=503");
	get(BTC);
	assert_int_equal(got.status, 503);
	assert_true(strncmp(got.body, "<!DOCTYPE", 9) == 0);
	tell("fault?no_body");
	get(BTC);
	assert_int_equal(got.status, 200);
	assert_int_equal(got.len, 0);
	tell("fault?no_body&path=market");
	get(ALL);
	assert_int_equal(got.status, 200);
	assert_int_equal(got.len, 0);
}

static void refusals(void **state)
{
	(void)state;
	need_exchange();
	tell("fault?http_429");
	get(BTC);
	assert_int_equal(got.status, 429);
	assert_string_not_equal(got.remaining, "");
	assert_string_equal(got.retry_after, "");
	tell("fault?http_429&no_remaining&retry_after");
	get(BTC);
	assert_int_equal(got.status, 429);
	assert_string_equal(got.remaining, "");
	assert_string_equal(got.retry_after, "1");
	tell("fault?http_418=40");
	get(BTC);
	assert_int_equal(got.status, 418);
	assert_non_null(strstr(got.body, "for 40 seconds"));
	tell("fault?no_length&count=-1");
	get(BTC);
	assert_int_equal(got.status, 418);
	assert_null(strpbrk(strstr(got.body, "message"), "0123456789"));
	tell("fault?retry_after&count=-1");
	get(BTC);
	assert_in_range(strtol(got.retry_after, NULL, 10), 20, 40);
	get(ALL);
	assert_int_equal(got.status, 200);
	tell("limit?blocks_all=1");
	get(ALL);
	assert_int_equal(got.status, 418);
	tell("limit?unblock");
	get(ALL);
	assert_int_equal(got.status, 200);
	/* a block that begins again with each request */
	tell("faults/clear");
	tell("limit?blocks_renew=1");
	tell("fault?http_418=100");
	get(BTC);
	nanosleep(&(struct timespec){1, 100000000}, NULL);
	get(ALL);
	assert_non_null(strstr(got.body, "for 100 seconds"));
	tell("limit?blocks_renew=0");
	nanosleep(&(struct timespec){1, 100000000}, NULL);
	get(ALL);
	assert_int_equal(got.status, 418);
	assert_null(strstr(got.body, "for 100 seconds"));
}

static long arrivals_of_btc(void)
{
	cJSON *all, *row;
	long n = 0;

	tell("arrivals?market=KRW-BTC");
	all = cJSON_Parse(got.body);
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(all, "by_market")) n =
		(long)cJSON_GetObjectItem(row, "requests")->valuedouble;
	cJSON_Delete(all);
	return n;
}

static void connections(void **state)
{
	long before;

	(void)state;
	need_exchange();
	get(BTC);
	get(BTC);
	assert_int_equal(got.connects, 0);
	tell("fault?close_after=1");
	get(BTC);
	assert_int_equal(got.status, 200);
	get(BTC);
	assert_int_equal(got.status, 200);
	assert_int_equal(got.connects, 1);
	/* met by a reset on a connection that was used before, libcurl asks again by itself */
	before = arrivals_of_btc();
	tell("fault?reset_reused=1&count=-1");
	get(BTC);
	assert_int_equal(got.status, 200);
	assert_int_equal(got.connects, 1);
	assert_int_equal(arrivals_of_btc(), before + 2);
	tell("faults/clear");
	tell("fault?truncate");
	get(BTC);
	assert_int_equal(got.code, CURLE_PARTIAL_FILE);
	assert_true(got.len > 0);
	tell("fault?reset_inside");
	get(BTC);
	assert_int_equal(got.code, CURLE_RECV_ERROR);
	assert_int_equal(got.status, 200);
	get(BTC);
	assert_int_equal(got.code, CURLE_OK);
}

/* A client that gives up soon. */
static void get_shortly(const char *path, long timeout_ms)
{
	char url[512];

	memset(&got, 0, sizeof(got));
	snprintf(url, sizeof(url), "%s%s", exchange.base, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
	got.code = curl_easy_perform(curl);
}

static void answers_hang(void **state)
{
	size_t slow;

	(void)state;
	need_exchange();
	tell("fault?hang");
	get_shortly(BTC, 700);
	assert_int_equal(got.code, CURLE_OPERATION_TIMEDOUT);
	assert_int_equal(got.len, 0);
	tell("fault?slow=100");
	get_shortly(BTC, 1500);
	assert_int_equal(got.code, CURLE_OPERATION_TIMEDOUT);
	slow = got.len;
	assert_true(slow > 0 && slow < 400);
	tell("fault?slow=1000000");
	get(BTC);
	assert_int_equal(got.code, CURLE_OK);
	assert_string_equal(starts(BTC), TEN);
	/* the connection that hung is not kept for ever */
	for (int i = 0; i < 100; i++) {
		tell("stats");
		if (strstr(got.body, "\"open\":1,"))
			return;
		nanosleep(&(struct timespec){0, 100000000}, NULL);
	}
	fail_msg("%s", got.body);
}

static void dates(void **state)
{
	(void)state;
	need_exchange();
	tell("fault?nodate");
	get(BTC);
	assert_string_equal(got.date, "");
	tell("fault?date_skew=86400");
	get(BTC);
	assert_string_equal(got.date, "Sat, 03 Jan 2026 03:10:30 GMT");
	tell("fault?date_skew=3&every=2&count=-1");
	for (int i = 0; i < 4; i++) {
		get(BTC);
		assert_string_equal(got.date, i % 2 ? "Fri, 02 Jan 2026 03:10:30 GMT"
						    : "Fri, 02 Jan 2026 03:10:33 GMT");
	}
}

static double number_at(const cJSON *json, const char *group, const char *name)
{
	const cJSON *at = group ? cJSON_GetObjectItem(json, group) : json;

	at = cJSON_GetObjectItem(at, name);
	if (!at)
		fail_msg("no %s in %s", name, got.body);
	return at->valuedouble;
}

static void requests_are_counted(void **state)
{
	char what[128];
	long long from;
	cJSON *seen, *row, *rows;
	double candles = 0, market = 0;

	(void)state;
	need_exchange();
	tell("clock");
	from = strtoll(strstr(got.body, "\"real_ms\":") + 10, NULL, 10) + 1;
	nanosleep(&(struct timespec){0, 2000000}, NULL);
	for (int i = 0; i < 12; i++)
		get("/v1/candles/minutes/1?market=KRW-ETH");
	for (int i = 0; i < 3; i++)
		get(ALL);
	tell("fault?http_429&count=2");
	tell("fault?status=503&after=2");
	for (int i = 0; i < 4; i++)
		get(BTC);
	snprintf(what, sizeof(what), "arrivals?from=%lld&window_ms=3600000", from);
	tell(what);
	seen = cJSON_Parse(got.body);
	assert_non_null(seen);
	assert_int_equal(number_at(seen, "candles", "requests"), 16);
	assert_int_equal(number_at(seen, "candles", "most"), 16);
	assert_int_equal(number_at(seen, "market", "requests"), 3);
	row = cJSON_GetObjectItem(cJSON_GetObjectItem(seen, "candles"), "by_status");
	assert_int_equal(number_at(row, NULL, "200"), 13);
	assert_int_equal(number_at(row, NULL, "429"), 2);
	assert_int_equal(number_at(row, NULL, "503"), 1);
	rows = cJSON_GetObjectItem(seen, "by_market");
	assert_int_equal(cJSON_GetArraySize(rows), 2);
	cJSON_ArrayForEach(row, rows)
		assert_int_equal(number_at(row, NULL, "requests"),
				 strcmp(text_of(row, "market"), "KRW-BTC") == 0 ? 4 : 12);
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(seen, "by_second"))
	{
		candles += number_at(row, NULL, "candles");
		market += number_at(row, NULL, "market");
	}
	assert_int_equal(candles, 16);
	assert_int_equal(market, 3);
	cJSON_Delete(seen);
	/* a window shorter than the pauses between requests holds one of them */
	nanosleep(&(struct timespec){0, 5000000}, NULL);
	tell("clock");
	from = strtoll(strstr(got.body, "\"real_ms\":") + 10, NULL, 10);
	for (int i = 0; i < 3; i++) {
		get(BTC);
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
	snprintf(what, sizeof(what), "arrivals?from=%lld&window_ms=2", from);
	tell(what);
	seen = cJSON_Parse(got.body);
	assert_int_equal(number_at(seen, "candles", "requests"), 3);
	assert_int_equal(number_at(seen, "candles", "most"), 1);
	cJSON_Delete(seen);
}

static void nonsense_is_refused(void **state)
{
	static const char *const list[] = {
		"fault",
		"fault?nothing",
		"fault?empty&row=2026-01-02T03:05:00Z",
		"fault?bad_field=volume",
		"fault?bad_field=colour:1",
		"fault?bad_field=",
		"fault?without_row=soon",
		"fault?short_oldest=0",
		"fault?empty&every=0",
		"fault?list_without=",
		"fault?status=99",
		"fault?empty&path=all",
		"withdraw?market=KRW-BTC&interval=1m&timestamp=2026-01-02T03:05:00Z"
		"&at=2026-01-02T03:07:00Z&until=2026-01-02T03:06:00Z",
		"retention?interval=2m&days=3",
		"arrivals?market=KRW-NONE",
	};
	char path[256];

	(void)state;
	need_exchange();
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		snprintf(path, sizeof(path), "/control/%s", list[i]);
		get(path);
		if (got.status != 400 || strncmp(got.body, "{\"error\":", 9) != 0)
			fail_msg("%s: %ld %s", path, got.status, got.body);
	}
	tell("faults");
	assert_string_equal(got.body, "[]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(statuses, begin),
		cmocka_unit_test_setup(refusals, begin),
		cmocka_unit_test_setup(connections, begin),
		cmocka_unit_test_setup(answers_hang, begin),
		cmocka_unit_test_setup(dates, begin),
		cmocka_unit_test_setup(requests_are_counted, begin),
		cmocka_unit_test_setup(nonsense_is_refused, begin),
	};

	return cmocka_run_group_tests_name("sandbox_wire", tests, set_up, tear_down);
}
