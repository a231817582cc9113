/* SPDX-License-Identifier: MIT */
/* What the sandbox exchange does on order, asked for by a client of its own (libcurl, cJSON): each
 * lie is what tests/exchange/README.md says, and nothing else. The exchange's clock stands still,
 * so that two answers differ only where one of them lies. Skipped where it was not built beside
 * this program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <curl/curl.h>

#include "exchange_process.h"

#define BTC "/v1/candles/minutes/1?market=KRW-BTC&count=10"
#define ALL "/v1/market/all"

static struct exchange_process exchange;
static CURL *curl; /* one client, which keeps its connection */

struct got {
	CURLcode code;
	long status, connects;
	char body[1 << 17];
	size_t len;
	char date[64], remaining[64], retry_after[64], type[64];
};

static struct got got;

static size_t take_body(char *data, size_t size, size_t n, void *cls)
{
	(void)cls;
	assert_true(got.len + n * size < sizeof(got.body));
	memcpy(got.body + got.len, data, n * size);
	got.len += n * size;
	got.body[got.len] = 0;
	return n * size;
}

static void take_value(const char *line, size_t n, const char *name, char out[64])
{
	size_t at = strlen(name);

	if (n > at + 2 && strncasecmp(line, name, at) == 0 && line[at] == ':')
		snprintf(out, 64, "%.*s", (int)(n - at - 4), line + at + 2);
}

static size_t take_header(char *line, size_t size, size_t n, void *cls)
{
	(void)cls;
	take_value(line, n * size, "Date", got.date);
	take_value(line, n * size, "Remaining-Req", got.remaining);
	take_value(line, n * size, "Retry-After", got.retry_after);
	take_value(line, n * size, "Content-Type", got.type);
	return n * size;
}

static void get(const char *path)
{
	char url[512];

	memset(&got, 0, sizeof(got));
	snprintf(url, sizeof(url), "%s%s", exchange.base, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
	got.code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.status);
	curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &got.connects);
}

/* Tells the exchange something; the answer is in got. */
static void tell(const char *what)
{
	char path[400];

	snprintf(path, sizeof(path), "/control/%s", what);
	get(path);
	if (got.status != 200)
		fail_msg("%s: %ld %s", path, got.status, got.body);
}

/* Each test begins at the same moment, with an exchange that tells the truth. */
static int begin(void **state)
{
	(void)state;
	if (!exchange.pid)
		return 0;
	tell("faults/clear");
	tell("limit?limit=1000&delay=0&unblock&blocks_all=0&blocks_renew=0");
	tell("clock?freeze&set=2026-01-02T03:10:30Z");
	return 0;
}

static void need_exchange(void)
{
	if (!exchange.pid)
		skip();
}

static const char *text_of(const cJSON *row, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, name);

	return cJSON_IsString(value) ? value->valuestring : "";
}

/* "03:09 03:08 ..." as the page has them. */
static const char *starts(const char *path)
{
	static char out[4096];
	cJSON *page, *row;
	size_t n = 0;

	get(path);
	page = cJSON_Parse(got.body);
	out[0] = 0;
	if (!cJSON_IsArray(page))
		fail_msg("%s: %ld %s", path, got.status, got.body);
	cJSON_ArrayForEach(row, page)
	{
		const char *at = text_of(row, "candle_date_time_utc");

		assert_true(n + 8 < sizeof(out));
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%.5s", n ? " " : "",
				      strlen(at) > 11 ? at + 11 : "?");
	}
	cJSON_Delete(page);
	return out;
}

/* The token of a field in the row that starts there ("03:05"); "": there is none. */
static const char *token(const char *start, const char *key)
{
	static char out[128];
	char find[64];
	const char *row, *end, *at;

	out[0] = 0;
	snprintf(find, sizeof(find), "T%s:00\"", start);
	row = strstr(got.body, find);
	if (!row)
		return out;
	end = row + strcspn(row, "}");
	snprintf(find, sizeof(find), "\"%s\":", key);
	at = strstr(row, find);
	if (at && at < end)
		snprintf(out, sizeof(out), "%.*s", (int)strcspn(at + strlen(find), ",}"),
			 at + strlen(find));
	return out;
}

#define TEN "03:10 03:09 03:08 03:07 03:06 03:05 03:04 03:03 03:02 03:01"

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
	char right[32];
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

static int set_up(void **state)
{
	char *argv[] = {"gapless-exchange",
			"--port",
			"0",
			"--markets",
			"5",
			"--seed",
			"11",
			"--start",
			"2026-01-02T03:10:30Z",
			"--frozen",
			NULL};

	(void)state;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	exchange_start(&exchange, argv);
	return curl ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	exchange_stop(&exchange);
	return 0;
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
		cmocka_unit_test_setup(statuses, begin),
		cmocka_unit_test_setup(refusals, begin),
		cmocka_unit_test_setup(connections, begin),
		cmocka_unit_test_setup(answers_hang, begin),
		cmocka_unit_test_setup(dates, begin),
		cmocka_unit_test_setup(what_is_kept, begin),
		cmocka_unit_test_setup(requests_are_counted, begin),
		cmocka_unit_test_setup(nonsense_is_refused, begin),
	};

	return cmocka_run_group_tests_name("sandbox_lies", tests, set_up, tear_down);
}
