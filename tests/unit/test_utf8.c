/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/error.h"
#include "common/text/utf8.h"

static const char korean[] = "비트코인의 가격이 내려갔다"; /* three bytes a syllable */

static int is_valid(const char *text)
{
	uint32_t code;

	for (size_t len = strlen(text), at = 0, n; at < len; at += n) {
		n = utf8_next(text + at, len - at, &code);
		if (n == 0)
			return 0;
	}
	return 1;
}

/* Hands over exactly len bytes, so that ASan sees a read past the end. */
static size_t next(const char *text, size_t len, uint32_t *code, int visible)
{
	char *copy = malloc(len ? len : 1);
	size_t n;

	assert_non_null(copy);
	memcpy(copy, text, len);
	n = visible ? utf8_visible(copy, len) : utf8_next(copy, len, code);
	free(copy);
	return n;
}

static void test_characters(void **state)
{
	static const struct {
		const char *text;
		size_t n; /* 0: not well-formed */
		uint32_t code;
		int visible;
	} cases[] = {
		{"a", 1, 'a', 1},
		{" ", 1, ' ', 1},
		{"~", 1, '~', 1},
		{"\x7f", 1, 0x7f, 0},
		{"\n", 1, '\n', 0},
		{"\x1b", 1, 0x1b, 0},
		{"\xc2\x80", 2, 0x80, 0},
		{"\xc2\x9f", 2, 0x9f, 0},
		{"\xc2\xa0", 2, 0xa0, 1},
		{"\xdf\xbf", 2, 0x7ff, 1},
		{"\xd8\x9c", 2, 0x61c, 0},
		{"\xe0\xa0\x80", 3, 0x800, 1},
		{"비", 3, 0xbe44, 1},
		{"\xe2\x80\xa8", 3, 0x2028, 0},
		{"\xe2\x80\xae", 3, 0x202e, 0},
		{"\xe2\x80\xaf", 3, 0x202f, 1},
		{"\xef\xbb\xbf", 3, 0xfeff, 0},
		{"\xed\x9f\xbf", 3, 0xd7ff, 1},
		{"\xee\x80\x80", 3, 0xe000, 1},
		{"\xf0\x90\x80\x80", 4, 0x10000, 1},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff, 1},
		{"\x80", 0, 0, 0},
		{"\xbf", 0, 0, 0},
		{"\xc0\xaf", 0, 0, 0},
		{"\xc1\xbf", 0, 0, 0},
		{"\xc3(", 0, 0, 0},
		{"\xe0\x9f\xbf", 0, 0, 0},
		{"\xed\xa0\x80", 0, 0, 0},
		{"\xed\xbf\xbf", 0, 0, 0},
		{"\xf0\x8f\xbf\xbf", 0, 0, 0},
		{"\xf4\x90\x80\x80", 0, 0, 0},
		{"\xf5\x80\x80\x80", 0, 0, 0},
		{"\xff", 0, 0, 0},
		{"\xe2\x82(", 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].text);
		uint32_t code = 0;

		assert_int_equal(next(cases[i].text, len, &code, 0), cases[i].n);
		if (cases[i].n)
			assert_int_equal(code, cases[i].code);
		assert_int_equal(next(cases[i].text, len, NULL, 1),
				 cases[i].visible ? cases[i].n : 0);
		for (size_t less = 0; less < cases[i].n; less++)
			assert_int_equal(next(cases[i].text, less, &code, 0), 0);
	}
	assert_int_equal(utf8_next("", 1, &(uint32_t){0}), 1); /* NUL is a character, too */
	assert_int_equal(utf8_visible("", 1), 0);
}

static void test_cut(void **state)
{
	(void)state;
	for (size_t most = 0; most < strlen(korean); most++) {
		char cut[sizeof(korean)] = "";
		size_t n = utf8_cut(korean, most);

		assert_true(n <= most && most - n < 3);
		memcpy(cut, korean, n);
		assert_true(is_valid(cut));
	}
	assert_int_equal(utf8_cut("a\xf0\x9f\x98\x80", 4), 1);
	assert_int_equal(utf8_cut("a\xf0\x9f\x98\x80"
				  "b",
				  5),
			 5);
	assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80\x80", 5), 2); /* nothing to be saved */
}

static void test_repair(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"비트\n\x7f", "비트\n\x7f"},
		{"비\xed\x8a", "비??"},
		{"\xc3\xc3\xa9\xff", "?\xc3\xa9?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[32];

		strcpy(text, cases[i][0]);
		utf8_repair(text);
		assert_string_equal(text, cases[i][1]);
	}
}

static void assert_line(const char *text, size_t size, const char *expected)
{
	char out[64];

	memset(out, 'x', sizeof(out));
	assert_ptr_equal(utf8_line(text, strlen(text), out, size), out);
	assert_string_equal(out, expected);
	assert_int_equal(out[size], 'x');
}

static void test_line(void **state)
{
	(void)state;
	assert_line("", 10, "");
	assert_line(" \n\t ", 10, "");
	assert_line("\n a \r\n b\tc\v\n", 10, "a b c");
	assert_line("say \"no\"", 20, "say \"no\"");
	assert_line("a\x1b[31m\xff\xe2\x80\xae", 20, "a?[31m????");
	assert_line("123456", 10, "123456");
	assert_line("1234567", 10, "123456...");
	assert_line("비트", 10, "비트");
	assert_line("비트a", 10, "비트...");
	assert_line("a비트", 10, "a비...");
	assert_line("ab비트", 10, "ab비...");
	assert_line("abc비트", 10, "abc비...");
	assert_line("abcd비트", 10, "abcd...");
	assert_line("123456\n\n", 10, "123456");
}

static void test_printable(void **state)
{
	char out[PRINTABLE_BYTES], text[100];

	(void)state;
	assert_string_equal(printable("", out), "");
	assert_string_equal(printable(" KRW-BTC\n", out), " KRW-BTC?");
	assert_string_equal(printable("비\x7f", out), "????");
	for (size_t n = 0; n < sizeof(text); n++) {
		memset(text, 'x', n);
		text[n] = 0;
		assert_int_equal(strlen(printable(text, out)), n > 64 ? 67 : n);
		assert_int_equal(strcmp(out + (n > 64 ? 64 : n), n > 64 ? "..." : ""), 0);
	}
}

/* Whatever it is made of, and wherever it is cut: the reason of a dead letter is made of one. */
static void test_errors(void **state)
{
	char text[800];
	struct err err;

	(void)state;
	for (size_t at = 0; at < 4; at++) {
		memset(text, 'x', at);
		text[at] = 0;
		while (strlen(text) + sizeof(korean) <= sizeof(text))
			strcat(text, korean);
		assert_int_equal(err_set(&err, ERR_INPUT, "%s", text), -1);
		assert_int_equal(err.class, ERR_INPUT);
		assert_true(is_valid(err.text));
		assert_in_range(strlen(err.text), sizeof(err.text) - 4, sizeof(err.text) - 1);
		assert_string_equal(err.text + strlen(err.text) - 3, "...");
		err_set(&err, ERR_RETRY, "%.*s: why", (int)at + 3, text);
		assert_true(is_valid(err.text));
		assert_string_equal(err.text + strlen(err.text) - 5, ": why");
	}
	memset(text, 'x', sizeof(err.text) - 1);
	text[sizeof(err.text) - 1] = 0;
	err_set(&err, ERR_INPUT, "%s", text);
	assert_string_equal(err.text, text); /* just fits */
	assert_int_equal(err_set(NULL, ERR_INPUT, "%s", text), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_repair),     cmocka_unit_test(test_line),
		cmocka_unit_test(test_printable),  cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
