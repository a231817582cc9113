/* SPDX-License-Identifier: MIT */
/* The exchange's clock against simulated exchanges: true time is boot time plus a difference that
 * the tests move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "producer/exclock.h"
#include "rng.h"

#define TRUE_DIFFERENCE INT64_C(1582197600000)

/* The Date of an answer that the exchange wrote at true_ms: whole seconds, cut. */
static int64_t date_of(int64_t true_ms)
{
	return true_ms - true_ms % 1000;
}

/* An answer without any way. */
static int64_t answer(struct exclock *c, int64_t date_ms, int64_t boot_ms)
{
	return exclock_answer(c, date_ms, boot_ms, boot_ms);
}

/* One answer of a steady clock, written when it is boot_ms here, with `way_ms` until it arrives. */
static int64_t steady(struct exclock *c, int64_t boot_ms, int64_t way_ms)
{
	return exclock_answer(c, date_of(boot_ms + TRUE_DIFFERENCE), boot_ms - way_ms,
			      boot_ms + way_ms);
}

/* The page of an answer shows the candle that is forming. */
static void row(struct exclock *c, int64_t true_ms)
{
	int64_t start_ms = true_ms / 60000 * 60000;

	exclock_row(c, start_ms, start_ms + 60000);
}

/* Known by two answers. */
static void begin(struct exclock *c, int64_t *boot_ms)
{
	exclock_init(c);
	for (int i = 0; i < 2; i++)
		steady(c, *boot_ms += 250, 5);
}

static void settle(struct exclock *c, int64_t *boot_ms)
{
	for (int i = 0; i < 200; i++) {
		*boot_ms += 100 + rng_below(40);
		steady(c, *boot_ms, rng_below(30));
	}
}

static void unknown_until_two_agree(void **state)
{
	struct exclock c;

	(void)state;
	exclock_init(&c);
	assert_int_equal(exclock_now(&c, 500), 0);
	assert_int_equal(answer(&c, 0, 500), 0);
	assert_int_equal(exclock_now(&c, 500), 0);
	assert_int_equal(answer(&c, TRUE_DIFFERENCE, 600), 0);
	assert_int_equal(exclock_now(&c, 700), 0);
	assert_int_equal(answer(&c, TRUE_DIFFERENCE, 800), TRUE_DIFFERENCE);
	assert_int_equal(exclock_now(&c, 900), TRUE_DIFFERENCE + 100);
	/* an answer without a Date: the estimate */
	assert_int_equal(answer(&c, 0, 1800), TRUE_DIFFERENCE + 1000);
}

/* A first Date that is a day off is never the time. */
static void a_first_date_alone_is_nothing(void **state)
{
	(void)state;
	for (int wrong = 0; wrong < 2; wrong++) {
		const int64_t day_ms = 86400000, way_off_ms = wrong ? -day_ms : day_ms;

		for (int at = 0; at < 3;
		     at++) { /* the first, the second or the third answer lies */
			struct exclock c;
			int known = 0;

			exclock_init(&c);
			for (int i = 0; i < 4; i++) {
				int64_t boot_ms = 1000 + 250 * i;
				int64_t date_ms = date_of(boot_ms + TRUE_DIFFERENCE) +
						  (i == at ? way_off_ms : 0);
				int64_t now_ms = answer(&c, date_ms, boot_ms);

				known = now_ms != 0;
				if (known && i != at)
					assert_int_equal(now_ms, date_ms);
			}
			assert_true(known);
			assert_in_range(1750 + TRUE_DIFFERENCE - exclock_now(&c, 1750), 0, 1000);
		}
	}
}

/* The bounds of a second become close after some answers, wherever in it they fall, and however
 * long their way is. */
static void rough_for_a_few_answers(void **state)
{
	(void)state;
	for (int round = 0; round < 500; round++) {
		int64_t boot_ms = rng_below(100000), lag_ms;
		int way_ms = (int)rng_below(200), n = 2;
		struct exclock c;

		exclock_init(&c);
		for (int i = 0; i < 2; i++)
			steady(&c, boot_ms += 250, way_ms + rng_below(10));
		for (int64_t probe_ms; (probe_ms = exclock_probe_ms(&c, boot_ms)) >= 0; n++)
			steady(&c, boot_ms += probe_ms + 1000 + way_ms, way_ms + rng_below(10));
		assert_true(n <= EXCLOCK_ROUGH_ANSWERS);
		lag_ms = boot_ms + TRUE_DIFFERENCE - exclock_now(&c, boot_ms);
		assert_in_range(lag_ms, 0, EXCLOCK_ROUGH_MS + 2 * way_ms + 10);
	}
}

/* A Date that the exchange keeps for half a second: its bounds cross, and that is that. */
static void a_date_that_was_kept_is_not_rough_for_ever(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0;
	int n = 2;

	(void)state;
	begin(&c, &boot_ms);
	for (; exclock_probe_ms(&c, boot_ms) >= 0; n++) {
		boot_ms += 444;
		exclock_answer(&c, date_of(boot_ms + TRUE_DIFFERENCE - rng_below(500)), boot_ms - 5,
			       boot_ms + 5);
		assert_true(n <= EXCLOCK_ROUGH_ANSWERS);
	}
}

static void estimate_is_close_and_never_ahead(void **state)
{
	struct exclock c;
	int64_t boot_ms = 12345;

	(void)state;
	begin(&c, &boot_ms);
	for (int i = 0; i < 20000; i++) {
		int64_t way_ms = 1 + rng_below(300), now_ms, lag_ms;

		boot_ms += 50 + rng_below(200);
		assert_int_equal(steady(&c, boot_ms, way_ms), date_of(boot_ms + TRUE_DIFFERENCE));
		boot_ms += way_ms;
		now_ms = exclock_now(&c, boot_ms);
		lag_ms = boot_ms + TRUE_DIFFERENCE - now_ms;
		assert_true(lag_ms >= 0);
		assert_true(lag_ms <= 1300);
		if (i > 400)
			assert_true(lag_ms <= 500);
	}
}

static void rare_answers_lag_less_than_a_second_and_their_way(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0;

	(void)state;
	begin(&c, &boot_ms);
	for (int i = 0; i < 1000; i++) {
		boot_ms += 61000 + rng_below(5000);
		steady(&c, boot_ms, 30);
		for (int64_t later = 30; later < 60000; later += 7000) {
			int64_t lag_ms = boot_ms + later + TRUE_DIFFERENCE -
					 exclock_now(&c, boot_ms + later);

			assert_in_range(lag_ms, 0, 1030);
		}
	}
}

/* 200 ppm either way: the exchange's clock against ours, over a day. */
static void drift(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		struct exclock c;

		exclock_init(&c);
		answer(&c, TRUE_DIFFERENCE, 0);
		for (int64_t boot_ms = 0; boot_ms < 24 * 3600 * 1000; boot_ms += 1037) {
			int64_t true_ms = boot_ms + TRUE_DIFFERENCE + sign * boot_ms / 5000,
				ahead_ms;

			assert_int_equal(answer(&c, date_of(true_ms), boot_ms), date_of(true_ms));
			ahead_ms = exclock_now(&c, boot_ms) - true_ms;
			assert_true(ahead_ms <= 13); /* a minute's drift */
			assert_true(ahead_ms >= -1050);
		}
	}
}

static void one_wild_date_changes_nothing(void **state)
{
	static const int64_t off_ms[] = {5 * 1000 + 1001, 3600 * 1000, -6001, -3600 * 1000,
					 INT64_C(86400) * 1000 * 365};

	(void)state;
	for (size_t i = 0; i < sizeof(off_ms) / sizeof(off_ms[0]); i++) {
		struct exclock c;
		int64_t boot_ms = 0, before_ms, wild_ms, used_ms;

		exclock_init(&c);
		settle(&c, &boot_ms);
		boot_ms += 100;
		before_ms = exclock_now(&c, boot_ms);
		wild_ms = date_of(boot_ms + TRUE_DIFFERENCE) + off_ms[i];
		used_ms = answer(&c, wild_ms, boot_ms);
		assert_int_equal(used_ms, off_ms[i] < 0 ? wild_ms : before_ms);
		boot_ms += 100;
		/* between answers, too, the smaller of the two */
		assert_int_equal(exclock_now(&c, boot_ms),
				 (off_ms[i] < 0 ? wild_ms : before_ms) + 100);
		assert_int_equal(steady(&c, boot_ms, 0), date_of(boot_ms + TRUE_DIFFERENCE));
		assert_in_range(exclock_now(&c, boot_ms), before_ms + 100, before_ms + 200);
	}
}

/* Two wild ones, a good one, two wild ones: never three in a row. */
static void three_must_be_in_a_row(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	for (int i = 0; i < 30; i++) {
		int64_t true_ms;

		boot_ms += 100;
		true_ms = boot_ms + TRUE_DIFFERENCE;
		if (i % 3 == 2)
			assert_int_equal(answer(&c, date_of(true_ms), boot_ms), date_of(true_ms));
		else
			assert_true(answer(&c, date_of(true_ms) + 60000, boot_ms) <= true_ms);
		assert_true(exclock_now(&c, boot_ms) <= true_ms);
	}
}

/* Three that jumped, but each to another place, are no agreement. */
static void three_must_agree(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	for (int i = 0; i < 30; i++) {
		int64_t true_ms;

		boot_ms += 100;
		true_ms = boot_ms + TRUE_DIFFERENCE;
		assert_true(answer(&c, date_of(true_ms) + (i + 1) * 3600 * 1000, boot_ms) <=
			    true_ms);
	}
}

/* 2.5 s from one to the next are too many, whether taken as a running clock or as one that stands.
 */
static void agreement_is_within_two_seconds(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	for (int i = 0; i < 30; i++) {
		int64_t true_ms = (boot_ms += 100) + TRUE_DIFFERENCE;

		assert_true(answer(&c, date_of(true_ms) + 3600 * 1000 + i * 2500, boot_ms) <=
			    true_ms);
	}
}

/* A wild one before the three does not stand in their way. */
static void the_last_three_count(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	answer(&c, TRUE_DIFFERENCE + INT64_C(86400) * 1000, boot_ms += 100);
	for (int i = 0; i < 3; i++) {
		int64_t date_ms = date_of((boot_ms += 100) + TRUE_DIFFERENCE + 3600 * 1000);

		assert_int_equal(answer(&c, date_ms, boot_ms) == date_ms, i == 2);
		row(&c, date_ms);
	}
}

static void jump(int64_t by_ms, int64_t every_ms)
{
	struct exclock c;
	int64_t boot_ms = 0, used_ms[4], true_ms[4];

	exclock_init(&c);
	settle(&c, &boot_ms);
	for (int i = 0; i < 4; i++) {
		boot_ms += every_ms;
		true_ms[i] = boot_ms + TRUE_DIFFERENCE + by_ms;
		used_ms[i] = answer(&c, date_of(true_ms[i]), boot_ms);
		row(&c, true_ms[i]);
	}
	for (int i = 0; i < 4; i++) {
		if (i < 2 && by_ms > 0)
			assert_in_range(true_ms[i] - by_ms - used_ms[i], 0, 1000);
		else
			assert_int_equal(used_ms[i], date_of(true_ms[i]));
	}
	assert_in_range(true_ms[3] - exclock_now(&c, boot_ms), 0, 1000);
}

static void jump_forward(void **state)
{
	(void)state;
	jump(300 * 1000, 900);
	jump(300 * 1000, 10 * 1000);
	jump(7 * 1000, 900);
	jump(INT64_C(86400) * 1000, 100);
}

static void jump_back(void **state)
{
	(void)state;
	jump(-300 * 1000, 900);
	jump(-300 * 1000, 10 * 1000);
	jump(-7 * 1000, 900);
	jump(-INT64_C(86400) * 1000, 100);
}

/* A clock that stands: each answer's own time is used, and the estimate never runs away from it by
 * more than what is no jump yet and two answers. Then it goes on 5 minutes later. */
static void stopped_clock(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0, stopped_ms, true_ms;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	stopped_ms = date_of(boot_ms + TRUE_DIFFERENCE);
	for (int i = 0; i < 600; i++) {
		boot_ms += 500;
		assert_int_equal(answer(&c, stopped_ms, boot_ms), stopped_ms);
		assert_in_range(exclock_now(&c, boot_ms) - stopped_ms, 0,
				EXCLOCK_JUMP_MS + 2 * 500);
	}
	for (int i = 0; i < 3; i++) {
		boot_ms += 500;
		true_ms = stopped_ms + 300 * 1000 + i * 500;
		if (i < 2)
			assert_true(answer(&c, date_of(true_ms), boot_ms) < stopped_ms + 10 * 1000);
		else
			assert_int_equal(answer(&c, date_of(true_ms), boot_ms), date_of(true_ms));
		row(&c, true_ms);
	}
	assert_in_range(true_ms - exclock_now(&c, boot_ms), 0, 1000);
}

/* A clock that was set forward and stands there: only the raw Dates agree, the answers are 10 s
 * apart. */
static void stopped_in_the_future(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0, there_ms;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	there_ms = date_of(boot_ms + TRUE_DIFFERENCE) + 3600 * 1000;
	for (int i = 0; i < 3; i++) {
		boot_ms += 10 * 1000;
		assert_int_equal(answer(&c, there_ms, boot_ms) == there_ms, i == 2);
		row(&c, there_ms);
	}
}

/* An hour ahead while its rows are of the true time: nothing is closed that is not, however long it
 * says so. A minute after the rows have ended it is believed. */
static void ahead_of_its_rows(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0, true_ms, believed_ms = 0;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	for (int i = 0; i < 1000; i++) {
		int64_t date_ms;

		true_ms = (boot_ms += 1000) + TRUE_DIFFERENCE;
		date_ms = date_of(true_ms) + (i < 200 && i % 50 == 49 ? 0 : 3600 * 1000);
		if (answer(&c, date_ms, boot_ms) > true_ms && believed_ms == 0)
			believed_ms = 1000 * (int64_t)i;
		if (i % 10 == 3) /* other answers show no newest row */
			row(&c, i < 600 ? true_ms - 60000 : TRUE_DIFFERENCE);
	}
	assert_in_range(believed_ms, (600 + 60) * 1000 - 11000, (600 + 60) * 1000);
}

/* Nor do answers that show no row make it so, lists and pages with an end: not within a minute. */
static void ahead_without_rows(void **state)
{
	static const int64_t length_ms[] = {0, 300 * 1000, 3600 * 1000};

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct exclock c;
		int64_t boot_ms = 0, believed_ms = 0;

		exclock_init(&c);
		settle(&c, &boot_ms);
		row(&c, boot_ms + TRUE_DIFFERENCE);
		for (int i = 0; i < 100; i++) {
			int64_t true_ms = (boot_ms += 1000) + TRUE_DIFFERENCE;

			if (answer(&c, date_of(true_ms) + 3600 * 1000, boot_ms) > true_ms &&
			    believed_ms == 0)
				believed_ms = 1000 * (int64_t)i;
			if (length_ms[k] > 0) /* the one before that which is forming */
				exclock_row(&c, true_ms - true_ms % length_ms[k] - length_ms[k],
					    true_ms - true_ms % length_ms[k]);
		}
		if (length_ms[k] == 300 * 1000)
			assert_int_equal(believed_ms, 0);
		else
			assert_in_range(believed_ms, 60 * 1000, 62 * 1000);
	}
}

/* The machine slept for eight hours; CLOCK_BOOTTIME went on. */
static void suspend(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0, true_ms;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	boot_ms += 8 * 3600 * 1000;
	true_ms = boot_ms + TRUE_DIFFERENCE;
	assert_in_range(true_ms - exclock_now(&c, boot_ms), 0, 1000);
	assert_int_equal(steady(&c, boot_ms, 0), date_of(true_ms));
	assert_in_range(true_ms - exclock_now(&c, boot_ms), 0, 1000);
}

/* After a long silence what was best before it says nothing any more. */
static void small_step_back_in_a_silence(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0, true_ms;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	boot_ms += 600 * 1000;
	true_ms = boot_ms + TRUE_DIFFERENCE - 4000;
	assert_int_equal(answer(&c, date_of(true_ms), boot_ms), date_of(true_ms));
	assert_in_range(true_ms - exclock_now(&c, boot_ms), 0, 1000);
}

/* A step back that is no jump: the estimate follows within a minute. */
static void small_step_back(void **state)
{
	struct exclock c;
	int64_t boot_ms = 0, end_ms;

	(void)state;
	exclock_init(&c);
	settle(&c, &boot_ms);
	end_ms = boot_ms + 2 * EXCLOCK_WINDOW_MS + 1000;
	while (boot_ms < end_ms) {
		int64_t true_ms = (boot_ms += 200) + TRUE_DIFFERENCE - 4000;

		assert_int_equal(answer(&c, date_of(true_ms), boot_ms), date_of(true_ms));
	}
	assert_in_range(boot_ms + TRUE_DIFFERENCE - 4000 - exclock_now(&c, boot_ms), 0, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_until_two_agree),
		cmocka_unit_test(a_first_date_alone_is_nothing),
		cmocka_unit_test(rough_for_a_few_answers),
		cmocka_unit_test(a_date_that_was_kept_is_not_rough_for_ever),
		cmocka_unit_test(estimate_is_close_and_never_ahead),
		cmocka_unit_test(rare_answers_lag_less_than_a_second_and_their_way),
		cmocka_unit_test(drift),
		cmocka_unit_test(one_wild_date_changes_nothing),
		cmocka_unit_test(three_must_be_in_a_row),
		cmocka_unit_test(three_must_agree),
		cmocka_unit_test(agreement_is_within_two_seconds),
		cmocka_unit_test(the_last_three_count),
		cmocka_unit_test(jump_forward),
		cmocka_unit_test(jump_back),
		cmocka_unit_test(stopped_clock),
		cmocka_unit_test(stopped_in_the_future),
		cmocka_unit_test(ahead_of_its_rows),
		cmocka_unit_test(ahead_without_rows),
		cmocka_unit_test(suspend),
		cmocka_unit_test(small_step_back_in_a_silence),
		cmocka_unit_test(small_step_back),
	};

	rng_open("test_exclock");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
