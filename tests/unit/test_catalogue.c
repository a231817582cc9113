/* SPDX-License-Identifier: MIT */
/* Which series are ours, what is kept of those that stay, and what the list of markets says of
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/kafka/kafka_ensure.h"
#include "producer/exchange/upbit.h"
#include "producer/newcomers.h"
#include "producer/series/catalogue.h"
#include "producer/series/series_ask.h"
#include "producer/series/series_state.h"
#include "producer/shortfall.h"

enum { MIN = 60000 };

static const int64_t T0 = INT64_C(1700000040000);

/* The letters after "KRW-" that are ours. */
static int ours(const char *symbol, const void *opaque)
{
	return strchr(opaque, symbol[4]) != NULL;
}

struct fixture {
	struct options options;
	struct catalogue *c;
};

static struct catalogue *fill(struct fixture *f, const char *symbols)
{
	struct options *o = &f->options;
	struct err err;

	*o = (struct options){.exchange = &exchange_upbit, .n_intervals = 2};
	o->intervals[0] = interval_by_name("1m");
	o->intervals[1] = interval_by_name("1h");
	assert_int_equal(patterns_parse(symbols, &o->patterns, &err), 0);
	f->c = catalogue_new(o, INT64_MIN, INT64_MAX, &err);
	assert_non_null(f->c);
	return f->c;
}

static void release(struct fixture *f)
{
	catalogue_free(f->c);
	patterns_release(&f->options.patterns);
}

static size_t n_owned(const struct catalogue *c)
{
	size_t n = 0;

	for (struct series *const *s = catalogue_owned(c); *s; s++)
		n++;
	assert_int_equal(n, schedule_size(catalogue_schedule(c)));
	return n;
}

static struct series *owned(const struct catalogue *c, size_t i)
{
	assert_true(i < n_owned(c));
	return catalogue_owned(c)[i];
}

static void look(struct series *s, int64_t from, int64_t to)
{
	struct spans covered = {0};

	spans_add(&covered, from, to);
	series_lookup_began(s);
	series_lookup_ended(s, &covered, T0);
	spans_release(&covered);
}

static void what_stays_is_kept(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *a, *b;
	uint32_t epoch;
	size_t left;

	(void)state;
	c = fill(&f, "KRW-A,KRW-B,KRW-C,KRW-*,!KRW-C");
	assert_int_equal(catalogue_size(c),
			 4); /* C is left out, the pattern brings none by itself */
	assert_int_equal(catalogue_own(c, ours, "AB", &left), 4);
	assert_int_equal(left, 0);
	assert_int_equal(n_owned(c), 4);
	a = owned(c, 0);
	b = owned(c, 2);
	assert_string_equal(a->symbol, "KRW-A");
	assert_string_equal(b->symbol, "KRW-B");
	series_begin(a, T0, 0);
	series_begin(b, T0, 0);
	look(a, T0 - 100 * MIN, T0);
	look(b, T0 - 100 * MIN, T0);
	epoch = b->epoch;

	assert_int_equal(catalogue_own(c, ours, "A", &left), 0);
	assert_int_equal(left, 2);
	assert_int_equal(n_owned(c), 2);
	assert_true(a->looked_up && a->known.all.n == 1); /* as it was */
	assert_false(b->owned || b->begun || b->looked_up);
	assert_int_equal(b->known.all.n, 0);

	assert_int_equal(catalogue_own(c, ours, "AB", &left), 2);
	assert_true(b->owned && !b->looked_up); /* whatever was known of it is somebody else's */
	assert_int_not_equal(b->epoch, epoch);
	assert_true(a->looked_up);
	release(&f);
}

static void a_series_is_added_once(void **state)
{
	struct fixture f;
	struct catalogue *c;

	(void)state;
	c = fill(&f, "KRW-A,KRW-*");
	assert_int_equal(catalogue_add(c, "KRW-A", 1), 0);
	assert_int_equal(catalogue_size(c), 2);
	assert_int_equal(catalogue_add(c, "KRW-N", 1), 2);
	assert_int_equal(catalogue_size(c), 4);
	assert_int_equal(catalogue_add(c, "BTC-N", 1), 0); /* not wanted */
	release(&f);
}

/* List and candles say at that time that it is not there. */
static void not_there(struct series *s, int64_t now_ms, int64_t boot_ms)
{
	series_market(s, 0, 0, now_ms);
	series_not_found(s, now_ms, boot_ms);
}

static void a_delisted_market_ends(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *s;

	(void)state;
	c = fill(&f, "KRW-A");
	catalogue_own(c, ours, "A", NULL);
	s = owned(c, 0);
	assert_int_equal(series_market_judge(s, 0), MARKET_AS_BEFORE); /* no list yet */
	series_begin(s, T0, 0);
	look(s, T0 - 200 * MIN, T0 - 60 * MIN);
	series_market(s, 1, 0, T0);
	assert_int_equal(series_market_judge(s, 0), MARKET_AS_BEFORE);
	/* one list, one answer, and a second ones too soon: nothing is believed */
	not_there(s, T0 + MIN, 0);
	assert_int_equal(series_market_judge(s, 0), MARKET_AS_BEFORE);
	assert_true(series_market_is_doubtful(s));
	not_there(s, T0 + 2 * MIN - 1, 0);
	assert_int_equal(series_market_judge(s, 0), MARKET_AS_BEFORE);
	assert_int_equal(s->wanted_until_ms, INT64_MAX);
	not_there(s, T0 + 2 * MIN, 0);
	assert_int_equal(series_market_judge(s, 0), MARKET_DELISTED);
	assert_int_equal(s->wanted_until_ms,
			 T0 - 60 * MIN); /* what we know ends here, and nothing more is available */
	assert_int_equal(series_market_judge(s, 0), MARKET_AS_BEFORE);
	assert_false(series_market_is_doubtful(s));
	assert_string_equal(series_state(s), "delisted");
	assert_int_equal(series_left(s, T0, NULL), 0);
	assert_int_equal(series_live_due_ms(s, T0 + 600 * MIN), INT64_MAX);
	series_market(s, 1, 0, T0 + 3 * MIN);
	assert_int_equal(series_market_judge(s, 0), MARKET_LISTED_AGAIN);
	assert_int_equal(s->wanted_until_ms, INT64_MAX);
	assert_true(series_missing(s, T0, 0) > 0);
	release(&f);
}

static void one_witness_alone_ends_nothing(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *s;

	(void)state;
	c = fill(&f, "KRW-A");
	catalogue_own(c, ours, "A", NULL);
	s = owned(c, 0);
	series_begin(s, T0, 0);
	look(s, T0 - 200 * MIN, T0 - 60 * MIN);
	series_market(s, 1, 0, T0);
	/* not found, but listed */
	series_not_found(s, T0 + MIN, 0);
	assert_int_equal(series_missing(s, T0, 1000), 0);
	assert_true(series_missing(s, T0, 5000) > 0); /* asked again after 5 s */
	for (int64_t i = 0, boot = 5000; i < 100; i++) {
		series_not_found(s, T0 + (2 + i) * MIN, boot);
		series_market(s, 1, 0, T0 + (2 + i) * MIN);
		assert_int_equal(series_market_judge(s, boot), MARKET_AS_BEFORE);
		boot += 60 * 1000;
		assert_true(series_missing(s, T0, boot) > 0); /* ... and within a minute, ever */
	}
	/* not listed, but found */
	series_market(s, 1, 0, T0 + 200 * MIN);
	for (int i = 0; i < 100; i++) {
		market_found(&s->market, T0 + (201 + i) * MIN + 1);
		series_market(s, 0, 0, T0 + (201 + i) * MIN);
		assert_int_equal(series_market_judge(s, 0), MARKET_AS_BEFORE);
	}
	assert_string_equal(series_state(s), "ok");
	release(&f);
}

/* A short list: what lacks many is believed after ten minutes. */
static void many_at_once_take_longer(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *s;

	(void)state;
	c = fill(&f, "KRW-A");
	catalogue_own(c, ours, "A", NULL);
	s = owned(c, 0);
	series_begin(s, T0, 0);
	look(s, T0 - 200 * MIN, T0 - 60 * MIN);
	series_market(s, 1, 0, T0);
	for (int i = 1; i < 11; i++) {
		series_market(s, 0, i == 1, T0 + i * MIN);
		series_not_found(s, T0 + i * MIN, 0);
		assert_int_equal(series_market_judge(s, 0), MARKET_AS_BEFORE);
	}
	not_there(s, T0 + 11 * MIN, 0);
	assert_int_equal(series_market_judge(s, 0), MARKET_DELISTED);
	release(&f);
}

/* While it is in question nothing is asked for but what confirms it. */
static void what_is_asked_of_a_doubtful_market(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *s;

	(void)state;
	c = fill(&f, "KRW-A");
	catalogue_own(c, ours, "A", NULL);
	s = owned(c, 0);
	series_begin(s, T0, 0);
	look(s, T0 - 200 * MIN, T0 - 60 * MIN);
	series_market(s, 1, 0, T0);
	market_found(&s->market, T0 + 1);
	series_market(s, 0, 0, T0 + MIN);
	assert_int_equal(series_live_due_ms(s, T0 + MIN), T0 + MIN); /* its candles, at once */
	assert_int_equal(series_missing(s, T0 + MIN, 0), 0);
	series_not_found(s, T0 + MIN + 500, 0);
	assert_int_equal(series_live_due_ms(s, T0 + MIN + 600), T0 + 2 * MIN + 500);
	/* they are there: as ever */
	market_found(&s->market, T0 + 2 * MIN + 500);
	assert_true(series_missing(s, T0 + 2 * MIN + 600, 60000) > 0);
	release(&f);
}

/* Delisted while nobody looked: only the database knows that it was there. */
static void one_that_is_stored_was_delisted(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *s;

	(void)state;
	c = fill(&f, "KRW-A");
	catalogue_own(c, ours, "A", NULL);
	s = owned(c, 0);
	not_there(s, T0 - 2 * MIN, 0);
	/* not known yet: that is not said of what may have been there */
	assert_int_equal(series_market_judge(s, 1000), MARKET_AS_BEFORE);
	not_there(s, T0 - MIN, 0);
	series_begin(s, T0, 0);
	look(s, T0 - 200 * MIN, T0 - 60 * MIN);
	assert_int_equal(series_market_judge(s, 3000), MARKET_DELISTED);
	release(&f);
}

/* What is missing before the delisting is not available; what was heard survives a takeover. */
static void what_is_missing_of_a_delisted_market_is_settled(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *s;
	struct evidence evidence;
	struct wanted wanted;

	(void)state;
	c = fill(&f, "KRW-A");
	catalogue_own(c, ours, "A", NULL);
	s = owned(c, 0);
	series_begin(s, T0, 0);
	look(s, T0 - 100 * MIN, T0 - 60 * MIN);
	series_market(s, 1, 0, T0);
	not_there(s, T0 + MIN, 0);
	series_evidence(s, &evidence);
	series_wanted(s, &wanted);

	series_leave(s);
	memset(&s->market, 0, sizeof s->market); /* another process */
	series_take(s);
	series_begin(s, T0 + 2 * MIN, 0);
	not_there(s, T0 + 2 * MIN, 0);
	series_wanted_is(s, &wanted);
	series_evidence_is(s, &evidence);
	look(s, T0 - 100 * MIN, T0 - 60 * MIN);
	assert_int_equal(series_market_judge(s, 0), MARKET_DELISTED);
	assert_int_equal(series_left(s, T0 + 2 * MIN, NULL), 0);
	assert_int_equal(series_unrecoverable(s, T0 + 2 * MIN), 100); /* 200 were wanted */
	release(&f);
}

/* A takeover of one that was delisted long ago, of which nothing is stored: the database knows. */
static void one_that_was_delisted_stays_so(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *s;
	struct wanted wanted;

	(void)state;
	c = fill(&f, "KRW-A");
	catalogue_own(c, ours, "A", NULL);
	s = owned(c, 0);
	series_market(s, 0, 0, T0);
	assert_true(series_is_unproven(s));
	series_begin(s, T0, 0);
	not_there(s, T0 + 1, 0);
	series_wanted(s, &wanted);
	assert_false(wanted.looked_up);
	wanted.until_ms = T0 - 1000 * MIN;
	series_wanted_is(s, &wanted);
	look(s, 0, 0);
	assert_int_equal(series_market_judge(s, 1000), MARKET_AS_BEFORE);
	assert_string_equal(series_state(s), "delisted");
	assert_false(series_is_unproven(s));
	release(&f);
}

/* The list may lie: candles that are found prove it. */
static void candles_prove_a_market(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *s;

	(void)state;
	c = fill(&f, "KRW-A");
	catalogue_own(c, ours, "A", NULL);
	s = owned(c, 0);
	assert_false(series_is_unproven(s)); /* no list yet */
	series_begin(s, T0, 0);
	look(s, 0, 0);
	not_there(s, T0, 0);
	assert_true(series_is_unproven(s));
	market_found(&s->market, T0 + 1000);
	assert_false(series_is_unproven(s));
	assert_int_equal(series_market_judge(s, 1000), MARKET_AS_BEFORE);
	release(&f);
}

static void one_that_never_was_is_unknown(void **state)
{
	struct fixture f;
	struct catalogue *c;
	struct series *s;

	(void)state;
	c = fill(&f, "KRW-A");
	catalogue_own(c, ours, "A", NULL);
	s = owned(c, 0);
	series_begin(s, T0, 0);
	look(s, 0, 0);
	not_there(s, T0, 1000);
	assert_int_equal(series_market_judge(s, 1000), MARKET_UNKNOWN);
	assert_string_equal(series_state(s), "unknown market");
	assert_int_equal(s->wanted_until_ms, INT64_MAX);
	not_there(s, T0 + MIN, 61000);
	assert_int_equal(series_missing(s, T0, 61000 + MARKET_GONE_MS - 1), 0); /* for an hour */
	assert_int_equal(series_market_judge(s, 1000 + MARKET_GONE_MS), MARKET_UNKNOWN);
	series_market(s, 1, 0, T0 + 2 * MIN);
	market_found(&s->market, T0 + 2 * MIN);
	assert_int_equal(series_market_judge(s, 2000 + MARKET_GONE_MS), MARKET_AS_BEFORE);
	assert_true(series_missing(s, T0, 2000 + MARKET_GONE_MS) > 0);
	release(&f);
}

/* As Java's default partitioner: the vectors of murmur2 in Kafka's own UtilsTest, made positive. */
static void partitions_as_in_java(void **state)
{
	(void)state;
	assert_int_equal(kafka_partition_of("21", INT32_MAX), -973932308 & INT32_MAX);
	assert_int_equal(kafka_partition_of("foobar", INT32_MAX), -790332482 & INT32_MAX);
	assert_int_equal(kafka_partition_of("a-little-bit-long-string", INT32_MAX),
			 -985981536 & INT32_MAX);
	assert_int_equal(kafka_partition_of("KRW-BTC", 1), 0);
}

/* "A03B02" is the list of A00, A01, A02 and B00, B01. Returns how many are to be followed. */
static size_t judge(struct newcomers *n, const char *lists, size_t followed, int64_t now_ms)
{
	struct markets fresh;
	size_t kept;

	markets_init(&fresh, 100);
	for (; *lists; lists += 3)
		for (int i = 0; i < 10 * (lists[1] - '0') + lists[2] - '0'; i++) {
			char name[SYMBOL_BYTES];

			snprintf(name, sizeof name, "KRW-%c%02d", *lists, i);
			markets_add(&fresh, name);
		}
	kept = fresh.n - newcomers_judge(n, &fresh, followed, now_ms);
	assert_int_equal(fresh.n, kept);
	markets_release(&fresh);
	return kept;
}

static void many_newcomers_need_two_lists(void **state)
{
	struct newcomers n = {0};

	(void)state;
	/* few, the first list, and few beside those that are followed */
	assert_int_equal(judge(&n, "A03", 1, 0), 3);
	assert_int_equal(judge(&n, "A90", 0, 0), 90);
	assert_int_equal(judge(&n, "A10", 200, 0), 10);
	/* a minute later the same: followed; what that list alone has waits in its turn */
	assert_int_equal(judge(&n, "A11", 200, 1000), 0);
	assert_int_equal(judge(&n, "A11", 200, 60999), 0);
	assert_int_equal(judge(&n, "A11B30", 200, 61000), 11);
	assert_int_equal(judge(&n, "B30", 211, 62000), 0);
	assert_int_equal(judge(&n, "B30", 211, 121999), 0);
	/* gone between: forgotten */
	assert_int_equal(judge(&n, "", 211, 122000), 0);
	assert_int_equal(judge(&n, "B30", 211, 123000), 0);
	newcomers_release(&n);
}

/* The first list counts; one that is long or short alone does not; what lasts does. */
static void a_list_is_short_of_what_two_had(void **state)
{
	static const struct {
		size_t n;
		int is_short;
		int64_t after_ms;
	} lists[] = {
		{240, 0, 0},      {120, 1, 60000}, {240, 0, 60000}, {3000, 0, 60000},
		{240, 0, 60000},  {230, 0, 60000}, {3, 1, 60000},   {0, 1, 60000},
		{241, 0, 60000},  {300, 0, 60000}, {299, 0, 60000}, {240, 1, 60000},
		{240, 1, 599999}, {240, 0, 1},     {240, 0, 60000}, {200, 1, 60000},
		{240, 0, 700000}, {200, 1, 60000},
	};
	struct shortfall s = {0};
	int64_t now_ms = 1;

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		now_ms += lists[i].after_ms;
		if (shortfall_judge(&s, lists[i].n, now_ms) != lists[i].is_short)
			fail_msg("list %zu, of %zu markets", i, lists[i].n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_newcomers_need_two_lists),
		cmocka_unit_test(a_list_is_short_of_what_two_had),
		cmocka_unit_test(what_stays_is_kept),
		cmocka_unit_test(a_series_is_added_once),
		cmocka_unit_test(a_delisted_market_ends),
		cmocka_unit_test(one_witness_alone_ends_nothing),
		cmocka_unit_test(many_at_once_take_longer),
		cmocka_unit_test(what_is_asked_of_a_doubtful_market),
		cmocka_unit_test(one_that_is_stored_was_delisted),
		cmocka_unit_test(what_is_missing_of_a_delisted_market_is_settled),
		cmocka_unit_test(one_that_was_delisted_stays_so),
		cmocka_unit_test(candles_prove_a_market),
		cmocka_unit_test(one_that_never_was_is_unknown),
		cmocka_unit_test(partitions_as_in_java),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
