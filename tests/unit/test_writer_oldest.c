/* SPDX-License-Identifier: MIT */
/* When the broker took the oldest message that is not stored: what the lag in seconds is counted
 * from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "writer/pipeline.h"

/* Offset `offset` of the partition, appended then; not wanted, so it only moves the position. */
static void take(struct pipeline *p, int32_t partition, int64_t offset, int64_t appended_ms)
{
	struct arrival a = {.partition = partition,
			    .from = offset,
			    .next = offset + 1,
			    .has_message = 1,
			    .appended_ms = appended_ms};
	struct err why;

	assert_int_equal(pipeline_take(p, &a, 1, &why), INTAKE_SKIP);
}

static void oldest(void **state)
{
	static const struct options options = {.batch_rows = 10,
					       .batch_bytes = 10000,
					       .batch_ms = 1000,
					       .source = "upbit",
					       .connections = 2};
	struct tally *tally = tally_new(0);
	struct pipeline *p = pipeline_new(&options, tally);
	struct batch *first, *second;
	struct err why;

	(void)state;
	assert_int_equal(pipeline_oldest_ms(p, 3), 0);
	/* What lies between two messages was never read: it has no time. */
	pipeline_take(p, &(struct arrival){.partition = 3, .from = 0, .next = 5}, 1, &why);
	assert_int_equal(pipeline_oldest_ms(p, 3), 0);
	take(p, 3, 5, 7000);
	take(p, 3, 6, 8000);
	take(p, 5, 0, 6500);
	assert_int_equal(pipeline_oldest_ms(p, 3), 7000);
	assert_int_equal(pipeline_oldest_ms(p, 5), 6500);
	assert_int_equal(pipeline_oldest_ms(p, 7), 0);

	/* With the database, and beside what comes after. */
	first = pipeline_next(p, 1);
	take(p, 3, 7, 9000);
	assert_int_equal(pipeline_oldest_ms(p, 3), 7000);
	pipeline_give_back(p, first);
	assert_int_equal(pipeline_oldest_ms(p, 3), 9000);
	assert_int_equal(pipeline_oldest_ms(p, 5), 0);
	second = pipeline_next(p, 1);
	pipeline_give_back(p, second);
	assert_int_equal(pipeline_oldest_ms(p, 3), 0);
	pipeline_free(p);
	tally_free(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(oldest)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
