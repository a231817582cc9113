/* SPDX-License-Identifier: MIT */
/* A remote server's words, made fit for a sentence. What JSON is refused: test_page_bad.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "producer/exchange/remote.h"

/* Hands over exactly len bytes, so that a read past the end is seen by ASan. */
static void expect_n(const char *text, size_t len, const char *wanted)
{
	char out[REMOTE_TEXT_BYTES], *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	assert_ptr_equal(remote_text(copy, len, out), out);
	assert_string_equal(out, wanted);
	free(copy);
}

static void expect(const char *text, const char *wanted)
{
	expect_n(text, strlen(text), wanted);
}

static void plain_text(void **state)
{
	(void)state;
	expect("", "");
	expect("Code not found", "Code not found");
	expect("say \"no\"", "say 'no'");
	expect("  a \r\n\t b  c \n", "a b c");
	expect(" \n ", "");
	expect("초 é € \U0001f600", "초 é € \U0001f600");
}

static void control_characters(void **state)
{
	(void)state;
	expect("\x1b[31mred\x07\x7f", "?[31mred??");
	expect_n("a\0b", 3, "a?b");
	expect("\xc2\x85next\xc2\x9b", "??next??");
	expect("\xc2\xa0", "\xc2\xa0");
}

static void broken_utf8(void **state)
{
	(void)state;
	expect("\x80", "?");
	expect("\xc3(", "?(");
	expect("\xc0\xaf", "??");
	expect("\xe0\x9f\xbf", "???");
	expect("\xed\xa0\x80", "???");
	expect("\xf0\x8f\xbf\xbf", "????");
	expect("\xf4\x90\x80\x80", "????");
	expect("\xf5\x80\x80\x80", "????");
	/* cut within a character */
	expect("a\xec", "a?");
	expect("a\xec\xb4", "a??");
	expect("a\xf0\x9f\x98", "a???");
}

static void long_text(void **state)
{
	char text[400], out[REMOTE_TEXT_BYTES];

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		memset(text, 'x', sizeof(text));
		remote_text(text, len, out);
		assert_true(strlen(out) < REMOTE_TEXT_BYTES);
		if (len <= 160)
			assert_int_equal(strlen(out), len);
		else
			assert_string_equal(out + 160, "...");
		for (size_t i = 0; i + 3 <= len; i += 3)
			memcpy(text + i, "\xec\xb4\x88", 3);
		remote_text(text, len, out);
		assert_true(strlen(out) < REMOTE_TEXT_BYTES);
	}
}

static void errors(void **state)
{
	static const struct {
		const char *body, *message;
	} cases[] = {
		{"{\"error\":{\"name\":404,\"message\":\"Code not found\"}}", "Code not found"},
		{"{\"error\":{\"name\":404}}", "404"},
		{"{\"error\":{\"name\":\"no_token\",\"message\":7}}", "no_token"},
		{"{\"error\":{}}", "no message"},
		{"{\"error\":\"text\"}", NULL},
		{"{\"Error\":{}}", NULL},
		{"[]", NULL},
		{"[{\"error\":{}}]", NULL},
		{"null", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cJSON *value = remote_json(cases[i].body, strlen(cases[i].body), NULL);
		const char *message = remote_error(value);

		assert_non_null(value);
		if (cases[i].message) {
			assert_non_null(message);
			assert_string_equal(message, cases[i].message);
		} else {
			assert_null(message);
		}
		cJSON_Delete(value);
	}
	assert_null(remote_error(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text),  cmocka_unit_test(control_characters),
		cmocka_unit_test(broken_utf8), cmocka_unit_test(long_text),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
