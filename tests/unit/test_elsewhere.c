/* SPDX-License-Identifier: MIT */
/* Whether others of the group store into another database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "writer/feed/elsewhere.h"

/* One question and its answer: partitions 0 and 2 are others', 1 is ours. */
static void group_has(struct elsewhere *e, const struct partitions *ours, int64_t committed_0,
		      int64_t committed_2, int64_t position)
{
	const int64_t committed[] = {committed_0, 500, committed_2};
	struct store_work work;

	if (!elsewhere_ask(e, committed, 3, ours, &work))
		return;
	assert_int_equal(work.kind, STORE_CHECK);
	for (size_t i = 0; i < work.items_n; i++) {
		assert_int_not_equal(work.items[i].partition, 1);
		assert_int_equal(work.items[i].at_least, START_NONE);
		work.items[i].facts.position = position;
	}
	assert_true(elsewhere_answer(e, &work, 1000));
}

static void test_elsewhere(void **state)
{
	const int32_t ids[] = {1};
	struct partitions *ours = partitions_new();
	struct elsewhere *e = elsewhere_new();
	struct store_work work = {.kind = STORE_CHECK};

	(void)state;
	partitions_set(ours, ids, 1);
	group_has(e, ours, -1, 0, START_NONE); /* nothing was committed */
	group_has(e, ours, -1, 0, START_NONE);
	assert_int_equal(elsewhere_count(e), 0);
	group_has(e, ours, 10, 10, 10); /* stored, then committed */
	group_has(e, ours, 10, 12, 12);
	assert_int_equal(elsewhere_count(e), 0);
	group_has(e, ours, 13, 13, 12); /* a database that has just lost something */
	assert_int_equal(elsewhere_count(e), 0);
	group_has(e, ours, 12, 13, 12);
	assert_int_equal(elsewhere_count(e), 1);
	assert_false(elsewhere_answer(e, &work, 1000)); /* another question's */
	group_has(e, ours, 5, 14, START_NONE);
	group_has(e, ours, 6, 14, START_NONE);
	assert_int_equal(elsewhere_count(e), 2);
	group_has(e, ours, 6, 14, 14);
	assert_int_equal(elsewhere_count(e), 0);
	group_has(e, ours, 20, 20, 14);
	group_has(e, ours, 20, 20, 14);
	assert_int_equal(elsewhere_count(e), 2);
	assert_false(elsewhere_ask(e, NULL, 0, ours, &work)); /* nobody else is there */
	assert_int_equal(elsewhere_count(e), 0);
	elsewhere_free(e);
	partitions_free(ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
