/* SPDX-License-Identifier: MIT */
/* What is asked for again, and when: rejected pages, and rows that are not candles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "producer/series/retry_span.h"

#define SECOND 1000

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

static void the_pause_grows_to_its_end(void **state)
{
	struct retry_spans h = {0};
	int64_t boot = 0, pause = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		int64_t before = pause;

		retry_spans_rejected(&h, 500, 1000, boot);
		pause = h.v[0].until_boot_ms - boot;
		assert_true(pause >= before && pause <= RETRY_MAX_MS);
		boot += pause;
	}
	assert_int_equal(h.n, 1);
	assert_true(pause == RETRY_MAX_MS);
	retry_spans_release(&h);
}

static void what_is_known_is_held_no_longer(void **state)
{
	struct retry_spans h = {0};
	struct spans known = {0};

	(void)state;
	retry_spans_bad_row(&h, 500, 600, 0);
	retry_spans_rejected(&h, 700, 800, 0);
	spans_add(&known, 650, 790);
	retry_spans_known(&h, &known);
	assert_int_equal(h.n, 2);
	spans_add(&known, 500, 800);
	retry_spans_known(&h, &known);
	assert_false(h.n > 0);
	spans_release(&known);
	retry_spans_release(&h);
}

static void a_bad_row_is_apart_from_a_rejected_page(void **state)
{
	struct retry_spans h = {0};

	(void)state;
	retry_spans_bad_row(&h, 0, 300, 0);
	retry_spans_rejected(&h, 200, 500, 0);
	may_ask(&h, SECOND / 2, 500, 1000);
	retry_spans_drop(&h, 200, 500); /* a page came: that its row is bad is another matter */
	may_ask(&h, SECOND / 2, 300, 1000);
	may_ask(&h, SECOND, 0, 1000);
	retry_spans_release(&h);
}

/* Pages that were asked for something else show it, too: that makes it no worse. */
static void a_bad_row_that_is_seen_often_waits_no_longer(void **state)
{
	struct retry_spans h = {0};

	(void)state;
	for (int i = 0; i < 50; i++)
		retry_spans_bad_row(&h, 500, 1000, i);
	may_ask(&h, SECOND, 0, 1000);
	assert_false(retry_spans_are_stuck(&h));
	retry_spans_release(&h);
}

static void there_is_no_end_of_bad_rows(void **state)
{
	struct retry_spans h = {0};
	struct spans left = {0};

	(void)state;
	for (int i = 0; i < 100 * RETRY_SPANS_MAX; i += 10)
		retry_spans_bad_row(&h, i, i + 1, 0);
	assert_int_equal(h.n, RETRY_SPANS_MAX);
	spans_add(&left, 0, 100 * RETRY_SPANS_MAX);
	retry_spans_subtract(&h, SECOND / 2, &left);
	for (int i = 0; i < 100 * RETRY_SPANS_MAX; i += 10)
		assert_false(spans_contain(&left, i)); /* none of them is asked for at once */
	spans_release(&left);
	retry_spans_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pause_grows_to_its_end),
		cmocka_unit_test(what_is_known_is_held_no_longer),
		cmocka_unit_test(a_bad_row_is_apart_from_a_rejected_page),
		cmocka_unit_test(a_bad_row_that_is_seen_often_waits_no_longer),
		cmocka_unit_test(there_is_no_end_of_bad_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
