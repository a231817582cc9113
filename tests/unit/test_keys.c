/* SPDX-License-Identifier: MIT */
/* The keys of a batch against a naive model: a list that is searched from its start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rng.h"
#include "writer/keys.h"

enum { ROWS_MAX = 4000 };

static struct candle list[ROWS_MAX];
static size_t list_n;

static int same(const struct candle *a, const struct candle *b)
{
	return a->timestamp_ms == b->timestamp_ms && a->interval == b->interval &&
	       strcmp(a->symbol, b->symbol) == 0;
}

static size_t list_row(const struct candle *c, int *is_new)
{
	size_t i = 0;

	while (i < list_n && !same(&list[i], c))
		i++;
	*is_new = i == list_n;
	if (*is_new)
		list[list_n++] = *c;
	return i;
}

static int comes_before(const struct candle *a, const struct candle *b)
{
	int c = strcmp(a->symbol, b->symbol);

	if (c == 0)
		c = strcmp(a->interval->name, b->interval->name);
	return c != 0 ? c < 0 : a->timestamp_ms < b->timestamp_ms;
}

static struct candle random_candle(int64_t symbols, int64_t times)
{
	static const char *const intervals[] = {"1m", "1M", "15m"};
	struct candle c = {.interval = interval_by_name(intervals[rng_below(3)])};

	snprintf(c.symbol, sizeof(c.symbol), "KRW-%d", (int)rng_below(symbols));
	c.timestamp_ms = rng_below(times) * 1000;
	return c;
}

static void fill(struct keys *k, int64_t messages, int64_t symbols, int64_t times)
{
	static unsigned char seen[ROWS_MAX];
	static uint32_t order[ROWS_MAX];

	list_n = 0;
	for (int64_t i = 0; i < messages; i++) {
		struct candle c = random_candle(symbols, times);
		int is_new, expected_new;
		size_t expected = list_row(&c, &expected_new);

		assert_int_equal(keys_row(k, &c, &is_new), expected);
		assert_int_equal(is_new, expected_new);
	}
	assert_int_equal(keys_order(k, order), list_n);
	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < list_n; i++) {
		assert_true(order[i] < list_n && !seen[order[i]]);
		seen[order[i]] = 1;
		assert_true(i == 0 || comes_before(&list[order[i - 1]], &list[order[i]]));
	}
	keys_clear(k);
}

/* More series and more rows than there was room for, few and many of a series, the same again. */
static void test_against_a_list(void **state)
{
	struct keys *k = keys_new(10);

	(void)state;
	for (int round = 0; round < 20; round++) {
		fill(k, rng_below(30), 3, 10);
		fill(k, 1000, 1, 2000);
		fill(k, 1000, 300, 3);
		fill(k, 3000, 40, 100);
	}
	keys_free(k);
	keys_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_a_list),
	};

	rng_open("test_keys");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
