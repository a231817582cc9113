/* SPDX-License-Identifier: MIT */
/* Names and patterns of markets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "producer/pattern.h"

static void expect(const char *text, const char *symbol, int wanted)
{
	struct patterns p;
	struct err err;

	assert_int_equal(patterns_parse(text, &p, &err), 0);
	assert_int_equal(patterns_match(&p, symbol), wanted);
	patterns_release(&p);
}

static void names_and_patterns(void **state)
{
	(void)state;
	expect("KRW-BTC", "KRW-BTC", 1);
	expect("KRW-BTC", "KRW-BTCX", 0);
	expect("KRW-BTC,KRW-ETH", "KRW-ETH", 1);
	expect(" KRW-BTC\n,\tKRW-ETH ", "KRW-ETH", 1);
	expect("KRW-*", "KRW-ETH", 1);
	expect("KRW-*", "BTC-ETH", 0);
	expect("*-ETH", "BTC-ETH", 1);
	expect("KRW-?TC", "KRW-BTC", 1);
	expect("KRW-?TC", "KRW-BBTC", 0);
	expect("*", "USDT-XRP", 1);
}

static void exclusions_win_wherever_they_stand(void **state)
{
	(void)state;
	expect("KRW-*,!KRW-DOGE", "KRW-DOGE", 0);
	expect("!KRW-DOGE,KRW-*", "KRW-DOGE", 0);
	expect("KRW-*,!KRW-DOGE", "KRW-BTC", 1);
	expect("KRW-BTC,!*-BTC", "KRW-BTC", 0);
	expect("*,!KRW-*", "BTC-ETH", 1);
}

static void refuse(const char *text, const char *says)
{
	struct patterns p;
	struct err err = {0};

	assert_int_equal(patterns_parse(text, &p, &err), -1);
	assert_int_equal(err.class, ERR_FATAL);
	if (!strstr(err.text, says))
		fail_msg("'%s' does not say '%s'", err.text, says);
	patterns_release(&p);
}

static void what_is_none(void **state)
{
	(void)state;
	refuse("", "no market is named");
	refuse(" , ", "no market is named");
	refuse("!KRW-BTC", "no market is named");
	refuse("krw-btc", "'krw-btc' is not a market's name; did you mean KRW-BTC?");
	refuse("KRW-ETH,!krw-*", "did you mean !KRW-*?");
	refuse("KRW-BTC,krw-*", "'krw-*' is not");
	refuse("KRWBTC", "'KRWBTC'");
	refuse("!", "'!'");
	refuse("!!KRW-BTC", "'!!KRW-BTC'");
	refuse("KRW-[AB]", "'KRW-[AB]'");
	refuse("KRW-BTC\xff", "is not a market's name");
	refuse("KRW-ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ*", "is not a market's name");
}

static void the_same_list_in_another_order_is_the_same(void **state)
{
	struct patterns a, b;
	struct err err;

	(void)state;
	assert_int_equal(patterns_parse("KRW-ETH,!KRW-X,KRW-BTC", &a, &err), 0);
	assert_int_equal(patterns_parse("KRW-BTC KRW-ETH !KRW-X KRW-BTC", &b, &err), 0);
	assert_int_equal(a.n, 3);
	assert_int_equal(b.n, 3);
	for (size_t i = 0; i < a.n; i++) {
		assert_string_equal(a.v[i].text, b.v[i].text);
		assert_int_equal(a.v[i].exclude, b.v[i].exclude);
	}
	assert_false(patterns_are_wild(&a));
	patterns_release(&a);
	patterns_release(&b);
	assert_int_equal(patterns_parse("KRW-BTC,!KRW-*", &a, &err), 0);
	assert_false(patterns_are_wild(&a));
	patterns_release(&a);
	assert_int_equal(patterns_parse("KRW-BTC,BTC-*", &a, &err), 0);
	assert_true(patterns_are_wild(&a));
	patterns_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_patterns),
		cmocka_unit_test(exclusions_win_wherever_they_stand),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(the_same_list_in_another_order_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
