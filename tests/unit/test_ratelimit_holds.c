/* SPDX-License-Identifier: MIT */
/* The budget and the answers of an exchange that counts: Remaining-Req, 429, 418. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pacing.h"
#include "producer/ratelimit.h"

/* An exchange that counts in fixed seconds: remaining after this one, -1 if it is a 429. */
struct counter {
	int64_t second;
	int n;
};

static int count(struct counter *c, int64_t arrival_ms, int64_t phase_ms)
{
	int64_t second = (arrival_ms + phase_ms) / 1000;

	if (second != c->second)
		*c = (struct counter){.second = second};
	return c->n < 10 ? 10 - ++c->n : -1;
}

/* Alone on its address, at nine a second: the header never stops it for long, whatever the phase of
 * the seconds. */
static void remaining_zero_costs_little(void **state)
{
	(void)state;
	for (int64_t phase_ms = 0; phase_ms < 112; phase_ms++) {
		struct counter counter = {.second = -1};
		struct ratelimit r;
		int64_t now_ms = 0;
		int n = 0;

		ratelimit_init(&r, 9.0, LIMIT, now_ms);
		while (now_ms < 60 * 1000) {
			int64_t wait_ms = ratelimit_wait_ms(&r, now_ms), arrival_ms;
			int remaining;

			if (wait_ms > 0) {
				now_ms += wait_ms + rng_below(6);
				continue;
			}
			arrival_ms = now_ms + rng_below(6);
			remaining = count(&counter, arrival_ms, phase_ms);
			assert_true(remaining >= 0);
			ratelimit_spend(&r, RATELIMIT_BACKFILL, now_ms);
			ratelimit_answer(&r, remaining, arrival_ms + rng_below(31));
			n++;
		}
		assert_true(n >= 9 * 60 * 98 / 100);
	}
}

/* Somebody else on the same address takes six a second, in a burst: nothing is sent between a zero
 * and the second's end. */
static void remaining_zero_holds_to_the_end_of_the_second(void **state)
{
	struct counter counter = {.second = -1};
	struct ratelimit r;
	int64_t now_ms = 0, zero_second = -1;
	int limited = 0, n = 0;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, now_ms);
	while (now_ms < 300 * 1000) {
		int64_t wait_ms = ratelimit_wait_ms(&r, now_ms), arrival_ms;
		int remaining;

		if (wait_ms > 0) {
			now_ms += wait_ms;
			continue;
		}
		arrival_ms = now_ms + 2;
		assert_true(arrival_ms / 1000 != zero_second);
		if (counter.second != arrival_ms / 1000)
			for (int i = 0; i < 6; i++)
				count(&counter, arrival_ms, 0);
		remaining = count(&counter, arrival_ms, 0);
		limited += remaining < 0;
		if (remaining == 0)
			zero_second = arrival_ms / 1000;
		ratelimit_spend(&r, RATELIMIT_BACKFILL, now_ms);
		ratelimit_answer(&r, remaining, now_ms + 10);
		n++;
	}
	assert_int_equal(limited, 0);
	assert_true(n > 3 * 300); /* and it still gets along */
}

/* The hold ends a second after the first answer of that second, however late the zero came. */
static void hold_is_counted_from_the_first_answer(void **state)
{
	struct ratelimit r;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	ratelimit_answer(&r, 2, 50);
	ratelimit_answer(&r, 9, 100); /* a new second */
	ratelimit_answer(&r, 7, 300);
	ratelimit_answer(&r, 8, 305); /* overtaken */
	ratelimit_answer(&r, -1, 500);
	ratelimit_answer(&r, 3, 700);
	assert_int_equal(ratelimit_wait_ms(&r, 900), 0);
	ratelimit_answer(&r, 0, 900);
	assert_int_equal(ratelimit_wait_ms(&r, 900), 200);
	assert_int_equal(ratelimit_wait_ms(&r, 1100), 0);
}

static void remaining_unknown_or_plenty_changes_nothing(void **state)
{
	struct ratelimit r;
	int n = 0;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	for (int64_t now_ms = 0; now_ms < 60000; now_ms += 112) {
		assert_int_equal(ratelimit_wait_ms(&r, now_ms), 0);
		ratelimit_spend(&r, RATELIMIT_BACKFILL, now_ms);
		ratelimit_answer(&r, n++ % 2 ? -1 : 9, now_ms + 5);
	}
	/* a zero out of the blue: at most one second */
	ratelimit_answer(&r, 0, 61000);
	assert_in_range(ratelimit_wait_ms(&r, 61000), 1, 1000);
	assert_int_equal(ratelimit_wait_ms(&r, 62000), 0);
}

static int sent_within(struct ratelimit *r, int64_t from_ms, int64_t to_ms)
{
	static int64_t arrivals[SENT_MAX];

	return send_all(r, from_ms, to_ms - from_ms, 0, 0, 0, arrivals);
}

static void limited_once(void **state)
{
	struct ratelimit r;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	ratelimit_spend(&r, RATELIMIT_BACKFILL, 0);
	ratelimit_limited(&r, 500, 0, 100);
	assert_int_equal(ratelimit_wait_ms(&r, 500), 1100);
	assert_int_equal(ratelimit_wait_ms(&r, 1599), 1);
	assert_int_equal(ratelimit_wait_ms(&r, 1600), 0);
	/* half the rate for 10 s, then the whole one */
	assert_in_range(sent_within(&r, 1600, 11600), 45, 47);
	assert_in_range(sent_within(&r, 11600, 21600), 88, 91);
}

/* ... for as long as the exchange says, if that is not absurd. */
static void limited_for_a_told_time(void **state)
{
	struct ratelimit r;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	ratelimit_limited(&r, 500, 20 * 1000, 0);
	assert_int_equal(ratelimit_wait_ms(&r, 500), 20 * 1000);
	ratelimit_limited(&r, 600, INT64_MAX, 0); /* in flight together */
	assert_int_equal(ratelimit_wait_ms(&r, 600), 30 * 1000);
	ratelimit_init(&r, 9.0, LIMIT, 0);
	ratelimit_limited(&r, 500, INT64_MAX, 0);
	assert_int_equal(ratelimit_wait_ms(&r, 500), 30 * 1000);
	ratelimit_init(&r, 9.0, LIMIT, 0);
	ratelimit_limited(&r, 500, 10, 0);
	assert_int_equal(ratelimit_wait_ms(&r, 500), 1000);
}

static void limited_together_counts_once(void **state)
{
	struct ratelimit r;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	for (int i = 0; i < 4; i++)
		ratelimit_limited(&r, 500 + 10 * i, 0, 0);
	assert_int_equal(ratelimit_wait_ms(&r, 530), 1000);
	assert_in_range(sent_within(&r, 1530, 11500), 44, 47);
}

static void limited_again_and_again(void **state)
{
	struct ratelimit r;
	int64_t now_ms = 0, last_wait_ms = 0;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	for (int i = 0; i < 12; i++) {
		int64_t wait_ms;

		ratelimit_limited(&r, now_ms, 0, 250);
		wait_ms = ratelimit_wait_ms(&r, now_ms);
		assert_true(wait_ms >= last_wait_ms);
		assert_true(wait_ms <= 60 * 1000 + 250);
		last_wait_ms = wait_ms;
		now_ms += wait_ms;
	}
	assert_true(last_wait_ms >= 60 * 1000);
	/* the way back: a sixteenth, an eighth, a quarter, half, all of it */
	assert_in_range(sent_within(&r, now_ms, now_ms + 10000), 5, 8);
	assert_in_range(sent_within(&r, now_ms + 10000, now_ms + 20000), 10, 13);
	assert_in_range(sent_within(&r, now_ms + 20000, now_ms + 30000), 21, 24);
	assert_in_range(sent_within(&r, now_ms + 30000, now_ms + 40000), 44, 47);
	assert_in_range(sent_within(&r, now_ms + 40000, now_ms + 50000), 88, 91);
	/* and the next one is a first one */
	now_ms += 50000;
	ratelimit_limited(&r, now_ms, 0, 0);
	assert_int_equal(ratelimit_wait_ms(&r, now_ms), 1000);
}

static void banned_for_a_told_time(void **state)
{
	struct ratelimit r;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	ratelimit_banned(&r, 100, 10 * 1000);
	ratelimit_answer(&r, 9, 150);
	ratelimit_limited(&r, 200, 0, 0);
	for (int64_t now_ms = 200; now_ms < 100 + 10 * 1000; now_ms += 50)
		assert_true(ratelimit_wait_ms(&r, now_ms) > 0);
	assert_int_equal(ratelimit_hold_ms(&r, 200), 10900); /* for what has no pace, too */
	assert_int_equal(ratelimit_wait_ms(&r, 200), 10900);
	assert_int_equal(ratelimit_wait_ms(&r, 11100), 0);
	assert_in_range(sent_within(&r, 11100, 21000), 10, 24);
}

static void banned_for_an_unknown_time(void **state)
{
	static const int64_t minutes[] = {1, 2, 4, 8, 16, 32, 60, 60};
	struct ratelimit r;
	int64_t now_ms = 5000;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		ratelimit_banned(&r, now_ms, 0);
		/* answers of requests that were in flight together do not double it */
		ratelimit_banned(&r, now_ms, 0);
		assert_int_equal(ratelimit_wait_ms(&r, now_ms), minutes[i] * 60 * 1000);
		now_ms += minutes[i] * 60 * 1000;
		assert_int_equal(ratelimit_wait_ms(&r, now_ms), 0);
		now_ms += 10;
	}
	now_ms += 3600 * 1000;
	assert_int_equal(ratelimit_wait_ms(&r, now_ms), 0);
	ratelimit_banned(&r, now_ms, 0);
	assert_int_equal(ratelimit_wait_ms(&r, now_ms), 60 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remaining_zero_costs_little),
		cmocka_unit_test(remaining_zero_holds_to_the_end_of_the_second),
		cmocka_unit_test(hold_is_counted_from_the_first_answer),
		cmocka_unit_test(remaining_unknown_or_plenty_changes_nothing),
		cmocka_unit_test(limited_once),
		cmocka_unit_test(limited_for_a_told_time),
		cmocka_unit_test(limited_together_counts_once),
		cmocka_unit_test(limited_again_and_again),
		cmocka_unit_test(banned_for_a_told_time),
		cmocka_unit_test(banned_for_an_unknown_time),
	};

	rng_open("test_ratelimit_holds");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
