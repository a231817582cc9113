/* SPDX-License-Identifier: MIT */
/* The block of JSON trees: pieces do not overlap, and it is empty when all are given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/candle/json_memory.h"
#include "rng.h"

enum { PIECES = 3000 };

static struct {
	unsigned char *bytes;
	size_t len;
} piece[PIECES];

static void take(struct json_block *b, size_t i, size_t len)
{
	piece[i].bytes = json_block_take(b, len);
	piece[i].len = len;
	assert_non_null(piece[i].bytes);
	assert_int_equal((uintptr_t)piece[i].bytes % 16, 0);
	memset(piece[i].bytes, (int)(i % 251), len);
}

static void give_back(struct json_block *b, size_t i)
{
	for (size_t k = 0; k < piece[i].len; k++)
		assert_int_equal(piece[i].bytes[k], i % 251);
	json_block_give_back(b, piece[i].bytes);
	piece[i].bytes = NULL;
}

/* More than the block holds, given back in whatever order. */
static void test_pieces(void **state)
{
	struct json_block b = {0};

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < PIECES; i++)
			take(&b, i, (size_t)rng_below(round % 2 ? 100 : 1000));
		for (size_t from = (size_t)rng_below(PIECES), n = 0; n < PIECES; n++)
			give_back(&b, (from + n * 7) % PIECES);
		assert_int_equal(b.pieces, 0);
		assert_int_equal(b.used, 0);
	}
	json_block_release(&b);
}

static void test_edges(void **state)
{
	struct json_block b = {0};
	void *empty, *large, *first, *second;

	(void)state;
	json_block_give_back(&b, NULL);
	empty = json_block_take(&b, 0);
	large = json_block_take(&b, 8 << 20);
	memset(large, 1, 8 << 20);
	first = json_block_take(&b, 1 << 20); /* all of it */
	second = json_block_take(&b, 1);
	memset(first, 2, 1 << 20);
	memset(second, 3, 1);
	json_block_give_back(&b, first);
	assert_int_equal(b.used, 0);
	json_block_give_back(&b, second);
	json_block_give_back(&b, large);
	json_block_give_back(&b, empty);
	json_block_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_edges),
	};

	rng_open("test_json_memory");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
