/* SPDX-License-Identifier: MIT */
/* Room for messages on their way to Kafka: a partition that takes none costs the others nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "producer/kafka/room.h"

#define SYMBOL "KRW-BTC"

static void a_partition_without_reports_takes_none(void **state)
{
	struct room *r = room_new(10);
	int32_t mine, other;

	(void)state;
	room_partitions(r, 4);
	mine = room_partition_of(r, SYMBOL);
	other = (mine + 1) % 4;
	assert_true(room_takes(r, SYMBOL, 1000));
	room_sent(r, mine, 1000);
	room_sent(r, mine, 1900);
	room_sent(r, other, 2900);
	assert_int_equal(room_left(r), 7);
	assert_int_equal(room_outstanding(r), 3);
	assert_int_equal(room_fullest(r), mine);
	assert_true(room_takes(r, SYMBOL, 2999)); /* since the first of them */
	assert_int_equal(room_stalled(r, 0, 2999), -1);
	assert_false(room_takes(r, SYMBOL, 3000));
	assert_int_equal(room_stalled(r, 0, 3000), mine);
	assert_int_equal(room_stalled(r, mine + 1, 3000), -1); /* (the other one is not) */
	room_reported(r, mine, 0, 3000);
	assert_true(room_takes(r, SYMBOL, 4999));
	assert_false(room_takes(r, SYMBOL, 5000));
	room_reported(r, mine, 0, 5000);
	assert_true(room_takes(r, SYMBOL, 100000)); /* nothing is on its way there */
	assert_int_equal(room_left(r), 9);
	room_free(r);
}

static void refusals_make_growing_pauses(void **state)
{
	struct room *r = room_new(10);
	int64_t now = 1000, pause = 0;

	(void)state;
	for (int i = 0; i < 12; i++) {
		room_sent(r, 0, now);
		room_sent(r, 0, now);
		room_reported(r, 0, 1, now);
		room_reported(r, 0, 1, now); /* those of one moment make one pause */
		assert_false(room_takes(r, SYMBOL, now));
		for (pause = 0; pause <= 30000 && !room_takes(r, SYMBOL, now + pause); pause++)
			;
		assert_true(pause <= 30000);
		now += pause;
	}
	assert_true(pause > 10000);
	room_sent(r, 0, now);
	room_reported(r, 0, 0, now); /* one that was taken ends that */
	room_sent(r, 0, now);
	room_reported(r, 0, 1, now);
	assert_true(room_takes(r, SYMBOL, now + 500));
	room_free(r);
}

static void what_is_on_its_way_stays_as_partitions_are_added(void **state)
{
	struct room *r = room_new(10);

	(void)state;
	room_sent(r, 0, 1000);
	room_partitions(r, 8);
	room_partitions(r, 3); /* it never has fewer */
	assert_int_equal(room_stalled(r, 0, 3000), 0);
	room_sent(r, 7, 3000);
	assert_int_equal(room_outstanding(r), 2);
	room_reported(r, 0, 0, 3000);
	assert_int_equal(room_fullest(r), 7);
	room_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_without_reports_takes_none),
		cmocka_unit_test(refusals_make_growing_pauses),
		cmocka_unit_test(what_is_on_its_way_stays_as_partitions_are_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
