/* SPDX-License-Identifier: MIT */
/* How far partitions must be stored before the table is read, and what nothing is stored behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "indicators/database/repair.h"
#include "indicators/database/waits.h"
#include "indicators/feed/halts.h"

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

static void halt(struct halts *h, int32_t partition, int64_t offset)
{
	char value[] = "{\x01";
	rd_kafka_message_t m = {
		.partition = partition, .offset = offset, .payload = value, .len = 2};
	struct err why = {.text = "of another source"};

	halts_add(h, &m, &why);
}

/* Messages that halt two partitions: nothing is stored behind them; the tables are asked for one,
 * then for the other; that which was skipped no longer halts. */
static void test_halts(void **state)
{
	const struct options options = {0};
	struct halts *h = halts_new(&options);
	const struct reader_job *job;

	(void)state;
	assert_null(halts_job(h, 0));
	halt(h, 2, 70);
	halt(h, 5, 40);
	halts_reach(h, 7, 1000);
	assert_true(halts_hold(h, 2) && halts_hold(h, 5));
	assert_false(halts_hold(h, 7));
	assert_int_equal(halts_bound(h, 5), 40);
	assert_int_equal(halts_bound(h, 7), INT64_MAX);
	job = halts_job(h, 0);
	assert_int_equal(job->letter->offset, 70);
	assert_string_equal(job->letter->value, "\\x7b01");
	assert_false(halts_answer(h));
	assert_null(halts_job(h, 1999)); /* now and then */
	job = halts_job(h, 2000);
	assert_int_equal(job->letter->offset, 40);
	job->letter->is_skipped = 1;
	assert_true(halts_answer(h));
	assert_false(halts_answer(h)); /* of a message that is not there */
	assert_true(halts_hold(h, 2));
	assert_false(halts_hold(h, 5));
	halt(h, 5, 41); /* it was the next one */
	assert_false(halts_answer(h));
	assert_true(halts_hold(h, 5));
	halts_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_partitions),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_halts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
