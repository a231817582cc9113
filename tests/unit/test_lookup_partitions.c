/* SPDX-License-Identifier: MIT */
/* Lookups by partition: how long each is waited for, and what is said meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "captured.h"
#include "common/base/log.h"
#include "producer/lookup/partitions.h"

enum { STALL_MS = 60000 };

/* A visit of those of the two partitions that are due; position: the writer's, in partition 0,
 * which ends at 5. How many lookups end. *asked: it is looked for what holds up the writer. */
static int visit(struct lookup_partitions *ps, int is_round, int64_t from_ms, int64_t to_ms,
		 int64_t position, int *asked)
{
	struct visit *v = visit_new((struct visit){0}, 2);
	struct visit_partition *first = lookup_partitions_visit(ps, v, 0, is_round, from_ms);
	struct visit_partition *second = lookup_partitions_visit(ps, v, 1, is_round, from_ms);
	int unread, ended;

	*asked = first && first->asks_stable;
	if (first) {
		first->end = 5;
		first->position = position;
		first->stable = *asked ? 3 : -1;
		first->reached = position == 5;
	}
	if (second)
		second->reached = 1;
	ended = lookup_partitions_take(ps, v, &unread, to_ms);
	visit_free(v);
	return ended;
}

static struct lookup_partitions *two_partitions(void)
{
	static const int32_t ids[] = {0, 1};
	struct lookup_partitions *ps = lookup_partitions_new(STALL_MS);

	lookup_partitions_set(ps, ids, 2);
	return ps;
}

static void the_cause_is_looked_for_before_it_is_said(void **state)
{
	struct lookup_partitions *ps = two_partitions();
	const char *said;
	int asked;

	(void)state;
	capture_begin();
	visit(ps, 1, 0, 10, 3, &asked);
	visit(ps, 0, 9950, 10050, 3, &asked); /* sent before it stood still for 10 s */
	said = capture_end();
	assert_false(asked);
	assert_string_equal(said, "");
	capture_begin();
	visit(ps, 0, 10250, 10260, 3, &asked);
	said = capture_end();
	assert_true(asked);
	assert_non_null(strstr(said, "another program has a transaction open in this partition"));
	lookup_partitions_free(ps);
}

static void a_writer_that_stands_still_costs_its_partition_alone(void **state)
{
	struct lookup_partitions *ps = two_partitions();
	int asked, stored;

	(void)state;
	assert_int_equal(visit(ps, 1, 0, 0, 3, &asked), 1); /* of partition 1 */
	assert_int_equal(visit(ps, 1, 1000, 1000, 3, &asked), 1);
	assert_true(lookup_partitions_wait(ps));
	assert_int_equal(visit(ps, 0, 50000, 50000, 4, &asked), 0); /* it has moved */
	assert_int_equal(visit(ps, 0, 100000, 100000, 4, &asked), 0);
	assert_int_equal(visit(ps, 0, 110000, 110000, 4, &asked), 1);
	assert_false(lookup_partitions_wait(ps));
	assert_true(lookup_partitions_are_complete(ps, &stored));
	assert_false(stored);
	lookup_partitions_free(ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cause_is_looked_for_before_it_is_said),
		cmocka_unit_test(a_writer_that_stands_still_costs_its_partition_alone),
	};

	log_open("test", LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
