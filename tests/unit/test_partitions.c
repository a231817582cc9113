/* SPDX-License-Identifier: MIT */
/* How far each partition was taken, stored and committed; what arrives out of order, and what halts
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "writer/feed/arrivals.h"
#include "writer/feed/partitions.h"

static void start(struct partitions *ps, int32_t id, int64_t offset)
{
	partitions_start(ps, id,
			 &(struct partition_start){.offset = offset,
						   .end = INT64_MAX,
						   .position = offset + 2,
						   .committed = offset,
						   .dead_run = 3});
}

static void test_arrivals(void **state)
{
	static const struct feed_kind kind = {0};
	const int32_t ids[] = {4, 2};
	struct arrival beyond = {.partition = 2, .offset = 15};
	struct partitions *ps = partitions_new();
	const struct partition *p;
	int64_t generation;
	struct err why;

	(void)state;
	assert_false(partitions_are_starting(ps));
	partitions_set(ps, ids, 2);
	assert_true(partitions_are_starting(ps));
	assert_null(partitions_find(ps, 3));
	assert_int_equal(partition_judge(partitions_find(ps, 3), 0), ARRIVES_IGNORED);
	p = partitions_find(ps, 2);
	assert_int_equal(partition_judge(p, 0), ARRIVES_IGNORED); /* not started */
	start(ps, 2, 10);
	assert_true(partitions_are_starting(ps));
	start(ps, 4, 0);
	assert_false(partitions_are_starting(ps));
	assert_int_equal(p->position, 12);
	assert_int_equal(p->dead_run, 3);
	assert_int_equal(partition_judge(p, 10), ARRIVES_NEXT);
	partitions_take(ps, 2, 11, 4);
	assert_int_equal(p->dead_run, 4);
	assert_int_equal(partition_judge(p, 10), ARRIVES_BACK);
	assert_int_equal(partition_judge(p, 11), ARRIVES_NEXT);

	/* A hole is nothing: the topic has it of transactions, or of compaction. */
	assert_int_equal(partition_judge(p, 15), ARRIVES_NEXT);
	assert_int_equal(arrivals_message(&kind, NULL, ps, &beyond), FOLLOW_NOTHING);
	assert_true(beyond.has_message && beyond.from == 11 && beyond.dead_run == 4);
	beyond = (struct arrival){.partition = 2, .offset = 15};
	assert_int_equal(arrivals_end(&kind, NULL, ps, &beyond), FOLLOW_NOTHING);
	assert_true(!beyond.has_message && beyond.next == 15 && beyond.dead_run == 4);
	generation = partitions_generation(ps);
	partitions_restart(ps);
	assert_true(partitions_generation(ps) > generation);
	assert_int_equal(partition_judge(p, 15), ARRIVES_IGNORED);
	start(ps, 2, 11);
	partitions_take(ps, 2, 16, 0);
	assert_int_equal(partition_judge(p, 15), ARRIVES_BACK);

	err_set(&why, ERR_FATAL, "because");
	partitions_halt(
		ps, &(struct arrival){.partition = 2, .offset = 18, .appended_ms = 1700000000000},
		&why);
	assert_int_equal(partition_judge(p, 16), ARRIVES_IGNORED);
	assert_string_equal(p->halt.reason, "because");
	assert_int_equal(p->halt.offset, 18);
	/* One that has no leader holds up nobody, until all begin again. */
	start(ps, 4, 0);
	partitions_leave_out(ps, 2);
	assert_false(partitions_are_starting(ps));
	assert_int_equal(partition_judge(p, 16), ARRIVES_IGNORED);
	partitions_restart(ps);
	assert_true(partitions_are_starting(ps));
	partitions_set(ps, NULL, 0);
	assert_int_equal(partitions_count(ps), 0);
	partitions_free(ps);
}

static int skips(const struct partition *p, int64_t offset, const char *key, const char *value)
{
	return partition_skips(p,
			       &(struct arrival){.offset = offset,
						 .key = key,
						 .value = value,
						 .key_len = key != NULL ? strlen(key) : 0,
						 .value_len = value != NULL ? strlen(value) : 0});
}

/* Only the very message that halted the partition is passed, once it is skipped. */
static void test_skips(void **state)
{
	const int32_t ids[] = {2};
	struct partitions *ps = partitions_new();
	struct arrival a = {.partition = 2, .offset = 7, .key = "k", .key_len = 1};
	const struct partition *p;
	struct err why;

	(void)state;
	err_set(&why, ERR_FATAL, "because");
	partitions_set(ps, ids, 1);
	p = partitions_find(ps, 2);
	assert_false(skips(p, 7, "k", NULL));
	a.value = "value";
	a.value_len = 5;
	start(ps, 2, 5);
	partitions_halt(ps, &a, &why);
	assert_false(skips(p, 7, "k", "value"));
	partitions_judge(ps, 2, 6, 1); /* of another message */
	assert_false(skips(p, 7, "k", "value"));
	partitions_judge(ps, 2, 7, 0);
	assert_true(p->judged);
	assert_false(skips(p, 7, "k", "value"));
	partitions_judge(ps, 2, 7, 1);
	partitions_restart(ps);
	start(ps, 2, 5);
	assert_true(skips(p, 7, "k", "value"));
	assert_false(skips(p, 8, "k", "value"));
	assert_false(skips(p, 7, "k", "values"));
	assert_false(skips(p, 7, "k", "valux"));
	assert_false(skips(p, 7, NULL, "value"));
	assert_false(skips(p, 7, "k", NULL));
	/* It is remembered while another one halts the partition, and until it is stored. */
	a.offset = 11;
	partitions_halt(ps, &a, &why);
	assert_false(p->judged);
	assert_false(skips(p, 11, "k", "value"));
	partitions_judge(ps, 2, 11, 1);
	assert_true(skips(p, 7, "k", "value"));
	assert_true(skips(p, 11, "k", "value"));
	partitions_store(ps, 2, 8);
	assert_false(skips(p, 7, "k", "value"));
	assert_true(skips(p, 11, "k", "value"));
	partitions_free(ps);
}

/* What is committed is what this assignment has stored, never more; and a failure is made up for.
 */
static void test_commits(void **state)
{
	const int32_t ids[] = {7};
	struct partitions *ps = partitions_new();
	const struct partition *p;

	(void)state;
	partitions_set(ps, ids, 1);
	p = partitions_find(ps, 7);
	start(ps, 7, 100); /* the database is further on, as after a group was rewound */
	assert_int_equal(p->finished, p->committed);
	partitions_store(ps, 7, 101);
	partitions_store(ps, 8, 500); /* not ours any more */
	assert_int_equal(p->position, 102);
	assert_int_equal(p->finished, 101);
	assert_int_equal(p->committed, 100);
	partitions_store(ps, 7, 105);
	assert_int_equal(p->position, 105);
	partitions_committed(ps, 7, 101); /* the answer to an earlier commit */
	assert_int_equal(p->committed, 101);
	partitions_committed(ps, 7, 105);
	partitions_committed(ps, 8, 500); /* not ours any more */
	assert_int_equal(p->committed, 105);

	/* Kafka is told where reading begins, if it is told to be further on. */
	partitions_restart(ps);
	partitions_start(ps, 7,
			 &(struct partition_start){
				 .offset = 40, .end = INT64_MAX, .position = 40, .committed = 105});
	assert_int_equal(p->finished, 40);
	assert_int_equal(p->committed, 105);
	partitions_restart(ps);
	partitions_start(ps, 7,
			 &(struct partition_start){
				 .offset = 40, .end = INT64_MAX, .position = 40, .committed = -1});
	assert_int_equal(p->committed, 40);
	partitions_free(ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrivals),
		cmocka_unit_test(test_skips),
		cmocka_unit_test(test_commits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
