/* SPDX-License-Identifier: MIT */
/* What a replay reads, by which name, and where each of its partitions begins; and the series that
 * commands are about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "writer/database/replay_plan.h"
#include "writer/feed/partitions.h"
#include "writer/selection.h"

static struct replay_spec spec;
static struct err err;

/* ---- names */

static const char *name_of(int64_t from_ms, const char *symbols, const char *name)
{
	static char out[REPLAY_NAME_BYTES];

	if (replay_spec_init(&spec, "candles.v1", from_ms, symbols, name, &err) != 0)
		fail_msg("%s", err.text);
	strcpy(out, spec.name);
	replay_spec_release(&spec);
	return out;
}

static void assert_refused(const char *symbols, const char *name, const char *part)
{
	assert_int_equal(replay_spec_init(&spec, "candles.v1", INT64_MIN, symbols, name, &err), -1);
	replay_spec_release(&spec);
	assert_int_equal(err.class, ERR_FATAL);
	if (!strstr(err.text, part))
		fail_msg("%s", err.text);
}

static void test_names(void **state)
{
	char many[3000] = "", long_name[300], first[REPLAY_NAME_BYTES];

	(void)state;
	assert_string_equal(name_of(INT64_MIN, NULL, NULL), "candles.v1");
	assert_string_equal(name_of(INT64_MIN, " , ", NULL), "candles.v1");
	assert_string_equal(name_of(1714521600000, NULL, NULL),
			    "candles.v1 from 2024-05-01T00:00:00.000Z");
	assert_string_equal(name_of(INT64_MIN, "KRW-ETH,KRW-BTC", NULL),
			    "candles.v1 of KRW-BTC,KRW-ETH");
	assert_string_equal(name_of(INT64_MIN, "KRW-BTC KRW-ETH,KRW-BTC", NULL),
			    "candles.v1 of KRW-BTC,KRW-ETH");
	assert_string_equal(name_of(1, "KRW-BTC", NULL),
			    "candles.v1 from 1970-01-01T00:00:00.001Z of KRW-BTC");
	assert_string_equal(name_of(1, "KRW-BTC", "nightly"), "nightly");

	/* Too long for a key: cut, and still another one for other symbols. */
	for (int i = 0; i < 200; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "KRW-M%d,", i);
	strcpy(first, name_of(INT64_MIN, many, NULL));
	assert_true(strlen(first) < REPLAY_NAME_BYTES);
	assert_int_equal(strncmp(first, "candles.v1 of KRW-M0,KRW-M1,KRW-M10,", 36), 0);
	strcat(many, "KRW-Z");
	assert_string_not_equal(name_of(INT64_MIN, many, NULL), first);

	memset(long_name, 'n', sizeof(long_name));
	long_name[REPLAY_NAME_BYTES - 1] = 0;
	assert_string_equal(name_of(INT64_MIN, NULL, long_name), long_name);
	strcat(long_name, "n");
	assert_refused(NULL, long_name, "--name");
	assert_refused(NULL, "", "--name");
	assert_refused(NULL, "a\nb", "--name");
	assert_refused("krw-btc", NULL, "'krw-btc' is not a market's name");
	assert_refused("KRW-BTC,\x1b[31m", "x", "'?[31m' is not a market's name");
}

/* ---- keys */

static void test_symbols(void **state)
{
	(void)state;
	assert_int_equal(replay_spec_init(&spec, "t", INT64_MIN, "KRW-BTC,KRW-ETH", NULL, &err), 0);
	assert_true(replay_wants(&spec, "KRW-BTC", 7));
	assert_true(replay_wants(&spec, "KRW-ETH", 7));
	assert_false(replay_wants(&spec, "KRW-ETHX", 8));
	assert_false(replay_wants(&spec, "KRW-ET", 6));
	assert_false(replay_wants(&spec, "RW-ETH", 6));
	assert_false(replay_wants(&spec, "KRW-BTC,KRW-ETH", 15));
	assert_false(replay_wants(&spec, ",", 1));
	assert_false(replay_wants(&spec, "", 0));
	assert_false(replay_wants(&spec, NULL, 0));
	replay_spec_release(&spec);
	assert_int_equal(replay_spec_init(&spec, "t", INT64_MIN, NULL, NULL, &err), 0);
	assert_true(replay_wants(&spec, "KRW-ETH", 7));
	assert_true(replay_wants(&spec, NULL, 0));
	replay_spec_release(&spec);
}

/* ---- where it begins: one partition a row, low, high, from; what is stored; what must come of it
 */

struct row {
	const char *name;
	int64_t low, high, from;
	int has_row;
	int64_t start, next, end;
	int running, restart;
	size_t strays;
	enum replay_begun begun;
	int64_t want_start, want_next, want_end, want_lost;
};

static const struct row rows[] = {
	{"the first time", 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, REPLAY_BEGINS, 0, 0, 100, 0},
	{"the topic begins later", 30, 100, 30, 0, 0, 0, 0, 0, 0, 0, REPLAY_BEGINS, 30, 30, 100, 0},
	{"from a time", 30, 100, 60, 0, 0, 0, 0, 0, 0, 0, REPLAY_BEGINS, 60, 60, 100, 0},
	{"from a time whose messages are gone", 30, 100, 20, 0, 0, 0, 0, 0, 0, 0, REPLAY_BEGINS, 30,
	 30, 100, 0},
	{"from a time that has not come", 30, 100, 100, 0, 0, 0, 0, 0, 0, 0, REPLAY_BEGINS, 100,
	 100, 100, 0},
	{"from beyond the end", 30, 100, 105, 0, 0, 0, 0, 0, 0, 0, REPLAY_BEGINS, 100, 100, 100, 0},
	{"an empty topic", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, REPLAY_BEGINS, 0, 0, 0, 0},
	{"interrupted", 0, 100, 0, 1, 0, 40, 80, 0, 0, 0, REPLAY_GOES_ON, 0, 40, 80, 0},
	{"interrupted before anything", 0, 100, 0, 1, 0, 0, 80, 0, 0, 0, REPLAY_GOES_ON, 0, 0, 80,
	 0},
	{"interrupted, from a time", 0, 100, 30, 1, 30, 40, 80, 0, 0, 0, REPLAY_GOES_ON, 30, 40, 80,
	 0},
	{"complete: again", 0, 100, 0, 1, 0, 80, 80, 0, 0, 0, REPLAY_BEGINS, 0, 0, 100, 0},
	{"complete, and this process is the one", 0, 100, 0, 1, 0, 80, 80, 1, 0, 0, REPLAY_GOES_ON,
	 0, 80, 80, 0},
	{"asked to begin again", 0, 100, 0, 1, 0, 40, 80, 0, 1, 0, REPLAY_BEGINS, 0, 0, 100, 0},
	{"asked to begin again, once", 0, 100, 0, 1, 0, 40, 80, 1, 1, 0, REPLAY_GOES_ON, 0, 40, 80,
	 0},
	{"the database was emptied", 0, 100, 0, 0, 0, 0, 0, 1, 0, 0, REPLAY_BEGINS, 0, 0, 100, 0},
	{"deleted meanwhile", 60, 100, 60, 1, 0, 40, 80, 0, 0, 0, REPLAY_GOES_ON, 0, 60, 80, 20},
	{"deleted to behind the end", 90, 100, 90, 1, 0, 40, 80, 0, 0, 0, REPLAY_GOES_ON, 0, 80, 80,
	 40},
	{"the topic was recreated", 0, 50, 0, 1, 0, 40, 80, 0, 0, 0, REPLAY_BEGINS_AGAIN, 0, 0, 50,
	 0},
	{"the topic was recreated under it", 0, 50, 0, 1, 0, 40, 80, 1, 0, 0, REPLAY_BEGINS_AGAIN,
	 0, 0, 50, 0},
	{"the topic was recreated when all was done", 0, 50, 0, 1, 0, 80, 80, 1, 0, 0,
	 REPLAY_GOES_ON, 0, 80, 80, 0},
	{"the topic has fewer partitions", 0, 100, 0, 1, 0, 40, 80, 0, 0, 1, REPLAY_BEGINS_AGAIN, 0,
	 0, 100, 0},
};

static void test_where_it_begins(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		struct replay_part p = {.low = r->low,
					.high = r->high,
					.from = r->from,
					.has_row = r->has_row,
					.start = r->start,
					.next = r->next,
					.end = r->end,
					.lost = 77};
		enum replay_begun begun = replay_decide(&p, 1, r->running, r->restart, r->strays);

		if (begun != r->begun || p.start != r->want_start || p.next != r->want_next ||
		    p.end != r->want_end || p.lost != r->want_lost)
			fail_msg("%s: %d, %lld %lld %lld, lost %lld", r->name, (int)begun,
				 (long long)p.start, (long long)p.next, (long long)p.end,
				 (long long)p.lost);
	}
}

static void test_partitions_together(void **state)
{
	struct replay_part p[3] = {
		{.high = 100, .has_row = 1, .next = 80, .end = 80},
		{.high = 100, .has_row = 1, .next = 10, .end = 80},
		{.high = 50}, /* the topic has grown */
	};

	(void)state;
	assert_int_equal(replay_decide(p, 3, 0, 0, 0), REPLAY_GOES_ON);
	assert_true(p[0].next == 80 && p[0].end == 80);
	assert_true(p[1].next == 10 && p[1].end == 80);
	assert_true(p[2].start == 50 && p[2].next == 50 && p[2].end == 50);
	p[1].next = 80;
	p[2].has_row = 0;
	assert_int_equal(replay_decide(p, 3, 0, 0, 0), REPLAY_BEGINS);
	assert_true(p[0].next == 0 && p[1].next == 0 && p[2].next == 0 && p[2].end == 50);
}

/* Whatever was stored: 0 <= start <= next <= end, and nothing beyond the topic's end is waited for.
 */
static void test_every_small_world(void **state)
{
	(void)state;
	for (int64_t low = 0; low < 4; low++)
		for (int64_t high = low; high < 5; high++)
			for (int64_t from = low; from <= high; from++)
				for (int64_t next = 0; next < 5; next++)
					for (int64_t end = next; end < 5; end++)
						for (int flags = 0; flags < 8; flags++) {
							struct replay_part p = {.low = low,
										.high = high,
										.from = from,
										.has_row =
											flags & 1,
										.next = next,
										.end = end};
							enum replay_begun begun = replay_decide(
								&p, 1, (flags & 2) != 0,
								(flags & 4) != 0, 0);

							assert_true(0 <= p.start &&
								    p.start <= p.next &&
								    p.next <= p.end);
							assert_true(
								p.next == p.end ||
								(p.end <= high && p.next >= low));
							assert_true(p.lost >= 0);
							if (begun != REPLAY_GOES_ON)
								assert_true(p.start == from &&
									    p.next == from &&
									    p.end == high);
							else
								assert_true(p.next ==
									    next + p.lost);
						}
}

/* ---- a partition with an end */

static void start(struct partitions *ps, int32_t id, int64_t offset, int64_t end)
{
	partitions_start(
		ps, id,
		&(struct partition_start){.offset = offset, .end = end, .position = offset});
}

static void test_a_partition_ends(void **state)
{
	const int32_t ids[] = {3, 5};
	struct partitions *ps = partitions_new();
	const struct partition *p;

	(void)state;
	assert_false(partitions_are_done(ps));
	partitions_set(ps, ids, 2);
	start(ps, 5, 7, INT64_MAX);
	start(ps, 3, 10, 12);
	p = partitions_find(ps, 3);
	assert_int_equal(partition_judge(p, 10), ARRIVES_NEXT);
	partitions_take(ps, 3, 11, 0);
	assert_int_equal(p->state, PARTITION_READING);
	partitions_take(ps, 3, 12, 0);
	assert_int_equal(p->state, PARTITION_DONE);
	assert_int_equal(partition_judge(p, 12), ARRIVES_IGNORED);
	assert_false(partitions_are_done(ps));
	partitions_take(ps, 5, INT64_MAX - 1, 0); /* the live writer's never ends */
	p = partitions_find(ps, 5);
	assert_int_equal(p->state, PARTITION_READING);
	start(ps, 5, 4, 4);
	assert_int_equal(p->state, PARTITION_DONE);
	assert_true(partitions_are_done(ps));
	partitions_restart(ps);
	assert_false(partitions_are_done(ps));
	partitions_free(ps);
}

/* ---- selections */

static void test_selection(void **state)
{
	struct selection s;

	(void)state;
	assert_int_equal(selection_init(&s, "KRW-ETH KRW-BTC,KRW-ETH", "5m,1m", &err), 0);
	assert_string_equal(s.symbols_sql, "{KRW-BTC,KRW-ETH}");
	assert_string_equal(s.intervals_sql, "{1m,5m}");
	selection_release(&s);
	assert_int_equal(selection_init(&s, NULL, " ,", &err), 0);
	assert_null(s.symbols_sql);
	assert_null(s.intervals_sql);
	selection_release(&s);
	assert_int_equal(selection_init(&s, "KRW-BTC", "1m,7m", &err), -1);
	assert_non_null(strstr(err.text, "'7m' is not one of 1s, 1m"));
	selection_release(&s);
	assert_int_equal(selection_init(&s, "KRW-BTC,{x}", NULL, &err), -1);
	assert_non_null(strstr(err.text, "'{x}' is not a market's name"));
	selection_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_where_it_begins),
		cmocka_unit_test(test_partitions_together),
		cmocka_unit_test(test_every_small_world),
		cmocka_unit_test(test_a_partition_ends),
		cmocka_unit_test(test_selection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
