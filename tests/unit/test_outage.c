/* SPDX-License-Identifier: MIT */
/* What is an outage of the exchange, and who asks while it lasts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "producer/outage.h"

enum { CANDLES, LIST };

static void one_failure_is_none(void **state)
{
	struct outage o;

	(void)state;
	outage_init(&o);
	for (int i = 0; i < 100; i++) {
		assert_false(outage_failed(&o, CANDLES, i, 7));
		assert_false(outage_failed(&o, CANDLES, i, 7));
		assert_int_equal(outage_wait_ms(&o, 4, i), 0);
		assert_int_equal(outage_answered(&o, CANDLES, i), 0);
	}
}

/* Asks as the gate does, for seven minutes in which nothing usable comes. */
static void few_ask_while_it_lasts(void **state)
{
	struct outage o;
	int asked = 0, most = 0, in_minute = 0;

	(void)state;
	outage_init(&o);
	for (int64_t now_ms = 0; now_ms < INT64_C(430) * 1000; now_ms += 111) {
		if (now_ms % 60000 < 111)
			in_minute = 0;
		if (outage_wait_ms(&o, 0, now_ms) > 0)
			continue;
		asked++;
		in_minute++;
		most = in_minute > most ? in_minute : most;
		outage_failed(&o, CANDLES, now_ms, (uint32_t)now_ms * 2654435761U);
	}
	assert_true(asked < 70);
	assert_true(most < 15);
	assert_true(outage_wait_ms(&o, 0, INT64_C(430) * 1000) <= 15000);
	assert_true(outage_wait_ms(&o, 1, INT64_C(500) * 1000) == INT64_MAX);
	assert_int_equal(outage_answered(&o, CANDLES, INT64_C(430) * 1000), 430 * 1000);
	assert_int_equal(outage_wait_ms(&o, 4, INT64_C(430) * 1000), 0);
}

static void those_in_flight_together_make_one_pause(void **state)
{
	struct outage o;

	(void)state;
	outage_init(&o);
	for (int i = 0; i < 6; i++)
		outage_failed(&o, CANDLES, 1000, UINT32_MAX);
	assert_true(outage_wait_ms(&o, 0, 1000) <= 1000);
}

static void a_list_does_not_end_one_of_candles(void **state)
{
	struct outage o;

	(void)state;
	outage_init(&o);
	for (int i = 0; i < 3; i++)
		outage_failed(&o, CANDLES, 0, 0);
	assert_int_equal(outage_answered(&o, LIST, 5000), 0);
	assert_true(outage_is_on(&o));
	assert_int_equal(outage_answered(&o, CANDLES, 6000), 6000);
	for (int i = 0; i < 3; i++)
		outage_failed(&o, LIST, 7000, 0);
	assert_true(outage_is_on(&o));
	assert_int_equal(outage_answered(&o, LIST, 9000), 2000);
	assert_false(outage_is_on(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_failure_is_none),
		cmocka_unit_test(few_ask_while_it_lasts),
		cmocka_unit_test(those_in_flight_together_make_one_pause),
		cmocka_unit_test(a_list_does_not_end_one_of_candles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
