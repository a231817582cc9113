/* SPDX-License-Identifier: MIT */
/* The producer's edges together (http, upbit, page, exclock, ratelimit) on the sandbox exchange,
 * and what they make of its faults. Skipped where the exchange was not built beside this program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "producer/exchange/upbit.h"
#include "producer/exchange/upbit_answer.h"
#include "producer/exchange/upbit_page.h"
#include "producer/exclock.h"
#include "producer/http/http.h"
#include "producer/ratelimit.h"
#include "sandbox.h"

static void ask_candles(const char *symbol, const char *interval, int64_t to_ms,
			struct http_answer *answer)
{
	char url[EXCHANGE_URL_BYTES];
	struct err err;

	assert_int_equal(exchange_upbit.candles_url(sandbox.exchange.base, symbol,
						    interval_by_name(interval), to_ms,
						    UPBIT_PAGE_ROWS, url, sizeof(url), &err),
			 0);
	ask_url(url, answer);
}

static int64_t last_minute(void)
{
	return interval_floor(interval_by_name("1m"), exclock_now(&sandbox.clock, clock_boot_ms()));
}

/* Learns the exchange's time, lifts its limit. */
static void meet(void)
{
	struct http_answer a;
	struct exchange_head head;
	int64_t sent_ms;

	if (!sandbox.exchange.pid)
		skip();
	control("faults/clear", NULL);
	control("limit?limit=5000&unblock", NULL);
	sent_ms = clock_boot_ms();
	ask_candles("KRW-BTC", "1m", PAGE_NO_TO, &a);
	assert_int_equal(a.status, 200);
	upbit_head_read(&head, a.head.data, a.head.len);
	assert_true(head.remaining > 0);
	/* heard twice, it is known */
	exclock_answer(&sandbox.clock, head.date_ms, sent_ms, a.received_boot_ms);
	assert_int_equal(exclock_answer(&sandbox.clock, head.date_ms, sent_ms, a.received_boot_ms),
			 head.date_ms);
	http_answer_release(&a);
}

static void clock_is_the_exchanges(void **state)
{
	struct http_answer a;
	int64_t lag_ms;

	(void)state;
	meet();
	for (int i = 0; i < 12; i++) {
		struct exchange_head head;
		int64_t sent_ms = clock_boot_ms();

		ask_candles("KRW-BTC", "1m", PAGE_NO_TO, &a);
		upbit_head_read(&head, a.head.data, a.head.len);
		assert_true(exclock_answer(&sandbox.clock, head.date_ms, sent_ms,
					   a.received_boot_ms) == head.date_ms);
		http_answer_release(&a);
	}
	control("clock", &a);
	lag_ms = said(&a, "\"sandbox_ms\":") - exclock_now(&sandbox.clock, clock_boot_ms());
	http_answer_release(&a);
	/* the exchange's answer is older than our reading of the estimate, by a little */
	assert_in_range(lag_ms + 500, 0, 1600);
}

/* Pages of every density join without a hole: each begins where the one before it ended. */
static void pages_join(void **state)
{
	static const struct {
		const char *symbol, *interval;
		int dense;
	} series[] = {
		{"KRW-BTC", "1m", 1},    {"KRW-BTC", "1s", 1},   {"KRW-DIGITS", "1m", 1},
		{"KRW-SPARSE", "1m", 0}, {"KRW-QUIET", "1m", 0}, {"KRW-TINY", "1m", 0},
		{"KRW-HOURLY", "1m", 0}, {"KRW-BTC", "4h", 1},
	};

	(void)state;
	meet();
	for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++) {
		const struct interval *iv = interval_by_name(series[i].interval);
		int64_t to_ms = interval_floor(iv, last_minute());

		for (int p = 0; p < 5; p++) {
			struct http_answer a;
			struct page page;
			struct err err;

			ask_candles(series[i].symbol, series[i].interval, to_ms, &a);
			assert_int_equal(a.status, 200);
			if (upbit_page_parse(a.body.data, a.body.len, series[i].symbol, iv, to_ms,
					     &page, &err) < 0)
				fail_msg("%s %s: %s", series[i].symbol, series[i].interval,
					 err.text);
			assert_int_equal(page.n, UPBIT_PAGE_ROWS);
			if (series[i].dense) {
				assert_int_equal(
					interval_end(iv,
						     page.rows[UPBIT_PAGE_ROWS - 1].timestamp_ms),
					to_ms);
				assert_int_equal(
					interval_count(iv, page.rows[0].timestamp_ms, to_ms),
					UPBIT_PAGE_ROWS);
			}
			to_ms = page.rows[0].timestamp_ms;
			page_release(&page);
			http_answer_release(&a);
		}
	}
}

static void markets(void **state)
{
	char url[EXCHANGE_URL_BYTES];
	struct markets m;
	struct http_answer a;
	struct exchange_head head;
	int64_t block_ms;
	struct err err;

	(void)state;
	meet();
	assert_int_equal(exchange_upbit.markets_url(sandbox.exchange.base, url, sizeof(url), &err),
			 0);
	ask_url(url, &a);
	assert_int_equal(upbit_judge(a.status, a.body.data, a.body.len, &block_ms, &err),
			 FAILURE_NONE);
	assert_int_equal(exchange_upbit.markets_parse(a.body.data, a.body.len, &m, &err), 0);
	assert_true(m.n >= 29);
	assert_true(markets_has(&m, "KRW-BTC"));
	assert_false(markets_has(&m, "KRW-NONE"));
	markets_release(&m);
	upbit_head_read(&head, a.head.data, a.head.len);
	assert_true(head.date_ms > 0);
	assert_int_equal(head.remaining, -1); /* the room of another group */
	http_answer_release(&a);
	ask_candles("KRW-NONE", "1m", PAGE_NO_TO, &a);
	assert_int_equal(upbit_judge(a.status, a.body.data, a.body.len, &block_ms, &err),
			 FAILURE_SERIES);
	http_answer_release(&a);
}

enum outcome { NO_ANSWER, VERDICT, BAD_PAGE, GOOD_PAGE };

static void one_fault(const char *fault, enum outcome wanted, int detail, int64_t wanted_block_ms)
{
	const struct interval *iv = interval_by_name("1m");
	int64_t to_ms = last_minute(), block_ms = 0;
	enum outcome got = GOOD_PAGE;
	int got_detail = 0;
	struct http_answer a;
	struct page page;
	struct err err;
	char what[128];

	snprintf(what, sizeof(what), "fault?%s", fault);
	control(what, NULL);
	ask_candles("KRW-BTC", "1m", to_ms, &a);
	err = a.err;
	if (a.status == 0) {
		got = NO_ANSWER;
		got_detail = (int)a.err.class;
	} else if ((got_detail = (int)upbit_judge(a.status, a.body.data, a.body.len, &block_ms,
						  &err)) != FAILURE_NONE) {
		got = VERDICT;
	} else if (upbit_page_parse(a.body.data, a.body.len, "KRW-BTC", iv, to_ms, &page, &err) <
		   0) {
		got = BAD_PAGE;
	} else {
		got_detail = (int)page.n;
		page_release(&page);
	}
	if (got != wanted || (wanted != BAD_PAGE && got_detail != detail) ||
	    block_ms != wanted_block_ms)
		fail_msg("%s: outcome %d, detail %d, block %lld ms: %s", fault, (int)got,
			 got_detail, (long long)block_ms, err.text);
	http_answer_release(&a);
	control("faults/clear", NULL);
	control("limit?unblock", NULL);
}

static void faults(void **state)
{
	static const struct {
		const char *fault;
		enum outcome outcome;
		int detail; /* class, verdict or rows */
		int64_t block_ms;
	} cases[] = {
		{"truncate", NO_ANSWER, ERR_RETRY, 0},
		{"truncate_chunked", NO_ANSWER, ERR_RETRY, 0},
		/* libcurl tries once more by itself where a kept connection turns out to be dead */
		{"reset&count=-1", NO_ANSWER, ERR_RETRY, 0},
		{"huge", NO_ANSWER, ERR_INPUT, 0},
		{"bomb", NO_ANSWER, ERR_INPUT, 0},
		{"status=500", VERDICT, FAILURE_OUTAGE, 0},
		{"status=400", VERDICT, FAILURE_SPAN, 0},
		{"status=302", VERDICT, FAILURE_OUTAGE, 0},
		{"http_429", VERDICT, FAILURE_LIMIT, 0},
		{"http_418=30", VERDICT, FAILURE_BAN, 30000},
		{"short_length", BAD_PAGE, 0, 0},
		{"html", VERDICT, FAILURE_OUTAGE, 0},
		{"no_body", VERDICT, FAILURE_OUTAGE, 0},
		{"forbidden", VERDICT, FAILURE_OUTAGE, 0},
		{"null", BAD_PAGE, 0, 0},
		{"object", BAD_PAGE, 0, 0},
		{"wrong_market", BAD_PAGE, 0, 0},
		{"off_grid", GOOD_PAGE, 199, 0},
		{"newer_than_to", BAD_PAGE, 0, 0},
		{"duplicate_row", BAD_PAGE, 0, 0},
		{"garbage_number", GOOD_PAGE, 199, 0},
		{"bad_utf8", GOOD_PAGE, 199, 0},
		{"empty", GOOD_PAGE, 0, 0},
		{"unordered", GOOD_PAGE, UPBIT_PAGE_ROWS, 0},
		{"nodate", GOOD_PAGE, UPBIT_PAGE_ROWS, 0},
		{"no_remaining", GOOD_PAGE, UPBIT_PAGE_ROWS, 0},
		{"hold=300", GOOD_PAGE, UPBIT_PAGE_ROWS, 0},
	};

	(void)state;
	meet();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		one_fault(cases[i].fault, cases[i].outcome, cases[i].detail, cases[i].block_ms);
}

/* Kept-alive connections that turn out to be dead: what goes out is what was asked for here, and
 * the caller is told that it may ask again. */
static void each_request_is_sent_once(void **state)
{
	enum { REQUESTS = 40 };
	int dead = 0;
	int64_t counted;
	struct http_answer a;

	(void)state;
	meet();
	control("fault?reset_reused=1&count=-1", NULL);
	control("stats/reset", NULL);
	for (int i = 0; i < REQUESTS; i++) {
		ask_candles("KRW-BTC", "1m", PAGE_NO_TO, &a);
		dead += a.is_dead_connection;
		if (a.status != 200 && !a.is_dead_connection)
			fail_msg("request %d: status %d: %s", i, a.status, a.err.text);
		http_answer_release(&a);
	}
	control("faults/clear", NULL);
	control("stats", &a);
	counted = said(&a, "\"candles\":");
	http_answer_release(&a);
	assert_true(dead > 0);
	assert_in_range(counted, 1, REQUESTS);
}

/* Seven seconds of nothing but work, under the exchange's own limit of ten in a fixed second. */
static void budget_is_used_and_not_exceeded(void **state)
{
	enum { SPAN_MS = 7000 };
	char url[EXCHANGE_URL_BYTES];
	struct http_answer a;
	struct ratelimit rate;
	int64_t start_ms, now_ms;
	struct err err;
	int sent = 0, limited = 0;

	(void)state;
	meet();
	control("limit?limit=10", NULL);
	assert_int_equal(exchange_upbit.candles_url(sandbox.exchange.base, "KRW-BTC",
						    interval_by_name("1m"), last_minute(),
						    UPBIT_PAGE_ROWS, url, sizeof(url), &err),
			 0);
	start_ms = clock_boot_ms() + 1000; /* what was asked before belongs to another second */
	ratelimit_init(&rate, 9.0, 10, start_ms);
	while ((now_ms = clock_boot_ms()) < start_ms + SPAN_MS ||
	       http_in_flight(sandbox.http) > 0) {
		int64_t wait_ms = ratelimit_wait_ms(&rate, now_ms);

		if (wait_ms == 0 && now_ms < start_ms + SPAN_MS) {
			assert_int_equal(http_get(sandbox.http, url, NULL, &err), 0);
			ratelimit_spend(&rate, RATELIMIT_BACKFILL, now_ms);
			sent++;
		}
		assert_int_equal(
			http_wait(sandbox.http, NULL, 0, wait_ms > 0 ? (int)wait_ms : 1, &err), 0);
		while (http_take(sandbox.http, &a)) {
			struct exchange_head head;

			limited += a.status == 429;
			assert_true(a.status == 200 || a.status == 429);
			upbit_head_read(&head, a.head.data, a.head.len);
			assert_in_range(head.remaining, 0, 9);
			ratelimit_answer(&rate, head.remaining, a.received_boot_ms);
			http_answer_release(&a);
		}
	}
	/* How much a machine that has other things to do makes of it is measured elsewhere. */
	assert_true(limited <= 1);
	assert_in_range(sent, 10, 9 * SPAN_MS / 1000 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_is_the_exchanges),
		cmocka_unit_test(pages_join),
		cmocka_unit_test(markets),
		cmocka_unit_test(faults),
		cmocka_unit_test(each_request_is_sent_once),
		cmocka_unit_test(budget_is_used_and_not_exceeded),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
