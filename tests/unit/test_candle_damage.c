/* SPDX-License-Identifier: MIT */
/* Damaged messages: cut, replaced and shuffled bytes never crash the decoder, and what passes is a
 * valid candle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/candle/candle.h"
#include "golden.h"
#include "rng.h"

/* A copy of exactly the right size, so that AddressSanitizer sees a read past the end. */
static enum message_result decode_copy(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct err err = {0};
	struct message m;
	enum message_result result;

	assert_non_null(copy);
	if (len)
		memcpy(copy, text, len);
	result = message_decode(copy, len, &m, &err);
	free(copy);
	if (result == MESSAGE_OK) {
		assert_int_equal(message_validate(&m, &err), 0);
	} else {
		assert_true(strlen(err.text) > 0);
		for (const char *c = err.text; *c; c++)
			assert_true(*c >= ' ' && *c <= '~');
	}
	return result;
}

static void test_cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t len = 0; len < golden_len; len++)
		assert_int_equal(decode_copy(golden, len), MESSAGE_BAD);
	for (size_t from = 1; from < golden_len; from++)
		assert_int_equal(decode_copy(golden + from, golden_len - from), MESSAGE_BAD);
}

static void test_every_byte_replaced(void **state)
{
	(void)state;
	for (size_t at = 0; at < golden_len; at++) {
		char text[FILE_MAX];
		int ok = 0;

		memcpy(text, golden, golden_len);
		for (int byte = 0; byte < 256; byte++) {
			text[at] = (char)byte;
			ok += decode_copy(text, golden_len) == MESSAGE_OK && text[at] != golden[at];
		}
		/* another letter of the symbol or the source, another digit, 1s for 1m: other
		 * candles, but candles */
		assert_true(ok == 0 || strchr("KRWBTCupbitm0123456789.", golden[at]));
		assert_true(ok < 40);
	}
}

/* Bytes put in, taken out and moved at random, several at a time. */
static void test_random_damage(void **state)
{
	static const char dictionary[] =
		"{}[]\":,\\u0001\\ud800\xff\xc3\xa9-0.eE1e400 null true \x01\x00\n";

	(void)state;
	for (int round = 0; round < 30000; round++) {
		char text[4096];
		size_t len = golden_len;

		memcpy(text, golden, len);
		for (int64_t n = 1 + rng_below(6); n > 0 && len > 8; n--) {
			size_t at = (size_t)rng_below((int64_t)len - 4),
			       from = (size_t)rng_below((int64_t)len - 4);

			switch (rng_below(4)) {
			case 0:
				memmove(text + at, text + at + 1, len - at - 1);
				len--;
				break;
			case 1:
				memmove(text + at, text + from,
					1 + (size_t)rng_below(
						    (int64_t)(len - (at > from ? at : from))));
				break;
			case 2:
				text[at] = (char)rng_below(256);
				break;
			default:
				memmove(text + at + 3, text + at, len - at);
				memcpy(text + at,
				       dictionary + rng_below((int64_t)sizeof dictionary - 3), 3);
				len += 3;
			}
		}
		decode_copy(text, len);
	}
}

/* A newer version may have larger messages: they are no dead letters. */
static void test_large_and_newer(void **state)
{
	static const struct {
		const char *begin;
		enum message_result result;
	} cases[] = {
		{"{\"v\":2,", MESSAGE_NEWER},          {"{\"v\":1,", MESSAGE_BAD},
		{"{\"v\":2.5,", MESSAGE_BAD},          {"{\"v\":\"2\",", MESSAGE_BAD},
		{"{ \"v\":2,", MESSAGE_BAD},           {"{\"v\":,", MESSAGE_BAD},
		{"{\"v\":2147483647,", MESSAGE_NEWER}, {"{\"v\":99999999999,", MESSAGE_BAD},
	};
	char text[MESSAGE_MAX_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(text, '2', sizeof text);
		memcpy(text, cases[i].begin, strlen(cases[i].begin));
		assert_int_equal(decode_copy(text, sizeof text), cases[i].result);
	}
	memset(text, '2', sizeof text);
	memcpy(text, "{\"v\":", 5); /* digits to the end of it */
	assert_int_equal(decode_copy(text, sizeof text), MESSAGE_BAD);
}

static void test_size_limit(void **state)
{
	char text[2 * MESSAGE_MAX_BYTES];
	size_t len = golden_len - 1;

	(void)state;
	memcpy(text, golden, len);
	memset(text + len, ' ', sizeof text - len);
	text[MESSAGE_MAX_BYTES - 1] = '}';
	assert_int_equal(decode_copy(text, MESSAGE_MAX_BYTES), MESSAGE_OK);
	text[MESSAGE_MAX_BYTES - 1] = ' ';
	text[MESSAGE_MAX_BYTES] = '}';
	assert_int_equal(decode_copy(text, MESSAGE_MAX_BYTES + 1), MESSAGE_BAD);
	assert_int_equal(decode_copy(NULL, 0), MESSAGE_BAD);
	memset(text, '[', sizeof text);
	assert_int_equal(decode_copy(text, MESSAGE_MAX_BYTES), MESSAGE_BAD);
	for (size_t i = 0; i < MESSAGE_MAX_BYTES; i++)
		text[i] = "1,"[i % 2]; /* grows most when its numbers are put in quotes */
	text[0] = '[';
	text[MESSAGE_MAX_BYTES - 1] = ']';
	assert_int_equal(decode_copy(text, MESSAGE_MAX_BYTES), MESSAGE_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_every_byte_replaced),
		cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_large_and_newer),
	};

	rng_open("test_candle_damage");
	return cmocka_run_group_tests(tests, golden_read, NULL);
}
