/* SPDX-License-Identifier: MIT */
/* Who a member of the producers' group is, by its client.id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/candle/interval.h"
#include "producer/kafka/members.h"

struct wants {
	const char *symbols, *interval;
	int64_t since_ms, version;
};

static const struct wants base = {"KRW-BTC,!KRW-ETH", "1m", 0, 0};

static void id_of(struct wants w, char out[MEMBERS_ID_BYTES])
{
	const struct interval *iv = interval_by_name(w.interval);
	struct patterns p;
	struct err err;

	assert_int_equal(patterns_parse(w.symbols, &p, &err), 0);
	members_client_id(&p, &iv, 1, w.since_ms, w.version, out);
	patterns_release(&p);
}

static struct members seen(struct wants by, const char *other)
{
	struct members m = {0};
	char id[MEMBERS_ID_BYTES];

	id_of(by, id);
	members_add(&m, id, other, "/10.0.0.1");
	return m;
}

static struct members compared(struct wants by, struct wants other)
{
	char id[MEMBERS_ID_BYTES];

	id_of(other, id);
	return seen(by, id);
}

static void the_same_settings_agree_whatever_their_version(void **state)
{
	struct wants higher = base;
	struct members m = compared(base, base);

	(void)state;
	assert_int_equal(m.n, 1);
	assert_int_equal(m.different.n + m.older.n + m.newer.n + m.strangers.n, 0);
	m = compared(base, (struct wants){"!KRW-ETH KRW-BTC", "1m", 0, 0}); /* in any order */
	assert_int_equal(m.different.n, 0);
	higher.version = 3;
	m = compared(base, higher);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.different.n + m.older.n + m.newer.n + m.strangers.n, 0);
}

static void each_setting_makes_a_difference(void **state)
{
	static const struct wants others[] = {{"KRW-BTC,KRW-ETH", "1m", 0, 0},
					      {"KRW-BTC", "1m", 0, 0},
					      {"KRW-BTC,!KRW-ETH", "1M", 0, 0},
					      {"KRW-BTC,!KRW-ETH", "1m", 60000, 0},
					      {"KRW-BTC,!KRW-ETH", "1m", INT64_MIN, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(compared(base, others[i]).different.n, 1);
}

static void of_two_that_differ_the_higher_version_is_newer(void **state)
{
	struct wants a = base, b = {"KRW-XRP", "1m", 0, 10};
	struct members m;

	(void)state;
	a.version = 9;
	m = compared(a, b);
	assert_int_equal(m.newer.n, 1);
	assert_int_equal(m.older.n + m.different.n, 0);
	m = compared(b, a);
	assert_int_equal(m.older.n, 1);
	assert_int_equal(m.newer.n + m.different.n, 0);
	b.version = 9;
	m = compared(a, b);
	assert_int_equal(m.different.n, 1);
}

static void other_programs_are_strangers(void **state)
{
	static const char *const others[] = {"rdkafka",
					     "",
					     "gapless-writer",
					     "gapless-producer",
					     "gapless-producer.",
					     "gapless-producer.cafe",
					     "gapless-producer.CAFECAFE",
					     "gapless-producer.0123456789",
					     "my-gapless-producer.01234567"};

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct members m = seen(base, others[i]);

		assert_int_equal(m.strangers.n, 1);
		assert_int_equal(m.n + m.different.n + m.older.n + m.newer.n, 0);
		assert_non_null(strstr(m.strangers.text, others[i]));
		assert_non_null(strstr(m.strangers.text, "/10.0.0.1"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_settings_agree_whatever_their_version),
		cmocka_unit_test(each_setting_makes_a_difference),
		cmocka_unit_test(of_two_that_differ_the_higher_version_is_newer),
		cmocka_unit_test(other_programs_are_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
