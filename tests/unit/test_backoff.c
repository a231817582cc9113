/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/backoff.h"

/* With the greatest random number that each range takes: the step itself. */
static void test_doubles_to_its_ceiling(void **state)
{
	static const int64_t steps[] = {100, 200, 400, 800, 1000, 1000, 1000};
	struct backoff b;

	(void)state;
	backoff_init(&b, 100, 1000);
	assert_int_equal(b.current_ms, 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		assert_int_equal(backoff_next_ms(&b, (uint32_t)(steps[i] / 2)), steps[i]);
		assert_int_equal(b.current_ms, steps[i]);
	}
	backoff_reset(&b);
	assert_int_equal(backoff_next_ms(&b, 0), 50);
	assert_int_equal(backoff_next_ms(&b, 0), 100);
}

static void test_stays_in_the_upper_half(void **state)
{
	(void)state;
	for (int64_t first = 1; first < 300; first += 7) {
		int seen_low = 0, seen_high = 0;

		for (uint32_t random = 0; random < 2000; random++) {
			struct backoff b;
			int64_t pause;

			backoff_init(&b, first, first);
			pause = backoff_next_ms(&b, random * 2147483647u);
			assert_in_range(pause, (first + 1) / 2, first);
			seen_low |= pause == (first + 1) / 2;
			seen_high |= pause == first;
		}
		assert_true(seen_low && seen_high);
	}
}

static void test_ends(void **state)
{
	struct backoff b;

	(void)state;
	backoff_init(&b, INT64_MAX / 2 + 1, INT64_MAX);
	assert_true(backoff_next_ms(&b, UINT32_MAX) > 0);
	assert_true(backoff_next_ms(&b, UINT32_MAX) >= INT64_MAX / 2);
	assert_true(b.current_ms == INT64_MAX);
	assert_true(backoff_next_ms(&b, 0) >= INT64_MAX / 2);

	/* nonsense is made sensible: a pause is never 0 */
	backoff_init(&b, 0, -5);
	assert_int_equal(backoff_next_ms(&b, 0), 1);
	assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 1);
}

static void test_random_numbers_differ(void **state)
{
	uint32_t all = 0, any = backoff_random();

	(void)state;
	for (int i = 0; i < 100; i++)
		all |= backoff_random() ^ any;
	assert_int_equal(all, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles_to_its_ceiling),
		cmocka_unit_test(test_stays_in_the_upper_half),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_random_numbers_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
