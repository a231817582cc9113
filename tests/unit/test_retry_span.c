/* SPDX-License-Identifier: MIT */
/* What is asked for again, and when: rejected pages, and the span of which the exchange says that
 * it has nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "producer/series/retry_span.h"

#define SECOND 1000
#define EVER   INT64_MIN

/* Of [0, 1000), what may be asked for now. */
static void may_ask(const struct retry_spans *h, int64_t boot_ms, int64_t from_ms, int64_t to_ms)
{
	struct spans left = {0};

	spans_add(&left, 0, 1000);
	retry_spans_subtract(h, boot_ms, &left);
	if (from_ms == to_ms) {
		assert_int_equal(left.n, 0);
	} else {
		assert_int_equal(left.n, 1);
		assert_true(left.v[0].from == from_ms && left.v[0].to == to_ms);
	}
	spans_release(&left);
}

static void an_empty_page_holds_everything_older(void **state)
{
	struct retry_spans h = {0};

	(void)state;
	assert_int_equal(retry_spans_empty(&h, EVER, 600, 0), 0);
	assert_true(retry_spans_any(&h));
	may_ask(&h, 59 * SECOND, 600, 1000);
	may_ask(&h, 60 * SECOND, 0, 1000);
	assert_int_equal(retry_spans_empty(&h, EVER, 600, 60 * SECOND), 1);
	retry_spans_not_empty(&h, EVER);
	assert_false(retry_spans_any(&h));
}

/* A gap of years is walked by several requests; what they say must neither take each other's place
 * nor be asked anew at once. */
static void pages_side_by_side_are_one_question(void **state)
{
	struct retry_spans h = {0};

	(void)state;
	assert_int_equal(retry_spans_empty(&h, EVER, 600, 0), 0);
	for (int i = 1; i < 50; i++)
		assert_int_equal(retry_spans_empty(&h, EVER, 600 - i, i), 0);
	may_ask(&h, 59 * SECOND, 600, 1000);
	assert_int_equal(retry_spans_empty(&h, EVER, 590, 61 * SECOND),
			 0); /* overtakes the one with the greatest `to` */
	assert_int_equal(retry_spans_empty(&h, EVER, 600, 62 * SECOND), 1);
}

static void a_later_end_is_another_question(void **state)
{
	struct retry_spans h = {0};

	(void)state;
	assert_int_equal(retry_spans_empty(&h, EVER, 300, 0), 0);
	assert_int_equal(retry_spans_empty(&h, 400, 700, 50 * SECOND), 0);
	may_ask(&h, 70 * SECOND, 700, 1000);
	assert_int_equal(retry_spans_empty(&h, 400, 700, 109 * SECOND), 0);
	assert_int_equal(retry_spans_empty(&h, 400, 700, 170 * SECOND), 1);
}

static void a_span_inside_what_we_have_is_held_alone(void **state)
{
	struct retry_spans h = {0};

	(void)state;
	assert_int_equal(retry_spans_empty(&h, 500, 1000, 0), 0);
	may_ask(&h, SECOND, 0, 500);
	assert_int_equal(retry_spans_empty(&h, 300, 500, 2 * SECOND), 0);
	may_ask(&h, 3 * SECOND, 0, 300);
}

static void the_pause_grows_where_it_goes_on(void **state)
{
	struct retry_spans h = {0};
	int64_t boot = 0, pause = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		retry_spans_empty(&h, 500, 1000, boot);
		pause = h.empty.until_boot_ms - boot;
		assert_true(pause >= EMPTY_AGAIN_MS && pause <= RETRY_MAX_MS);
		boot += pause;
	}
	assert_true(pause == RETRY_MAX_MS);
}

static void a_candle_before_it_shows_that_it_was_wrong(void **state)
{
	struct retry_spans h = {0};

	(void)state;
	retry_spans_empty(&h, EVER, 600, 0);
	retry_spans_not_empty(&h, 600);
	assert_true(retry_spans_any(&h));
	retry_spans_not_empty(&h, 599);
	assert_false(retry_spans_any(&h));
	may_ask(&h, SECOND, 0, 1000);
}

static void what_is_known_is_held_no_longer(void **state)
{
	struct retry_spans h = {0};
	struct spans known = {0};

	(void)state;
	retry_spans_empty(&h, EVER, 600, 0);
	retry_spans_rejected(&h, 700, 800, 0);
	spans_add(&known, 650, 790);
	retry_spans_known(&h, &known);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.empty.times, 1);
	spans_add(&known, 500, 800);
	retry_spans_known(&h, &known);
	assert_false(retry_spans_any(&h));
	spans_release(&known);
}

static void a_rejected_page_is_apart_from_an_empty_one(void **state)
{
	struct retry_spans h = {0};

	(void)state;
	retry_spans_empty(&h, EVER, 600, 0);
	retry_spans_rejected(&h, 200, 300, 0);
	retry_spans_drop(&h, 200, 300);
	may_ask(&h, SECOND, 600, 1000);
	retry_spans_rejected(&h, 600, 1000, 0);
	may_ask(&h, SECOND / 2, 0, 0);
	may_ask(&h, SECOND, 600, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_page_holds_everything_older),
		cmocka_unit_test(pages_side_by_side_are_one_question),
		cmocka_unit_test(a_later_end_is_another_question),
		cmocka_unit_test(a_span_inside_what_we_have_is_held_alone),
		cmocka_unit_test(the_pause_grows_where_it_goes_on),
		cmocka_unit_test(a_candle_before_it_shows_that_it_was_wrong),
		cmocka_unit_test(what_is_known_is_held_no_longer),
		cmocka_unit_test(a_rejected_page_is_apart_from_an_empty_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
