/* SPDX-License-Identifier: MIT */
/* A batch against a naive model, and its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/candle/spans.h"
#include "rng.h"
#include "writer/batch.h"
#include "writer/database/bisect.h"
#include "writer/database/portion.h"

static const struct batch_limits limits = {.rows = 50, .bytes = 100000, .age_ms = 1000};
static const int64_t T0 = 1700000040000; /* on the grid of a minute */

static struct message message_at(const char *symbol, const char *interval, int64_t timestamp_ms)
{
	struct message m = {
		.covers_from_ms = timestamp_ms, .covers_to_ms = timestamp_ms, .fetched_at_ms = 1};

	snprintf(m.candle.symbol, sizeof(m.candle.symbol), "%s", symbol);
	m.candle.interval = interval_by_name(interval);
	m.candle.timestamp_ms = timestamp_ms;
	strcpy(m.candle.open, "1");
	strcpy(m.candle.high, "1");
	strcpy(m.candle.low, "1");
	strcpy(m.candle.close, "1");
	strcpy(m.candle.volume, "1");
	strcpy(m.candle.quote_volume, "1");
	return m;
}

static void put(struct batch *b, int32_t partition, int64_t offset, const struct message *m)
{
	batch_take(b, partition, offset, offset, 100, 5000);
	batch_add(b, partition, offset, m);
}

/* ---- one key ---- */

static void test_the_winner_of_a_key(void **state)
{
	struct batch b;
	struct message old = message_at("KRW-A", "1m", T0), new = old;

	(void)state;
	batch_init(&b, limits);
	old.candle.revision = 7;
	new.candle.revision = 8;
	strcpy(new.candle.close, "2");
	put(&b, 0, 10, &new);
	put(&b, 0, 11, &old);
	assert_int_equal(b.n, 1);
	assert_string_equal(b.rows[0].m.candle.close, "2");
	assert_int_equal(b.rows[0].offset, 10);
	assert_int_equal(b.parts[0].next, 12);
	batch_release(&b);
}

/* How new what is known is: as new as the newest message, whichever wins. */
static void test_losers_are_fetched_too(void **state)
{
	struct batch b;
	struct message winner = message_at("KRW-A", "1m", T0), loser = winner;

	(void)state;
	batch_init(&b, limits);
	winner.candle.revision = 1;
	loser.fetched_at_ms = winner.fetched_at_ms + 1000;
	put(&b, 0, 1, &winner);
	put(&b, 0, 2, &loser);
	put(&b, 0, 3, &winner);
	assert_int_equal(b.rows[0].m.fetched_at_ms, winner.fetched_at_ms);
	assert_int_equal(b.rows[0].fetched_ms, loser.fetched_at_ms);
	batch_release(&b);
}

static void test_losers_promise_too(void **state)
{
	struct batch b;
	struct message winner = message_at("KRW-A", "1m", T0), loser = winner;

	(void)state;
	batch_init(&b, limits);
	winner.candle.revision = 1;
	loser.covers_from_ms = T0 - 600000;
	loser.covers_to_ms = T0 + 60000;
	put(&b, 0, 1, &winner);
	assert_int_equal(b.rows[0].promise.from, b.rows[0].promise.to);
	put(&b, 0, 2, &loser);
	assert_int_equal(b.rows[0].m.candle.revision, 1);
	assert_int_equal(b.rows[0].promise.from, T0 - 600000);
	assert_int_equal(b.rows[0].promise.to, T0 + 60000);
	loser.covers_from_ms = T0;
	loser.covers_to_ms = T0 + 300000;
	put(&b, 0, 3, &loser);
	assert_int_equal(b.rows[0].promise.from, T0 - 600000);
	assert_int_equal(b.rows[0].promise.to, T0 + 300000);
	batch_release(&b);
}

/* ---- against a model ---- */

enum { SYMBOLS = 4, MINUTES = 30, ROUNDS = 200 };

struct model {
	int there[2][SYMBOLS][MINUTES];
	struct message best[2][SYMBOLS][MINUTES];
	struct spans promised[2][SYMBOLS];
};

static struct message random_message(int *kind, int *symbol, int *minute)
{
	char name[16];
	struct message m;

	*kind = (int)rng_below(2);
	*symbol = (int)rng_below(SYMBOLS);
	*minute = (int)rng_below(MINUTES);
	snprintf(name, sizeof(name), "KRW-%c", 'A' + *symbol);
	m = message_at(name, *kind ? "1m" : "3m",
		       T0 - T0 % 180000 + *minute * (*kind ? 60000 : 180000));
	m.candle.revision = rng_below(3);
	m.fetched_at_ms = 1 + rng_below(3);
	snprintf(m.candle.volume, sizeof(m.candle.volume), "%d.%s", (int)rng_below(3),
		 rng_below(2) ? "0" : "00");
	if (rng_below(3)) {
		m.covers_to_ms =
			interval_add(m.candle.interval, m.candle.timestamp_ms, 1 + rng_below(2));
		m.covers_from_ms =
			interval_add(m.candle.interval, m.candle.timestamp_ms, -rng_below(2));
	}
	return m;
}

static void model_add(struct model *model, int kind, int symbol, int minute,
		      const struct message *m)
{
	struct message *best = &model->best[kind][symbol][minute];

	if (!model->there[kind][symbol][minute] || message_compare(m, best) > 0)
		*best = *m;
	model->there[kind][symbol][minute] = 1;
	spans_add(&model->promised[kind][symbol], m->covers_from_ms, m->covers_to_ms);
}

static void assert_rows(const struct batch *b, struct model *model)
{
	struct spans got[2][SYMBOLS] = {0};
	size_t expected = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct candle *c = &b->rows[i].m.candle;
		int kind = strcmp(c->interval->name, "1m") == 0, symbol = c->symbol[4] - 'A';
		int minute =
			(int)((c->timestamp_ms - (T0 - T0 % 180000)) / (kind ? 60000 : 180000));

		assert_true(model->there[kind][symbol][minute]);
		assert_int_equal(message_compare(&b->rows[i].m, &model->best[kind][symbol][minute]),
				 0);
		spans_add(&got[kind][symbol], b->rows[i].promise.from, b->rows[i].promise.to);
		if (i > 0) {
			const struct candle *p = &b->rows[i - 1].m.candle;
			int order = strcmp(p->symbol, c->symbol);

			order = order ? order : strcmp(p->interval->name, c->interval->name);
			assert_true(order < 0 || (order == 0 && p->timestamp_ms < c->timestamp_ms));
		}
	}
	for (int k = 0; k < 2; k++)
		for (int s = 0; s < SYMBOLS; s++) {
			const struct spans *want = &model->promised[k][s];

			for (int m = 0; m < MINUTES; m++)
				expected += (size_t)model->there[k][s][m];
			assert_int_equal(got[k][s].n, want->n);
			for (size_t i = 0; i < want->n; i++)
				assert_true(got[k][s].v[i].from == want->v[i].from &&
					    got[k][s].v[i].to == want->v[i].to);
			spans_release(&got[k][s]);
		}
	assert_int_equal(b->n, expected);
}

/* From every row on, also in a part of the batch. */
static void assert_series(const struct batch *b)
{
	struct batch part = *b;

	for (size_t i = 0; i < b->n; i++) {
		size_t end = i;

		part.n = i + rng_below((int64_t)(b->n - i)) + 1;
		while (end < b->n &&
		       candle_same_series(&b->rows[i].m.candle, &b->rows[end].m.candle))
			end++;
		assert_int_equal(batch_series_end(b, i), end);
		assert_int_equal(batch_series_end(&part, i), end < part.n ? end : part.n);
	}
}

static void test_random_messages(void **state)
{
	struct batch b;

	(void)state;
	batch_init(&b, (struct batch_limits){.rows = 10,
					     .bytes = 1 << 20,
					     .age_ms = 1000}); /* more rows than that: it grows */
	for (int round = 0; round < ROUNDS; round++) {
		static struct model model;
		int n = (int)rng_below(400), kind, symbol, minute;

		memset(&model, 0, sizeof(model));
		for (int i = 0; i < n; i++) {
			struct message m = random_message(&kind, &symbol, &minute);

			put(&b, symbol, i, &m);
			model_add(&model, kind, symbol, minute, &m);
		}
		batch_seal(&b);
		assert_rows(&b, &model);
		assert_series(&b);
		for (size_t i = 1; i < b.parts_n; i++)
			assert_true(b.parts[i - 1].partition < b.parts[i].partition);
		for (int k = 0; k < 2; k++)
			for (int s = 0; s < SYMBOLS; s++)
				spans_release(&model.promised[k][s]);
		batch_clear(&b);
		assert_true(batch_is_empty(&b));
	}
	batch_release(&b);
}

/* ---- limits ---- */

static void test_full_by_rows(void **state)
{
	struct batch b;

	(void)state;
	batch_init(&b, limits);
	for (int i = 0; i < 49; i++) {
		struct message m = message_at("KRW-A", "1m", T0 + i * 60000);

		put(&b, 0, i, &m);
		put(&b, 0, 100 + i, &m); /* the same key: no row more */
	}
	assert_false(batch_is_full(&b));
	batch_take(&b, 0, 200, 200, 10, 5000);
	batch_add_dead_letter(&b, &(struct arrival){.key = "k", .key_len = 1},
			      "a dead letter takes room as well");
	assert_true(batch_is_full(&b));
	assert_int_equal(batch_due_in(&b, 5000), 0);
	batch_release(&b);
}

static void test_full_by_bytes(void **state)
{
	struct batch b;

	(void)state;
	batch_init(&b, limits);
	batch_take(&b, 0, 0, 0, 99999, 1);
	assert_false(batch_is_full(&b));
	batch_take(&b, 0, 1, 1, 1, 1);
	assert_true(batch_is_full(&b));
	batch_release(&b);
}

static void test_due_by_age_of_the_first_message(void **state)
{
	struct batch b;

	(void)state;
	batch_init(&b, limits);
	assert_true(batch_due_in(&b, 1000000) > 0);
	assert_true(batch_due_in(&b, 0) == INT64_MAX);
	batch_take(&b, 0, 0, 0, 10, 5000);
	batch_take(&b, 0, 1, 1, 10, 5900);
	assert_int_equal(batch_due_in(&b, 5900), 100);
	assert_true(batch_due_in(&b, 5999) > 0);
	assert_int_equal(batch_due_in(&b, 6000), 0);
	assert_int_equal(batch_due_in(&b, 7000), 0);
	batch_clear(&b);
	batch_take(&b, 0, 2, 2, 10, 7000);
	assert_int_equal(batch_due_in(&b, 7000), 1000);
	batch_release(&b);
}

/* ---- places ---- */

static void test_where_a_partition_began_and_ends(void **state)
{
	struct batch b;

	(void)state;
	batch_init(&b, limits);
	batch_take(&b, 7, 40, 50, 10,
		   0); /* a hole before the first message: the position stands at 40 */
	batch_take(&b, 3, 5, 5, 10, 0);
	batch_take(&b, 7, 51, 51, 10, 0);
	batch_seal(&b);
	assert_int_equal(b.parts_n, 2);
	assert_int_equal(b.parts[0].partition, 3);
	assert_int_equal(b.parts[1].partition, 7);
	assert_int_equal(b.parts[1].began, 40);
	assert_int_equal(b.parts[1].next, 52);
	assert_false(batch_is_empty(&b)); /* tombstones alone move the position */
	batch_release(&b);
}

/* A new leader's clock may be behind: the latest time counts, not that of the last message. */
static void test_the_latest_time_of_the_broker(void **state)
{
	struct batch b;

	(void)state;
	batch_init(&b, limits);
	batch_take(&b, 7, 40, 40, 10, 0);
	assert_int_equal(b.parts[0].at_ms, -1);
	batch_took(&b, &(struct arrival){7, .has_message = 1, .at_ms = 500}, 0);
	batch_took(&b, &(struct arrival){7, .has_message = 1, .at_ms = 490}, 0);
	batch_took(&b, &(struct arrival){7, .has_message = 1, .at_ms = -1}, 0); /* not known */
	batch_took(&b, &(struct arrival){7, .at_ms = 900}, 0);                  /* nothing came */
	assert_int_equal(b.parts[0].at_ms, 500);
	batch_release(&b);
}

static void test_dead_letters_are_copies(void **state)
{
	struct batch b;
	char value[] = "not a candle";
	static char huge[DEAD_VALUE_BYTES + 10];
	struct arrival a;

	(void)state;
	batch_init(&b, limits);
	a = (struct arrival){.partition = 1, .offset = 9, .value = value, .value_len = 12};
	batch_add_dead_letter(&b, &a, "reason");
	memset(value, 'x', strlen(value));
	assert_null(b.dead[0].key);
	assert_string_equal(b.dead[0].value, "not a candle");
	a = (struct arrival){.key = "", .value = huge, .value_len = sizeof(huge)};
	batch_add_dead_letter(&b, &a, "large");
	assert_non_null(b.dead[1].key);
	assert_int_equal(b.dead[1].value_len, DEAD_VALUE_BYTES);
	batch_clear(&b);
	assert_int_equal(b.dead_n, 0);
	batch_release(&b);
}

/* Halved by key when the database cannot take it, whole again after successes. */
static void test_portions(void **state)
{
	struct portion p = {0};
	struct batch b, view;
	size_t to, n = 0;

	(void)state;
	batch_init(&b, limits);
	for (int i = 0; i < 11; i++) {
		struct message m = message_at("KRW-BTC", "1m", T0 + i * 60000);

		put(&b, 1, i, &m);
	}
	batch_add_dead_letter(&b, &(struct arrival){.partition = 1, .offset = 20}, "bad");
	batch_seal(&b);
	portion_begin(&p);
	view = portion_of(&p, &b, &to);
	assert_int_equal(to, 11);
	assert_int_equal(view.n, 11);
	assert_int_equal(view.dead_n, 1);
	assert_true(portion_halve(&p, to));
	portion_of(&p, &b, &to);
	assert_int_equal(to, 5);
	assert_true(portion_halve(&p, to));
	for (portion_begin(&p), to = 0; to < b.n; n++) {
		view = portion_of(&p, &b, &to);
		assert_true(view.n <= 2);
		assert_ptr_equal(view.rows, &b.rows[p.from]);
		/* The last one alone has the rest. */
		assert_int_equal(view.dead_n, to == b.n);
		assert_int_equal(view.parts_n, to == b.n);
		portion_stored(&p, to);
	}
	assert_int_equal(n, 6);
	/* A failure in the middle keeps what is stored; a single row cannot be halved. */
	p.from = 8;
	portion_of(&p, &b, &to);
	assert_int_equal(to, 10);
	assert_true(portion_halve(&p, to));
	portion_of(&p, &b, &to);
	assert_int_equal(to, 9);
	assert_false(portion_halve(&p, to));
	/* Ten successes double it, in the end to all of it. */
	for (int i = 0; i < 9; i++)
		portion_stored(&p, 0);
	portion_of(&p, &b, &to);
	assert_int_equal(to, 1);
	portion_stored(&p, 0);
	portion_of(&p, &b, &to);
	assert_int_equal(to, 2);
	for (int i = 0; i < 300; i++)
		portion_stored(&p, 0);
	assert_int_equal(p.most, 0);
	batch_release(&b);
}

static void test_refusals(void **state)
{
	struct refusals r = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_false(refusals_add(&r, 0));
	r = (struct refusals){0};
	/* One in eleven: single ones, for ever. */
	for (int i = 0; i < 1000; i++) {
		assert_false(refusals_add(&r, 2));
		refusals_make_up(&r, 10);
	}
	/* One in ten, whatever the batches: a mistake. */
	for (int i = 0; i < 25; i++) {
		int too_many = refusals_add(&r, 2);

		if (too_many)
			return;
		refusals_make_up(&r, i % 2 ? 0 : 18);
	}
	fail();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_portions),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_the_winner_of_a_key),
		cmocka_unit_test(test_losers_promise_too),
		cmocka_unit_test(test_losers_are_fetched_too),
		cmocka_unit_test(test_random_messages),
		cmocka_unit_test(test_full_by_rows),
		cmocka_unit_test(test_full_by_bytes),
		cmocka_unit_test(test_due_by_age_of_the_first_message),
		cmocka_unit_test(test_where_a_partition_began_and_ends),
		cmocka_unit_test(test_the_latest_time_of_the_broker),
		cmocka_unit_test(test_dead_letters_are_copies),
	};

	rng_open("test_batch");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
