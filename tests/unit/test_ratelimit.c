/* SPDX-License-Identifier: MIT */
/* The pace against simulated minutes: a loop that wakes up late, a network that delays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pacing.h"
#include "producer/ratelimit.h"

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The most arrivals in any second, wherever it begins. */
static int most_in_a_second(int64_t *arrivals, int n)
{
	int most = 0, first = 0;

	qsort(arrivals, (size_t)n, sizeof(arrivals[0]), by_time);
	for (int i = 0; i < n; i++) {
		while (arrivals[i] - arrivals[first] >= 1000)
			first++;
		most = i - first + 1 > most ? i - first + 1 : most;
	}
	return most;
}

static void budget_is_used_and_limit_kept(void **state)
{
	static int64_t arrivals[SENT_MAX];

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct ratelimit r;
		int64_t start_ms = rng_below(100000);
		int n;

		ratelimit_init(&r, 9.0, LIMIT, start_ms);
		n = send_all(&r, start_ms, 10 * 60 * 1000, 30, 0, 40, arrivals);
		assert_in_range(n, 9 * 600 * 98 / 100, 9 * 600 + 2);
		assert_true(most_in_a_second(arrivals, n) <= 10);
	}
}

/* Longer stalls lose slots; they do not come back as a burst. */
static void stalls_make_no_burst(void **state)
{
	static int64_t arrivals[SENT_MAX];

	(void)state;
	for (int stall_ms = 60; stall_ms < 3000; stall_ms = stall_ms * 3 / 2) {
		struct ratelimit r;
		int n;

		ratelimit_init(&r, 9.0, LIMIT, 0);
		n = send_all(&r, 0, 10 * 60 * 1000, 30, stall_ms, 40, arrivals);
		assert_true(most_in_a_second(arrivals, n) <= 10);
	}
}

static void other_budgets(void **state)
{
	static const double budgets[] = {0.5, 1, 2.25, 3, 4.5, 7, 8.5, 9.5, 10};
	static int64_t arrivals[SENT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
		struct ratelimit r;
		int n;

		ratelimit_init(&r, budgets[i], LIMIT, 0);
		n = send_all(&r, 0, 10 * 60 * 1000, 30, 0, 0, arrivals);
		assert_true(n <= budgets[i] * 600 + 2);
		if (budgets[i] <= 9)
			assert_true(n >= budgets[i] * 600 * 0.98 - 1);
		assert_true(most_in_a_second(arrivals, n) <= 10);
		/* never more than two at once */
		for (int k = 2; k < n; k++)
			assert_true(arrivals[k] > arrivals[k - 2]);
	}
}

static void budget_out_of_bounds(void **state)
{
	struct ratelimit r;

	(void)state;
	ratelimit_init(&r, 1000, 10, 0);
	assert_true(r.per_second <= 10 && r.per_second >= 10);
	ratelimit_init(&r, -1, 10, 0);
	assert_int_equal(ratelimit_wait_ms(&r, 0), 0);
	ratelimit_spend(&r, RATELIMIT_LIVE, 0);
	assert_true(ratelimit_wait_ms(&r, 0) > 100 * 1000);
}

/* After idling there is one request at once, the next soon (the lag), then the pace. */
static void idling_saves_nothing_up(void **state)
{
	struct ratelimit r;
	int64_t now_ms = 0;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	now_ms = 3600 * 1000;
	assert_int_equal(ratelimit_wait_ms(&r, now_ms), 0);
	ratelimit_spend(&r, RATELIMIT_BACKFILL, now_ms);
	now_ms += ratelimit_wait_ms(&r, now_ms);
	assert_in_range(now_ms - 3600 * 1000, 40, 112);
	ratelimit_spend(&r, RATELIMIT_BACKFILL, now_ms);
	assert_in_range(ratelimit_wait_ms(&r, now_ms), 100, 112);
}

/* Both kinds always have work: live gets 80 %, in any 10 s at most two more than that; and nothing
 * is lost. */
static void live_leaves_room_for_backfill(void **state)
{
	static int64_t live[SENT_MAX];

	(void)state;
	for (int late = 0; late <= 30; late += 10) {
		struct ratelimit r;
		int64_t now_ms = 0;
		int n = 0, n_live = 0;

		ratelimit_init(&r, 9.0, LIMIT, 0);
		while (now_ms < 300 * 1000) {
			int64_t wait_ms = ratelimit_wait_ms(&r, now_ms);

			if (wait_ms > 0) {
				now_ms += wait_ms + rng_below(late + 1);
				continue;
			}
			if (ratelimit_live_may(&r)) {
				ratelimit_spend(&r, RATELIMIT_LIVE, now_ms);
				live[n_live++] = now_ms;
			} else {
				ratelimit_spend(&r, RATELIMIT_BACKFILL, now_ms);
			}
			n++;
		}
		assert_true(n >= 9 * 300 * 98 / 100);
		assert_in_range(n_live, n * 78 / 100, n * 81 / 100);
		for (int i = 0, first = 0; i < n_live; i++) {
			while (live[i] - live[first] >= 10000)
				first++;
			assert_true(i - first + 1 <= 72 + 2);
		}
	}
}

/* Live had nothing to ask for a minute: two seconds of the budget are saved up, 18 requests, no
 * more. */
static void live_saves_two_seconds_up(void **state)
{
	struct ratelimit r;
	int64_t now_ms = 0;
	int n_live = 0, burst = 0;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	while (now_ms < 70 * 1000) {
		int64_t wait_ms = ratelimit_wait_ms(&r, now_ms);
		int live = now_ms >= 60 * 1000 && ratelimit_live_may(&r);

		now_ms += wait_ms;
		if (wait_ms > 0)
			continue;
		ratelimit_spend(&r, live ? RATELIMIT_LIVE : RATELIMIT_BACKFILL, now_ms);
		if (!live && now_ms >= 60 * 1000 && burst == 0)
			burst = n_live;
		n_live += live;
	}
	assert_in_range(burst, 18, 19);
	assert_in_range(n_live, 74, 78);
}

static void live_takes_all_without_a_backlog(void **state)
{
	struct ratelimit r;
	int64_t now_ms = 0;
	int n = 0;

	(void)state;
	ratelimit_init(&r, 9.0, LIMIT, 0);
	while (now_ms < 60 * 1000) {
		int64_t wait_ms = ratelimit_wait_ms(&r, now_ms);

		if (wait_ms > 0) {
			now_ms += wait_ms;
			continue;
		}
		ratelimit_spend(&r, RATELIMIT_LIVE, now_ms);
		n++;
	}
	assert_in_range(n, 538, 542);
	/* that is no debt: with a backlog from now on live waits for one turn, not for a minute */
	assert_false(ratelimit_live_may(&r));
	ratelimit_spend(&r, RATELIMIT_BACKFILL, now_ms);
	assert_true(ratelimit_live_may(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(budget_is_used_and_limit_kept),
		cmocka_unit_test(stalls_make_no_burst),
		cmocka_unit_test(other_budgets),
		cmocka_unit_test(budget_out_of_bounds),
		cmocka_unit_test(idling_saves_nothing_up),
		cmocka_unit_test(live_leaves_room_for_backfill),
		cmocka_unit_test(live_saves_two_seconds_up),
		cmocka_unit_test(live_takes_all_without_a_backlog),
	};

	rng_open("test_ratelimit");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
