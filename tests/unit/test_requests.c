/* SPDX-License-Identifier: MIT */
/* The one gate to the exchange, on the sandbox exchange: what counts against the budget, which time
 * is believed, and that no message hides another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captured.h"
#include "common/base/log.h"
#include "producer/exchange/upbit.h"
#include "producer/requests.h"
#include "producer/series/series.h"
#include "producer/series/series_page.h"
#include "sandbox.h"

enum { PATIENCE_MS = 20000, DAY_S = 86400 };

static struct requests *begin(void)
{
	static struct options options;
	struct err err;
	struct requests *r;

	if (!sandbox.exchange.pid)
		skip();
	control("faults/clear", NULL);
	control("limit?limit=1000&unblock", NULL);
	options = (struct options){.exchange = &exchange_upbit,
				   .exchange_url = sandbox.exchange.base,
				   .rate_limit = 10,
				   .rate_percent = 40};
	r = requests_new(&options, &err);
	assert_non_null(r);
	return r;
}

static void answer_await(struct requests *r, struct answer *a)
{
	int64_t until_ms = clock_boot_ms() + PATIENCE_MS;
	struct err err;

	while (!requests_take(r, a)) {
		assert_true(clock_boot_ms() < until_ms);
		assert_int_equal(requests_wait(r, NULL, 0, 100, &err), 0);
	}
}

/* Asks for the list, as soon as it may. */
static enum failure list_read(struct requests *r)
{
	int64_t until_ms = clock_boot_ms() + PATIENCE_MS;
	enum failure failure;
	struct answer a;
	struct err err;

	for (;;) {
		requests_list(r, clock_boot_ms());
		if (requests_take(r, &a))
			break;
		assert_true(clock_boot_ms() < until_ms);
		assert_int_equal(requests_wait(r, NULL, 0, 20, &err), 0);
	}
	assert_true(a.is_list);
	failure = a.failure;
	answer_release(&a);
	return failure;
}

static void room_await(struct requests *r)
{
	int64_t until_ms = clock_boot_ms() + PATIENCE_MS;
	struct err err;

	while (requests_wait_ms(r, clock_boot_ms()) > 0) {
		assert_true(clock_boot_ms() < until_ms);
		assert_int_equal(requests_wait(r, NULL, 0, 5, &err), 0);
	}
}

/* The list of markets is a request like any other. */
static void the_list_counts(void **state)
{
	struct requests *r = begin();
	struct answer a;
	int64_t boot_ms;

	(void)state;
	assert_int_equal(list_read(r), FAILURE_AGAIN); /* one Date is none */
	assert_int_equal(list_read(r), FAILURE_NONE);
	room_await(r);
	boot_ms = clock_boot_ms();
	requests_list(r, boot_ms);
	assert_true(requests_wait_ms(r, boot_ms) > 100);
	answer_await(r, &a);
	answer_release(&a);
	requests_free(r);
}

/* That it is asked for too often is said of another group of requests than that of candles. */
static void a_limited_list_stops_no_candles(void **state)
{
	struct requests *r = begin();

	(void)state;
	assert_int_equal(list_read(r), FAILURE_AGAIN);
	assert_int_equal(list_read(r), FAILURE_NONE);
	control("fault?http_429&path=market&count=3", NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(list_read(r), FAILURE_LIMIT);
		assert_in_range(requests_wait_ms(r, clock_boot_ms()), 0, 500);
	}
	assert_int_equal(list_read(r), FAILURE_NONE);
	requests_free(r);
}

static void a_first_date_that_is_wrong_is_not_the_time(void **state)
{
	struct requests *r = begin();
	struct http_answer a;
	int64_t now_ms;
	char fault[64];

	(void)state;
	snprintf(fault, sizeof fault, "fault?date_skew=%d&path=market", DAY_S);
	control(fault, NULL);
	assert_int_equal(list_read(r), FAILURE_AGAIN);
	assert_int_equal(requests_now_ms(r, clock_boot_ms()), 0);
	assert_int_equal(list_read(r), FAILURE_AGAIN);
	assert_int_equal(list_read(r), FAILURE_NONE);
	now_ms = requests_now_ms(r, clock_boot_ms());
	control("clock", &a);
	assert_in_range(said(&a, "\"sandbox_ms\":") - now_ms + 1000, 0, PATIENCE_MS);
	http_answer_release(&a);
	requests_free(r);
}

/* One that is never the same is none at all, which is said. */
static void dates_that_do_not_agree_are_no_time(void **state)
{
	struct requests *r = begin();
	const char *log;

	(void)state;
	capture_begin();
	for (int i = 1; i <= 3; i++) {
		char fault[64];

		snprintf(fault, sizeof fault, "fault?date_skew=%d&path=market", i * DAY_S);
		control(fault, NULL);
		list_read(r);
	}
	log = capture_end();
	assert_int_equal(requests_now_ms(r, clock_boot_ms()), 0);
	assert_non_null(strstr(log, "do not agree on the time"));
	requests_free(r);
}

static enum failure candles_read(struct requests *r, struct series *s, const char *fault)
{
	struct request request = {.series = s, .live = 1, .count = 10, .before_ms = PAGE_NO_TO};
	enum failure failure;
	struct answer a;
	struct err err;

	if (fault)
		control(fault, NULL);
	room_await(r);
	assert_int_equal(requests_candles(r, &request, clock_boot_ms(), &err), 0);
	answer_await(r, &a);
	failure = a.failure;
	answer_release(&a);
	return failure;
}

/* A 429 slows all down; but not one that a series alone gets again and again. */
static void one_that_is_limited_alone_stops_no_others(void **state)
{
	struct requests *r = begin();
	const struct interval *iv = interval_by_name("1m");
	struct series *alone = series_new("KRW-BTC", iv, &exchange_upbit, INT64_MIN, INT64_MAX),
		      *other = series_new("KRW-ETH", iv, &exchange_upbit, INT64_MIN, INT64_MAX);

	(void)state;
	assert_int_equal(list_read(r), FAILURE_AGAIN);
	assert_int_equal(list_read(r), FAILURE_NONE);
	control("fault?http_429&market=KRW-BTC&count=-1", NULL);
	for (int i = 0; i < 3; i++)
		series_unanswered(alone, 0);
	assert_int_equal(candles_read(r, alone, NULL), FAILURE_LIMIT);
	assert_true(requests_wait_ms(r, clock_boot_ms()) > 500);
	assert_int_equal(candles_read(r, other, NULL), FAILURE_NONE);
	assert_int_equal(candles_read(r, alone, NULL), FAILURE_SPAN);
	assert_int_equal(candles_read(r, other, "fault?http_429&market=KRW-ETH"), FAILURE_LIMIT);
	control("faults/clear", NULL);
	series_free(alone);
	series_free(other);
	requests_free(r);
}

static void no_message_hides_another(void **state)
{
	struct requests *r = begin();
	struct series *s = series_new("KRW-BTC", interval_by_name("1m"), &exchange_upbit, INT64_MIN,
				      INT64_MAX);
	const char *log, *first;

	(void)state;
	assert_int_equal(list_read(r), FAILURE_AGAIN);
	assert_int_equal(list_read(r), FAILURE_NONE);
	log_open("test", LOG_INFO);
	capture_begin();
	assert_int_equal(candles_read(r, s, "fault?wrong_market"), FAILURE_SPAN);
	assert_int_equal(candles_read(r, s, NULL), FAILURE_NONE);
	assert_int_equal(candles_read(r, s, "fault?status=400"), FAILURE_SPAN);
	assert_int_equal(candles_read(r, s, NULL), FAILURE_NONE);
	assert_int_equal(candles_read(r, s, "fault?wrong_market"), FAILURE_SPAN);
	assert_int_equal(candles_read(r, s, "fault?status=404"), FAILURE_SERIES);
	assert_int_equal(candles_read(r, s, "fault?bad_field=close:null"), FAILURE_NONE);
	assert_int_equal(candles_read(r, s, "fault?html"), FAILURE_OUTAGE);
	log = capture_end();
	first = strstr(log, "page rejected");
	assert_non_null(first);
	assert_null(strstr(first + 1, "page rejected")); /* within ten seconds */
	assert_non_null(strstr(log, "the exchange refuses a request"));
	assert_non_null(strstr(log, "does not know this market"));
	assert_non_null(strstr(log, "rows are not candles"));
	assert_non_null(strstr(log, "no usable answer"));
	series_free(s);
	requests_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_counts),
		cmocka_unit_test(a_limited_list_stops_no_candles),
		cmocka_unit_test(one_that_is_limited_alone_stops_no_others),
		cmocka_unit_test(a_first_date_that_is_wrong_is_not_the_time),
		cmocka_unit_test(dates_that_do_not_agree_are_no_time),
		cmocka_unit_test(no_message_hides_another),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
