/* SPDX-License-Identifier: MIT */
/* The writer's small pure parts: what becomes of a message, of an offset, of a database's failure,
 * and array literals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/candle/intake.h"
#include "common/pg/pg_tables.h"
#include "golden.h"
#include "writer/commands/migrations.h"
#include "writer/database/pgarray.h"
#include "writer/database/retry.h"
#include "writer/feed/arrivals.h"
#include "writer/feed/elsewhere.h"
#include "writer/feed/partitions.h"
#include "writer/pipeline.h"

/* ---- intake ---- */

static enum intake judge(const char *source, const char *key, const char *value, struct err *why)
{
	struct message m;

	return intake_judge(source, key, key ? strlen(key) : 0, value, value ? strlen(value) : 0,
			    &m, why);
}

/* The golden message with one piece replaced. */
static const char *changed(const char *from, const char *to)
{
	static char text[FILE_MAX];
	const char *at = strstr(golden, from);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - golden), golden, to, at + strlen(from));
	return text;
}

static void test_intake(void **state)
{
	char oversize[MESSAGE_MAX_BYTES + 2];
	struct err why;

	(void)state;
	memset(oversize, ' ', sizeof(oversize) - 1);
	oversize[sizeof(oversize) - 1] = 0;
	assert_int_equal(judge("upbit", "KRW-BTC", golden, &why), INTAKE_CANDLE);
	assert_int_equal(judge("upbit", "KRW-BTC", NULL, &why), INTAKE_SKIP);
	assert_int_equal(judge("upbit", NULL, "", &why), INTAKE_SKIP);
	assert_int_equal(judge("upbit", "KRW-BTC", "not json", &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", "KRW-BTC", oversize, &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", NULL, golden, &why), INTAKE_DEAD);
	assert_non_null(strstr(why.text, "no key"));
	assert_int_equal(judge("upbit", "", golden, &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", "KRW-BTCX", golden, &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", "KRW-BT", golden, &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", "KRW-ETH", golden, &why), INTAKE_DEAD);
	assert_non_null(strstr(why.text, "KRW-BTC"));
}

/* What must never be skipped: it halts, also where the key is wrong. */
static void test_intake_halts(void **state)
{
	struct err why;

	(void)state;
	assert_int_equal(judge("upbit", "KRW-BTC", changed("\"v\":1,", "\"v\":2,"), &why),
			 INTAKE_HALT);
	assert_non_null(strstr(why.text, "upgrade"));
	assert_int_equal(judge("upbit", "KRW-ETH", changed("\"v\":1,", "\"v\":2,"), &why),
			 INTAKE_HALT);
	assert_int_equal(judge("upbit-sg", "KRW-BTC", golden, &why), INTAKE_HALT);
	assert_non_null(strstr(why.text, "\"upbit\""));
	assert_non_null(strstr(why.text, "upbit-sg"));
	assert_int_equal(judge("upbi", "KRW-ETH", golden, &why), INTAKE_HALT);
}

/* ---- offsets ---- */

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
		ps,
		&(struct arrival){
			.partition = 2, .from = 16, .next = 19, .appended_ms = 1700000000000},
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
	struct arrival a = {.partition = 2, .from = 5, .next = 8, .key = "k", .key_len = 1};
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
	a.next = 12;
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

/* ---- what others of the group store ---- */

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

/* ---- batches ---- */

static struct arrival arrival(int64_t from, int64_t next, const char *key, const char *value)
{
	return (struct arrival){.partition = 1,
				.from = from,
				.next = next,
				.has_message = 1,
				.wanted = 1,
				.key = key,
				.key_len = strlen(key),
				.value = value,
				.value_len = strlen(value)};
}

static void test_pipeline(void **state)
{
	const struct pipeline_config config = {
		.limits = {.rows = 2, .bytes = 1 << 20, .age_ms = 50},
		.source = "upbit",
		.dead_limit = 2,
		.lanes = 1};
	struct tally *tally = tally_new(0);
	struct pipeline *p = pipeline_new(&config, tally);
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
	a = arrival(13, 14, "KRW-BTC", changed("\"v\":1,", "\"v\":2,"));
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
	pipeline_free(p);
	tally_free(tally);
}

/* A partition stays in its lane, and a full lane says nothing about the others. */
static void test_lanes(void **state)
{
	const struct pipeline_config config = {
		.limits = {.rows = 2, .bytes = 1 << 20, .age_ms = 50},
		.source = "upbit",
		.lanes = 2};
	struct tally *tally = tally_new(0);
	struct pipeline *p = pipeline_new(&config, tally);
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
	pipeline_free(p);
	tally_free(tally);
}

/* A store that is free takes what is worth a transaction, long before the batch is full or old. */
static void test_what_is_worth_it(void **state)
{
	const struct pipeline_config config = {
		.limits = {.rows = 5000, .bytes = 1 << 20, .age_ms = 1000},
		.source = "upbit",
		.lanes = 1};
	struct tally *tally = tally_new(0);
	struct pipeline *p = pipeline_new(&config, tally);
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
	pipeline_free(p);
	tally_free(tally);
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
	const struct pipeline_config config = {
		.limits = {.rows = 5000, .bytes = 1 << 20, .age_ms = 1000},
		.source = "upbit",
		.lanes = 1};
	struct tally *tally = tally_new(0);
	struct pipeline *p = pipeline_new(&config, tally);
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
	pipeline_free(p);
	tally_free(tally);
}

/* ---- failures of the database ---- */

static void test_policy(void **state)
{
	(void)state;
	assert_int_equal(policy_of(ERR_RETRY, ""), POLICY_AGAIN);
	assert_int_equal(policy_of(ERR_RETRY, "40P01"), POLICY_AGAIN);
	assert_int_equal(policy_of(ERR_RETRY, "53100"), POLICY_AGAIN);
	assert_int_equal(policy_of(ERR_INPUT, "23514"), POLICY_ROW);
	assert_int_equal(policy_of(ERR_INPUT, "22003"), POLICY_ROW);
	assert_int_equal(policy_of(ERR_RETRY, "53400"), POLICY_LESS);
	assert_int_equal(policy_of(ERR_FATAL, "54000"), POLICY_LESS);
	assert_int_equal(policy_of(ERR_FATAL, "54001"), POLICY_LESS);
	assert_int_equal(policy_of(ERR_FATAL, "42P01"), POLICY_WAIT);
	assert_int_equal(policy_of(ERR_FATAL, "42501"), POLICY_WAIT);
	assert_int_equal(policy_of(ERR_FATAL, "3D000"), POLICY_WAIT);
	assert_int_equal(policy_of(ERR_FATAL, "42P10"), POLICY_WAIT); /* it may come again */
	assert_int_equal(policy_of(ERR_FATAL, "23505"), POLICY_BROKEN);
	assert_int_equal(policy_of(ERR_FATAL, "21000"), POLICY_BROKEN);
}

/* Every program asks for the newest file of schemas/. */
static void test_newest_migration(void **state)
{
	(void)state;
	assert_int_equal(migrations[migrations_n - 1].number, MIGRATION_NEWEST);
}

/* Failures that are not about data: whether it is time to ask if rows are to blame. */
static void test_doubts(void **state)
{
	const struct err err = {.class = ERR_FATAL};
	struct retry r = {0};

	(void)state;
	retry_init(&r);
	assert_false(retry_doubts_rows(&r, POLICY_WAIT, "P0001", 1000)); /* the first time */
	(void)retry_failed(&r, POLICY_WAIT, &err, "P0001", 1000);
	assert_false(retry_doubts_rows(&r, POLICY_AGAIN, "40001", 60999)); /* may go by itself */
	assert_false(retry_doubts_rows(&r, POLICY_LESS, "54000", 60999));
	assert_false(retry_doubts_rows(&r, POLICY_AGAIN, "", 62000)); /* no connection */
	assert_true(retry_doubts_rows(&r, POLICY_WAIT, "P0001", 6000));
	assert_false(retry_doubts_rows(&r, POLICY_WAIT, "P0001", 65999));
	assert_true(retry_doubts_rows(&r, POLICY_AGAIN, "40001", 66000));
	retry_succeeded(&r, 66000);
	assert_false(retry_doubts_rows(&r, POLICY_WAIT, "P0001", 70000));

	retry_learn(&r, POLICY_ROW, ERR_FATAL, "P0001");
	assert_int_equal(retry_repeated(&r, POLICY_WAIT, "P0001"), POLICY_ROW);
	assert_int_equal(retry_repeated(&r, POLICY_WAIT, "0A000"), POLICY_WAIT);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, ""), POLICY_AGAIN);
	retry_learn(&r, POLICY_AGAIN, ERR_FATAL, "P0001");
	assert_int_equal(retry_repeated(&r, POLICY_WAIT, "P0001"), POLICY_WAIT);
	/* One lock that lasted for a minute says nothing of the next one; a limit does. */
	retry_learn(&r, POLICY_ROW, ERR_RETRY, "55P03");
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "55P03"), POLICY_AGAIN);
	retry_learn(&r, POLICY_ROW, ERR_FATAL, "54000");
	assert_int_equal(retry_repeated(&r, POLICY_LESS, "54000"), POLICY_ROW);
	retry_learn(&r, POLICY_LESS, ERR_RETRY, "55P03"); /* its size is */
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "55P03"), POLICY_LESS);
}

/* How many lines a failure says. */
static int says(struct retry *r, enum policy policy, enum err_class class, const char *sqlstate,
		int64_t now_ms)
{
	const struct err err = {.class = class};
	char line[1024];
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO), n = 0;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	(void)retry_failed(r, policy, &err, sqlstate, now_ms);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n++;
	fclose(file);
	return n;
}

/* A password that was changed shows when the session is lost, not a minute later. */
static void test_says_causes(void **state)
{
	struct retry r = {0};

	(void)state;
	retry_init(&r);
	assert_int_equal(says(&r, POLICY_AGAIN, ERR_RETRY, "57P01", 1000), 1);
	assert_int_equal(says(&r, POLICY_AGAIN, ERR_RETRY, "", 2000), 0);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "28P01", 3000), 1);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "28P01", 8000), 0);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "42501", 13000), 1);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "42501", 18000), 0);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "42501", 73000), 1);
	retry_succeeded(&r, 80000);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "42501", 81000), 1);
}

static void test_timeouts(void **state)
{
	struct retry r = {0};

	(void)state;
	retry_init(&r);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_AGAIN);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_LESS);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_LESS);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, ""), POLICY_AGAIN);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_AGAIN);
	retry_succeeded(&r, 0);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_AGAIN);
}

/* ---- array literals ---- */

static void test_arrays(void **state)
{
	struct pgarray a;

	(void)state;
	pgarray_init(&a, 1000);
	assert_string_equal(pgarray_end(&a), "{}");
	pgarray_clear(&a);
	pgarray_plain(&a, "1.50");
	pgarray_int(&a, INT64_MIN);
	pgarray_text(&a, NULL);
	pgarray_text(&a, "");
	pgarray_text(&a, "NULL");
	pgarray_text(&a, "a\"b\\c,{d}");
	pgarray_hex(&a,
		    "\x00\xff"
		    "a",
		    3);
	pgarray_hex(&a, "", 0);
	pgarray_hex(&a, NULL, 0);
	assert_string_equal(pgarray_end(&a),
			    "{1.50,-9223372036854775808,NULL,\"\",\"NULL\",\"a\\\"b\\\\c,{d}"
			    "\",\"00ff61\",\"\",NULL}");
	pgarray_release(&a);
}

static void test_an_array_that_does_not_fit(void **state)
{
	struct pgarray a;

	(void)state;
	pgarray_init(&a, 8);
	pgarray_plain(&a, "12345");
	pgarray_plain(&a, "6");
	assert_null(pgarray_end(&a));
	pgarray_clear(&a);
	pgarray_plain(&a, "123456");
	assert_string_equal(pgarray_end(&a), "{123456}");
	pgarray_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intake),
		cmocka_unit_test(test_intake_halts),
		cmocka_unit_test(test_arrivals),
		cmocka_unit_test(test_skips),
		cmocka_unit_test(test_commits),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_pipeline),
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_what_is_worth_it),
		cmocka_unit_test(test_the_rest),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_says_causes),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_newest_migration),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_an_array_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, golden_read, NULL);
}
