/* SPDX-License-Identifier: MIT */
/* The batches between reading and the database: what is taken, when it is due, and in which lane.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "golden.h"
#include "writer/pipeline.h"

static struct tally *tally;

static struct pipeline *make(size_t rows, int64_t age_ms, int64_t dead_limit, size_t lanes)
{
	static struct options options;

	options = (struct options){.batch_rows = (int64_t)rows,
				   .batch_bytes = 1 << 20,
				   .batch_ms = age_ms,
				   .source = "upbit",
				   .dead_letter_limit = dead_limit,
				   .connections = (int64_t)lanes};
	tally = tally_new(0);
	return pipeline_new(&options, tally);
}

static void end(struct pipeline *p)
{
	pipeline_free(p);
	tally_free(tally);
}

static struct arrival arrival(int64_t from, int64_t next, const char *key, const char *value)
{
	return (struct arrival){.partition = 1,
				.from = from,
				.next = next,
				.offset = next - 1,
				.has_message = 1,
				.wanted = 1,
				.key = key,
				.key_len = strlen(key),
				.value = value,
				.value_len = strlen(value)};
}

static void test_pipeline(void **state)
{
	struct pipeline *p = make(2, 50, 2, 1);
	struct arrival a = arrival(7, 9, "KRW-BTC", golden);
	struct batch *first, *second;
	struct err why;

	(void)state;
	assert_int_equal(pipeline_due_in(p, 0, 0, 0), INT64_MAX);
	assert_int_equal(pipeline_due_in(p, 0, PIPELINE_NOTHING, 0), INT64_MAX);
	assert_null(pipeline_next(p, 0));
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_CANDLE);
	assert_int_equal(pipeline_due_in(p, 0, 0, 130), 20);
	assert_int_equal(pipeline_due_in(p, 0, PIPELINE_NOTHING, 130),
			 0); /* nothing more will come */

	/* What a replay does not want, and what carries no message: passed. */
	a = arrival(9, 10, "KRW-BTC", golden);
	a.wanted = 0;
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_SKIP);
	a = (struct arrival){.partition = 1, .from = 10, .next = 12};
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_SKIP);
	assert_int_equal(tally_get(tally, TALLY_SKIPPED), 1);
	assert_int_equal(tally_get(tally, TALLY_MESSAGES), 2);

	/* Two dead letters in a row may be, a third not: nothing of it is taken. A place without a
	 * message is none of them. */
	a = (struct arrival){.partition = 1, .from = 10, .next = 12, .dead_run = 1};
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_SKIP);
	assert_int_equal(arrival_dead_run(&a, 0), 1);
	a = arrival(12, 13, "KRW-BTC", "{");
	a.dead_run = 1;
	assert_false(pipeline_is_full(p, 0));
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_DEAD);
	assert_true(pipeline_is_full(p, 0));
	first = pipeline_next(p, 0);
	assert_int_equal(first->n, 1);
	assert_int_equal(first->dead_n, 1);
	assert_int_equal(first->parts[0].began, 7);
	assert_int_equal(first->parts[0].next, 13);
	assert_int_equal(first->parts[0].dead_run, 2);
	assert_true(pipeline_is_empty(p));
	a.dead_run = 2;
	assert_int_equal(pipeline_take(p, &a, 100, &why), PIPELINE_FLOOD);
	a = arrival(13, 14, "KRW-BTC", golden_with("\"v\":1,", "\"v\":2,"));
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_HALT);
	assert_true(pipeline_is_empty(p));

	/* The other batch can be lent only when the first one is back. */
	a = arrival(14, 15, "KRW-BTC", golden);
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_CANDLE);
	assert_null(pipeline_next(p, 0));
	pipeline_give_back(p, first);
	second = pipeline_next(p, 0);
	assert_int_equal(second->parts[0].dead_run, 0);
	assert_ptr_not_equal(second, first);
	assert_int_equal(second->n, 1);
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_CANDLE);
	pipeline_drop(p);
	assert_true(pipeline_is_empty(p));
	assert_int_equal(second->n, 1);
	end(p);
}

/* A partition stays in its lane, and a full lane says nothing about the others. */
static void test_lanes(void **state)
{
	struct pipeline *p = make(2, 50, 0, 2);
	struct batch *odd, *even;
	struct err why;

	(void)state;
	for (int64_t i = 0; i < 3; i++) {
		struct arrival a = arrival(i, i + 1, "KRW-BTC", "{");

		a.partition = i < 2 ? 5 : 2;
		assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_DEAD);
	}
	assert_true(pipeline_is_full(p, 1));
	assert_false(pipeline_is_full(p, 0));
	odd = pipeline_next(p, 1);
	even = pipeline_next(p, 0);
	assert_int_equal(odd->dead_n, 2);
	assert_int_equal(odd->parts[0].partition, 5);
	assert_int_equal(even->dead_n, 1);
	assert_int_equal(even->parts[0].partition, 2);
	assert_true(pipeline_is_empty(p));
	pipeline_give_back(p, even);
	pipeline_give_back(p, odd);
	end(p);
}

/* A store that is free takes what is worth a transaction, long before the batch is full or old. */
static void test_what_is_worth_it(void **state)
{
	struct pipeline *p = make(5000, 1000, 0, 1);
	struct err why;

	(void)state;
	for (int64_t i = 0; i < 1000; i++) {
		struct arrival a = arrival(i, i + 1, "KRW-BTC", "{");

		assert_int_equal(pipeline_due_in(p, 0, 0, 100), i == 0 ? INT64_MAX : 1000);
		assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_DEAD);
	}
	assert_int_equal(pipeline_due_in(p, 0, 0, 100), 0);
	assert_int_equal(pipeline_due_in(p, 0, 3999, 100), 0);
	/* The topic has what fills it: that is waited for, until it is old. */
	assert_int_equal(pipeline_due_in(p, 0, 4000, 300), 800);
	assert_int_equal(pipeline_due_in(p, 0, 4000, 1100), 0);
	assert_int_equal(pipeline_due_in(p, 0, PIPELINE_NOTHING, 100), 0);
	assert_false(pipeline_is_full(p, 0));
	end(p);
}

/* Takes `n` messages, and lends them. */
static void fill_and_lend(struct pipeline *p, int64_t *at, int64_t n)
{
	struct batch *b;
	struct err why;

	for (int64_t i = 0; i < n; i++, ++*at) {
		struct arrival a = arrival(*at, *at + 1, "KRW-BTC", "{");

		assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_DEAD);
	}
	b = pipeline_next(p, 0);
	assert_non_null(b);
	pipeline_give_back(p, b);
}

/* What is left after a large batch does not wait; what comes after a small one does. */
static void test_the_rest(void **state)
{
	struct pipeline *p = make(5000, 1000, 0, 1);
	struct arrival a;
	struct err why;
	int64_t at = 0;

	(void)state;
	fill_and_lend(p, &at, 1000);
	assert_int_equal(pipeline_due_in(p, 0, 0, 100), INT64_MAX);
	a = arrival(at, at + 1, "KRW-BTC", "{");
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_DEAD);
	assert_int_equal(pipeline_due_in(p, 0, 1, 100), 1000); /* more is on its way */
	assert_int_equal(pipeline_due_in(p, 0, 0, 100), 0);
	at++;
	fill_and_lend(p, &at, 9);
	a = arrival(at, at + 1, "KRW-BTC", "{");
	assert_int_equal(pipeline_take(p, &a, 100, &why), INTAKE_DEAD);
	assert_int_equal(pipeline_due_in(p, 0, 0, 100), 1000);
	end(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipeline),
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_what_is_worth_it),
		cmocka_unit_test(test_the_rest),
	};

	return cmocka_run_group_tests(tests, golden_read, NULL);
}
