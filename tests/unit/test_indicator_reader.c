/* SPDX-License-Identifier: MIT */
/* How far partitions must be stored before the table is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "indicators/database/repair.h"
#include "indicators/database/waits.h"

/* A series whose messages are in two partitions, since partitions were added: each holds back its
 * own commits, and is waited for by its own offsets. */
static void test_two_partitions(void **state)
{
	const struct options options = {.no_trade = "skip"};
	struct repair *r = repair_new(&options);
	struct feed_item old = {.partition = 0, .offset = 1883},
			 grown = {.partition = 3, .offset = 595};
	struct set set;
	struct err err;
	struct entry e = {.symbol = "KRW-BTC", .interval = interval_by_name("1m")};
	struct span span = {0, 60000};
	const struct reader_job *job;

	(void)state;
	assert_int_equal(set_parse("sma:2", &set, &err), 0);
	e.window = window_new(&set, e.interval, FILL_NONE);
	repair_note(r, &e, span, &old, 1000);
	repair_note(r, &e, span, &grown, 1000);
	assert_int_equal(repair_first(r, 0), 1883);
	assert_int_equal(repair_first(r, 3), 595);
	job = repair_job(r, 100000);
	assert_non_null(job);
	assert_int_equal(job->at_least[0], 1884);
	assert_int_equal(job->at_least[3], 0);
	repair_free(r);
	window_free(e.window);
}

/* A snapshot waits for each partition by itself: as long as it moves, up to the message that halts
 * it, and not again for one that still stands where it was given up. */
static void test_waits(void **state)
{
	struct waits *s = waits_new(4);
	static const struct {
		int partition;
		int64_t at_least, next, now_ms;
		enum wait_state state;
	} looks[] = {
		{0, 9, 5, 0, WAIT_REACHED}, /* nothing is expected of it */
		{1, 9, 5, 0, WAIT_BEHIND},
		{1, 9, 5, 999, WAIT_BEHIND},
		{1, 9, 6, 1000, WAIT_BEHIND}, /* it has moved */
		{1, 9, 6, 1999, WAIT_BEHIND},
		{1, 9, 6, 2000, WAIT_GIVES_UP},
		{1, 9, 6, 2000, WAIT_GIVEN_UP},
		{1, 9, 7, 5000, WAIT_BEHIND}, /* so it has, after all */
		{1, 9, 9, 5000, WAIT_REACHED},
		{1, 10, 9, 90000, WAIT_BEHIND}, /* it was not waited for in between */
		{1, 0, -1, 90000, WAIT_REACHED},
		{2, 9, 4, 0, WAIT_BEHIND},
		{2, 9, 5, 0, WAIT_REACHED},  /* halted at 5 */
		{3, 1, -1, 0, WAIT_REACHED}, /* halted by its first message */
	};

	(void)state;
	waits_expect(s, 1, INT64_MAX, 1000);
	waits_expect(s, 2, 5, 1000);
	waits_expect(s, 3, 0, 1000);
	waits_expect(s, 4, 0, 1000); /* there is none */
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
		assert_int_equal(waits_judge(s, (size_t)looks[i].partition, looks[i].at_least,
					     looks[i].next, looks[i].now_ms),
				 looks[i].state);
	waits_expect(s, 2, INT64_MAX, 1000); /* it was skipped */
	assert_int_equal(waits_judge(s, 2, 9, 5, 0), WAIT_BEHIND);
	waits_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_partitions),
		cmocka_unit_test(test_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
