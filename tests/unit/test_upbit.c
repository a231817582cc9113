/* SPDX-License-Identifier: MIT */
/* Upbit's addresses, heads, verdicts and list of markets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "producer/exchange/upbit.h"
#include "producer/exchange/upbit_answer.h"
#include "producer/exchange/upbit_page.h"

#define ELEVEN_NINETEEN INT64_C(1582197540000) /* 2020-02-20T11:19:00Z */
#define BASE            "https://api.upbit.com"

static void candle_addresses(void **state)
{
	static const struct {
		const char *interval, *path;
	} paths[] = {
		{"1s", "seconds"},     {"1m", "minutes/1"},   {"3m", "minutes/3"},
		{"5m", "minutes/5"},   {"10m", "minutes/10"}, {"15m", "minutes/15"},
		{"30m", "minutes/30"}, {"1h", "minutes/60"},  {"4h", "minutes/240"},
		{"1d", "days"},        {"1w", "weeks"},       {"1M", "months"},
	};
	char url[EXCHANGE_URL_BYTES], wanted[EXCHANGE_URL_BYTES];
	const struct interval *all;
	struct err err;
	size_t n;

	(void)state;
	all = interval_table(&n);
	assert_int_equal(n, sizeof(paths) / sizeof(paths[0]));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(all[i].name, paths[i].interval);
		assert_int_equal(exchange_upbit.candles_url(BASE, "KRW-BTC", &all[i],
							    ELEVEN_NINETEEN, 200, url, sizeof(url),
							    &err),
				 0);
		snprintf(wanted, sizeof(wanted),
			 BASE
			 "/v1/candles/%s?market=KRW-BTC&count=200&to=2020-02-20T11%%3A19%%3A00Z",
			 paths[i].path);
		assert_string_equal(url, wanted);
	}
}

static void address_without_to(void **state)
{
	char url[EXCHANGE_URL_BYTES];
	struct err err;

	(void)state;
	assert_int_equal(exchange_upbit.candles_url("http://127.0.0.1:18080/", "KRW-1INCH",
						    interval_by_name("1m"), PAGE_NO_TO, 1, url,
						    sizeof(url), &err),
			 0);
	assert_string_equal(url,
			    "http://127.0.0.1:18080/v1/candles/minutes/1?market=KRW-1INCH&count=1");
	assert_int_equal(
		exchange_upbit.markets_url("http://127.0.0.1:18080//", url, sizeof(url), &err), 0);
	assert_string_equal(url, "http://127.0.0.1:18080/v1/market/all");
}

static void long_base_url(void **state)
{
	static char base[100000];
	char url[EXCHANGE_URL_BYTES];
	struct err err;

	(void)state;
	memset(base, 'x', sizeof(base) - 1);
	assert_int_equal(exchange_upbit.markets_url(base, url, sizeof(url), &err), -1);
	assert_int_equal(err.class, ERR_FATAL);
	assert_int_equal(exchange_upbit.candles_url(base, "KRW-BTC", interval_by_name("1m"),
						    PAGE_NO_TO, 1, url, sizeof(url), &err),
			 -1);
}

static void refused_address(const char *symbol, int64_t to_ms, int count, size_t cap)
{
	char url[EXCHANGE_URL_BYTES];
	struct err err;

	err_clear(&err);
	assert_int_equal(exchange_upbit.candles_url(BASE, symbol, interval_by_name("1m"), to_ms,
						    count, url, cap, &err),
			 -1);
	assert_int_equal(err.class, ERR_FATAL);
}

static void addresses_that_make_no_sense(void **state)
{
	(void)state;
	refused_address("KRW-BTC&count=1", PAGE_NO_TO, 200, EXCHANGE_URL_BYTES);
	refused_address("krw-btc", PAGE_NO_TO, 200, EXCHANGE_URL_BYTES);
	refused_address("KRW-BTC", PAGE_NO_TO, 0, EXCHANGE_URL_BYTES);
	refused_address("KRW-BTC", PAGE_NO_TO, 201, EXCHANGE_URL_BYTES);
	refused_address("KRW-BTC", PAGE_NO_TO, 200, 40);
	refused_address("KRW-BTC", INT64_C(300000000000000), 200, EXCHANGE_URL_BYTES);
}

static void retention(void **state)
{
	(void)state;
	assert_int_equal(exchange_upbit.retention_ms(interval_by_name("1s")),
			 (INT64_C(90) * 24 - 1) * 3600 * 1000);
	assert_int_equal(exchange_upbit.retention_ms(interval_by_name("1m")), 0);
	assert_int_equal(exchange_upbit.retention_ms(interval_by_name("1M")), 0);
}

static int markets(const char *body, struct markets *out, struct err *err)
{
	err_clear(err);
	return exchange_upbit.markets_parse(body, strlen(body), out, err);
}

static void list_of_markets(void **state)
{
	struct markets m;
	struct err err;

	(void)state;
	assert_int_equal(
		markets("[{\"market\":\"KRW-ETH\",\"korean_name\":\"이더리움\"},"
			"{\"market_event\":{\"caution\":{\"A\":false}},\"market\":\"BTC-XRP\"},"
			"{\"market\":\"krw_odd\"},{\"market\":\"KRW-ETH\"},{\"market\":\"KRW-BTC\"}]",
			&m, &err),
		0);
	assert_int_equal(m.n, 3);
	assert_string_equal(m.names[0], "BTC-XRP");
	assert_string_equal(m.names[1], "KRW-BTC");
	assert_string_equal(m.names[2], "KRW-ETH");
	assert_true(markets_has(&m, "KRW-BTC"));
	assert_false(markets_has(&m, "KRW-XRP"));
	assert_int_equal(m.n_bad, 0);
	markets_release(&m);
	assert_false(markets_has(&m, "KRW-BTC"));

	/* an entry that is none costs itself */
	assert_int_equal(markets("[{\"market\":\"KRW-BTC\"},{\"market\":null},"
				 "{\"market\":\"KRW-ETH\",\"korean_name\":\"\xb0\xa1\"},"
				 "{\"market\":\"KRW-XRP\"}]",
				 &m, &err),
			 0);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.n_bad, 2);
	assert_non_null(strstr(m.bad.text, "Entry 2"));
	markets_release(&m);
}

static void bad_lists_of_markets(void **state)
{
	static const struct {
		const char *body, *cause;
	} bad[] = {
		{"", "empty where JSON"},
		{"[]", "list of markets is empty"},
		{"[{\"market\":\"odd\"}]", "list of markets is empty"},
		{"{}", "not an array"},
		{"null", "not an array"},
		{"[{\"market\":\"KRW-BTC\"},{\"name\":\"KRW-ETH\"},7]", "Entry 2"},
		{"[{\"market\":1}]", "Entry 1"},
		{"[\"KRW-BTC\"]", "Entry 1"},
		{"[{\"market\":\"KRW-BTC\"}", "not valid JSON"},
		{"[{\"market\":\"KRW-BTC\"}]]", "not valid JSON"},
		{"{\"error\":{\"name\":500,\"message\":\"Oops\"}}", "\"Oops\""},
		{"<html></html>", "HTML"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct markets m;
		struct err err;

		assert_int_equal(markets(bad[i].body, &m, &err), -1);
		assert_int_equal(err.class, ERR_INPUT);
		if (!strstr(err.text, bad[i].cause))
			fail_msg("%s: %s", bad[i].body, err.text);
		assert_null(m.names);
		markets_release(&m);
	}
}

static void one_line(const char *line, int64_t date_ms, int remaining)
{
	struct exchange_head head;

	upbit_head_read(&head, line, strlen(line));
	if (head.date_ms != date_ms || head.remaining != remaining)
		fail_msg("\"%s\" gave %lld and %d", line, (long long)head.date_ms, head.remaining);
}

static void head_lines(void **state)
{
	(void)state;
	one_line("Date: Thu, 20 Feb 2020 11:19:00 GMT\r\n", ELEVEN_NINETEEN, -1);
	one_line("dATE:Thu, 20 Feb 2020 11:19:00 GMT", ELEVEN_NINETEEN, -1);
	one_line("date:   Thu, 20 Feb 2020 11:19:00 GMT  \r\n", ELEVEN_NINETEEN, -1);
	one_line("Date: yesterday\r\n", 0, -1);
	one_line("Date:\r\n", 0, -1);
	one_line("Date: Thu, 20 Feb 1969 11:19:00 GMT\r\n", 0, -1);
	one_line("X-Date: Thu, 20 Feb 2020 11:19:00 GMT\r\n", 0, -1);
	one_line("Remaining-Req: group=candles; min=600; sec=9\r\n", 0, 9);
	one_line("remaining-req: group=candles; min=600; sec=0\r\n", 0, 0);
	one_line("REMAINING-REQ:sec=3;group=candle", 0, 3);
	one_line("Remaining-Req: group=CANDLES ;min=600 ; sec = 10 ;", 0, 10);
	/* another group's room is not ours */
	one_line("Remaining-Req: group=market; min=600; sec=9\r\n", 0, -1);
	one_line("Remaining-Req: group=origin; min=6; sec=0\r\n", 0, -1);
	one_line("Remaining-Req: min=600; sec=9\r\n", 0, -1);
	one_line("Remaining-Req: group=candles; min=600\r\n", 0, -1);
	one_line("Remaining-Req: group=candles; sec=\r\n", 0, -1);
	one_line("Remaining-Req: group=candles; sec=-1\r\n", 0, -1);
	one_line("Remaining-Req: group=candles; sec=99999999999999999999\r\n", 0, -1);
	one_line("Remaining-Req: group=candles; sec=9x\r\n", 0, -1);
	one_line("Remaining-Req: ;;=;==;\r\n", 0, -1);
	one_line("Remaining-Req\r\n", 0, -1);
	one_line(":", 0, -1);
	one_line("", 0, -1);
	one_line("HTTP/1.1 200 OK\r\n", 0, -1);
}

static void told_to_wait(void **state)
{
	static const struct {
		const char *lines;
		int64_t wait_ms;
	} heads[] = {
		{"Retry-After: 20\r\n", 20000},
		{"retry-after:0\r\n", 0},
		{"Retry-After: 604800\r\n", INT64_C(604800000)},
		{"Retry-After: 999999\r\n", INT64_C(604800000)},
		{"Retry-After: Thu, 20 Feb 2020 11:20:30 GMT\r\nDate: Thu, 20 Feb 2020 11:19:00 GMT\r\n",
		 90000},
		/* nonsense, and what cannot be told */
		{"Retry-After: 99999999999999999999\r\n", 0},
		{"Retry-After: -1\r\n", 0},
		{"Retry-After: 1.5\r\n", 0},
		{"Retry-After: soon\r\n", 0},
		{"Retry-After:\r\n", 0},
		{"Retry-After: Thu, 20 Feb 2020 11:20:30 GMT\r\n", 0},
		{"Date: Thu, 20 Feb 2020 11:19:00 GMT\r\nRetry-After: Thu, 20 Feb 2020 11:18:00 GMT\r\n",
		 0},
		{"Date: Thu, 20 Feb 2020 11:19:00 GMT\r\nRetry-After: Sun, 20 Feb 2050 11:18:00 GMT\r\n",
		 0},
	};
	struct exchange_head head;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		upbit_head_read(&head, heads[i].lines, strlen(heads[i].lines));
		if (head.wait_ms != heads[i].wait_ms)
			fail_msg("%s: %lld", heads[i].lines, (long long)head.wait_ms);
	}
}

static void whole_head(void **state)
{
	static const char lines[] =
		"HTTP/2 200 \r\ndate: Thu, 20 Feb 2020 11:19:00 GMT\r\n"
		"content-type: application/json;charset=UTF-8\r\nlimit-by-ip: Yes\r\n"
		"remaining-req: group=candles; min=600; sec=7\r\n\r\n";
	struct exchange_head head;

	(void)state;
	upbit_head_read(&head, lines, sizeof(lines) - 1);
	assert_int_equal(head.date_ms, ELEVEN_NINETEEN);
	assert_int_equal(head.remaining, 7);
	/* cut anywhere: whatever is whole counts, nothing is read past the end */
	for (size_t n = 0; n < sizeof(lines); n++) {
		upbit_head_read(&head, lines, n);
		assert_true(head.date_ms == 0 || head.date_ms == ELEVEN_NINETEEN);
		assert_true(head.remaining == -1 || head.remaining == 7);
	}
	upbit_head_read(&head, NULL, 0);
	assert_int_equal(head.remaining, -1);
}

static void verdicts(void **state)
{
	static const char unknown[] = "{\"error\":{\"name\":404,\"message\":\"Code not found\"}}";
	static const struct {
		int status;
		const char *body;
		enum failure failure;
		enum err_class class;
		const char *text;
	} cases[] = {
		{200, "[]", FAILURE_NONE, ERR_NONE, ""},
		{200, "rubbish", FAILURE_NONE, ERR_NONE, ""},
		{200, "", FAILURE_OUTAGE, ERR_RETRY, "empty"},
		{200, " <html>maintenance</html>", FAILURE_OUTAGE, ERR_RETRY, "HTML"},
		{429, "Too many API requests.", FAILURE_LIMIT, ERR_RETRY,
		 "The exchange answered with status 429: too many requests in this second "
		 "(\"Too many API requests.\")."},
		{429, "", FAILURE_LIMIT, ERR_RETRY,
		 "status 429: too many requests in this second."},
		{418, "", FAILURE_BAN, ERR_RETRY, "blocked"},
		{404, unknown, FAILURE_SERIES, ERR_INPUT, "(\"Code not found\")"},
		{404, "<html>nginx</html>", FAILURE_OUTAGE, ERR_RETRY, "(\"<html>nginx</html>\")"},
		{404, "", FAILURE_OUTAGE, ERR_RETRY, "status 404"},
		{400,
		 "{\"error\":{\"name\":400,\"message\":\"Invalid parameter. Check the given value!\"}}",
		 FAILURE_SPAN, ERR_INPUT, "Check the given value!"},
		{401, "{\"error\":{\"name\":\"no_authorization_token\"}}", FAILURE_OUTAGE,
		 ERR_RETRY, "no_authorization_token"},
		{403, "{}", FAILURE_OUTAGE, ERR_RETRY, "(\"{}\")"},
		{407, "", FAILURE_OUTAGE, ERR_RETRY, ""},
		{451, "", FAILURE_OUTAGE, ERR_RETRY, ""},
		{408, "", FAILURE_OUTAGE, ERR_RETRY, ""},
		{301, "", FAILURE_OUTAGE, ERR_RETRY, "status 301"},
		{204, "", FAILURE_OUTAGE, ERR_RETRY, ""},
		{500, "{\"error\":{\"name\":500,\"message\":\"a\\nb\\u001b[31m\"}}", FAILURE_OUTAGE,
		 ERR_RETRY, "(\"a b?[31m\")"},
		{503, "\x01\x02\xff\xfe", FAILURE_OUTAGE, ERR_RETRY, "(\"???\?\")"},
		{999, "", FAILURE_OUTAGE, ERR_RETRY, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t block_ms = 77;
		struct err err;

		if (upbit_judge(cases[i].status, cases[i].body, strlen(cases[i].body), &block_ms,
				&err) != cases[i].failure)
			fail_msg("status %d, body %s: another verdict", cases[i].status,
				 cases[i].body);
		assert_int_equal(block_ms, 0);
		assert_int_equal(err.class, cases[i].class);
		if (!strstr(err.text, cases[i].text))
			fail_msg("status %d, body %s: %s", cases[i].status, cases[i].body,
				 err.text);
	}
}

static void block_times(void **state)
{
	static const struct {
		const char *message;
		int64_t ms;
	} cases[] = {
		{"This IP is blocked for 10 seconds.", 10000},
		{"Blocked: 20s", 20000},
		{"418 I'm a teapot: try again in 1 second", 1000},
		{"retry after 1.5 seconds", 2000},
		{"retry after 30.0 seconds", 30000},
		{"요청이 차단되었습니다. 10초 후 다시 시도하세요.", 10000},
		{"3분 동안 차단", 180000},
		{"blocked for 5 minutes", 300000},
		{"blocked for 5-minute periods", 300000},
		{"blocked for 2 hours", 7200000},
		{"blocked for 500 ms", 500},
		{"10 requests were too many, 60 seconds", 60000},
		{"from 10.0.0.1, code 7", 0},
		{"0 seconds", 0},
		{"10 sections", 0},
		{"99999999999999999999999 seconds", INT64_C(7) * 86400 * 1000},
		{"9999999 hours", INT64_C(7) * 86400 * 1000},
		{"I'm a teapot", 0},
		{"", 0},
	};
	char body[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int as_text = 0; as_text < 2; as_text++) {
			int64_t block_ms = 77;
			struct err err;

			snprintf(body, sizeof(body),
				 as_text ? "%s" : "{\"error\":{\"name\":418,\"message\":\"%s\"}}",
				 cases[i].message);
			assert_int_equal(upbit_judge(418, body, strlen(body), &block_ms, &err),
					 FAILURE_BAN);
			if (block_ms != cases[i].ms)
				fail_msg("\"%s\" gave %lld ms", body, (long long)block_ms);
		}
	}
}

static void long_remote_text_is_cut(void **state)
{
	static char body[100000];
	int64_t block_ms;
	struct err err;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(body); i += 3)
		memcpy(body + i, "\xec\xb4\x88", 3);
	assert_int_equal(upbit_judge(502, body, sizeof(body) - 1, &block_ms, &err), FAILURE_OUTAGE);
	assert_true(strlen(err.text) < 300);
	/* on a character's border */
	assert_non_null(strstr(err.text, "\xec\xb4\x88...\")."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candle_addresses),
		cmocka_unit_test(address_without_to),
		cmocka_unit_test(long_base_url),
		cmocka_unit_test(addresses_that_make_no_sense),
		cmocka_unit_test(retention),
		cmocka_unit_test(list_of_markets),
		cmocka_unit_test(bad_lists_of_markets),
		cmocka_unit_test(head_lines),
		cmocka_unit_test(told_to_wait),
		cmocka_unit_test(whole_head),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(block_times),
		cmocka_unit_test(long_remote_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
