/* SPDX-License-Identifier: MIT */
/* Which series are ours, what is kept of those that stay, and what the list of markets says of
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "producer/exchange/upbit.h"
#include "producer/kafka/members.h"
#include "producer/kafka/topic.h"
#include "producer/series/catalogue.h"
#include "producer/series/series_ask.h"
#include "producer/series/series_state.h"

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

static struct series *owned(const struct catalogue *c, size_t i)
{
	size_t n;
	struct series *const *v = catalogue_owned(c, &n);

	assert_true(i < n);
	return v[i];
}

static size_t n_owned(const struct catalogue *c)
{
	size_t n;

	catalogue_owned(c, &n);
	return n;
}

static void look(struct series *s, int64_t from, int64_t to)
{
	struct spans covered = {0};

	spans_add(&covered, from, to);
	series_lookup_began(s);
	series_lookup_ended(s, &covered, T0, 0);
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
	series_begin(a, T0);
	series_begin(b, T0);
	look(a, T0 - 100 * MIN, T0);
	look(b, T0 - 100 * MIN, T0);
	epoch = b->epoch;

	assert_int_equal(catalogue_own(c, ours, "A", &left), 0);
	assert_int_equal(left, 2);
	assert_int_equal(n_owned(c), 2);
	assert_true(a->looked_up && a->known.n == 1); /* as it was */
	assert_false(b->owned || b->begun || b->looked_up);
	assert_int_equal(b->known.n, 0);

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
	series_begin(s, T0);
	look(s, T0 - 200 * MIN, T0 - 60 * MIN);
	series_market(s, 1);
	assert_int_equal(series_market_judge(s, 0), MARKET_AS_BEFORE);
	series_market(s, 0);
	assert_int_equal(series_market_judge(s, 0), MARKET_DELISTED);
	assert_int_equal(s->wanted_until_ms,
			 T0 - 60 * MIN); /* what we know ends here, and nothing more is available */
	assert_int_equal(series_market_judge(s, 0), MARKET_AS_BEFORE);
	assert_int_equal(series_missing(s, T0, 0), 0);
	assert_int_equal(series_live_due_ms(s, T0 + 600 * MIN), INT64_MAX);
	series_market(s, 1);
	assert_int_equal(series_market_judge(s, 0), MARKET_LISTED_AGAIN);
	assert_int_equal(s->wanted_until_ms, INT64_MAX);
	assert_true(series_missing(s, T0, 0) > 0);
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
	series_market(s, 0);
	assert_int_equal(series_market_judge(s, 1000), MARKET_UNKNOWN); /* so far */
	assert_int_equal(series_market_judge(s, 2000), MARKET_AS_BEFORE);
	series_begin(s, T0);
	look(s, T0 - 200 * MIN, T0 - 60 * MIN);
	assert_int_equal(series_market_judge(s, 3000), MARKET_DELISTED);
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
	series_begin(s, T0);
	look(s, 0, 0);
	series_market(s, 0);
	assert_int_equal(series_market_judge(s, 1000), MARKET_UNKNOWN);
	assert_int_equal(s->wanted_until_ms, INT64_MAX);
	assert_int_equal(series_missing(s, T0, 1000), 0); /* not asked for, for an hour */
	assert_int_equal(series_market_judge(s, 1000 + UNKNOWN_MARKET_MS), MARKET_UNKNOWN);
	series_market(s, 1);
	assert_int_equal(series_market_judge(s, 2000 + UNKNOWN_MARKET_MS), MARKET_AS_BEFORE);
	assert_true(series_missing(s, T0, 2000 + UNKNOWN_MARKET_MS) > 0);
	release(&f);
}

/* As Java's default partitioner: the vectors of murmur2 in Kafka's own UtilsTest, made positive. */
static void partitions_as_in_java(void **state)
{
	(void)state;
	assert_int_equal(topic_partition_of("21", INT32_MAX), -973932308 & INT32_MAX);
	assert_int_equal(topic_partition_of("foobar", INT32_MAX), -790332482 & INT32_MAX);
	assert_int_equal(topic_partition_of("a-little-bit-long-string", INT32_MAX),
			 -985981536 & INT32_MAX);
	assert_int_equal(topic_partition_of("KRW-BTC", 1), 0);
}

static void id_of(const char *symbols, const char *interval, int64_t since_ms, char *out)
{
	const struct interval *ivs[] = {interval_by_name(interval)};
	struct patterns p;
	struct err err;

	assert_int_equal(patterns_parse(symbols, &p, &err), 0);
	members_client_id(&p, ivs, 1, since_ms, out);
	patterns_release(&p);
}

static void an_id_says_what_is_wanted(void **state)
{
	char a[MEMBERS_ID_BYTES], b[MEMBERS_ID_BYTES];

	(void)state;
	id_of("KRW-A,KRW-B", "1m", T0, a);
	id_of("KRW-B KRW-A", "1m", T0, b);
	assert_string_equal(a, b);
	id_of("KRW-A,KRW-B", "3m", T0, b);
	assert_string_not_equal(a, b);
	id_of("KRW-A,KRW-B", "1m", T0 + 1, b);
	assert_string_not_equal(a, b);
	id_of("KRW-A,!KRW-B", "1m", T0, b);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stays_is_kept),
		cmocka_unit_test(a_series_is_added_once),
		cmocka_unit_test(a_delisted_market_ends),
		cmocka_unit_test(one_that_is_stored_was_delisted),
		cmocka_unit_test(one_that_never_was_is_unknown),
		cmocka_unit_test(partitions_as_in_java),
		cmocka_unit_test(an_id_says_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
