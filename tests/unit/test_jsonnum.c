/* SPDX-License-Identifier: MIT */
/* The pass before cJSON: numbers in marked quotes, nothing else changed, what JSON forbids refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/jsonnum.h"
#include "rng.h"

#define M "\x01" /* JSON_NUMBER_MARK */

enum { WORK_BYTES = 1 << 20 };

static void test_quotes_numbers_and_nothing_else(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"", ""},
		{"1", "\"" M "1\""},
		{"[-0.5e+10,0]", "[\"" M "-0.5e+10\",\"" M "0\"]"},
		{"{\"v\":1,\"open\":\"1.5\"}", "{\"v\":\"" M "1\",\"open\":\"1.5\"}"},
		{"{ \"a\" : 306095.1228293561797048 }",
		 "{ \"a\" : \"" M "306095.1228293561797048\" }"},
		{"[\"12\",\"a\\\"3\",\"4\\\\\",5]", "[\"12\",\"a\\\"3\",\"4\\\\\",\"" M "5\"]"},
		{"[true,false,null,\"\"]", "[true,false,null,\"\"]"},
		{"\t\r\n [1 ,\n2\r]", "\t\r\n [\"" M "1\" ,\n\"" M "2\"\r]"},
		{"[\"\xea\xb0\x80\",1]", "[\"\xea\xb0\x80\",\"" M "1\"]"},
		/* broken structure is left for cJSON to judge */
		{"[1 2", "[\"" M "1\" \"" M "2\""},
		{"{]", "{]"},
	};
	struct err err;
	struct buf out;

	(void)state;
	buf_init(&out, WORK_BYTES);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&out);
		assert_int_equal(json_quote_numbers(rows[i].in, strlen(rows[i].in), &out, &err), 0);
		assert_int_equal(out.len, strlen(rows[i].out));
		assert_memory_equal(out.data ? out.data : "", rows[i].out, out.len);
	}
	buf_clear(&out);
	assert_int_equal(buf_append(&out, "before ", 7), 0);
	assert_int_equal(json_quote_numbers("[7]", 3, &out, &err), 0);
	assert_string_equal(out.data, "before [\"" M "7\"]");
	buf_release(&out);
}

/* Each byte at each place of a string: strings are read by eight bytes and by one. */
static void test_every_byte_of_a_string(void **state)
{
	char text[] = "\"0123456789ABCDEF012\"";
	struct err err;
	struct buf out;

	(void)state;
	buf_init(&out, WORK_BYTES);
	for (size_t at = 1; at < sizeof text - 2; at++) {
		char was = text[at];

		for (int c = 0; c < 256; c++) {
			int plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';

			text[at] = (char)c;
			buf_clear(&out);
			assert_int_equal(json_quote_numbers(text, sizeof text - 1, &out, &err),
					 plain ? 0 : -1);
			if (plain)
				assert_string_equal(out.data, text);
		}
		text[at] = was;
	}
	buf_release(&out);
}

static void test_names_the_byte(void **state)
{
	static const struct {
		const char *in, *sentence;
	} rows[] = {
		{"[01]", "The text is not valid JSON: a malformed number at byte 1."},
		{"[1, 2.]", "The text is not valid JSON: a malformed number at byte 4."},
		{"[\"ab\x1f\"]",
		 "The text is not valid JSON: a control character in a string at byte 4."},
		{"[\"\xc3(\"]", "The text is not valid JSON: invalid UTF-8 at byte 2."},
		{"[\"abc", "The text is not valid JSON: a string without end at byte 5."},
		{"[\"abc\\\"]", "The text is not valid JSON: a string without end at byte 8."},
		{"\xef\xbb\xbf[]",
		 "The text is not valid JSON: a byte that does not belong outside a string at byte 0."},
		{"{1:2}", "The text is not valid JSON: a number in place of a key at byte 1."},
		{"{1 :2}", "The text is not valid JSON: a number in place of a key at byte 1."},
	};
	struct err err;
	struct buf out;

	(void)state;
	buf_init(&out, WORK_BYTES);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(json_quote_numbers(rows[i].in, strlen(rows[i].in), &out, &err),
				 -1);
		assert_int_equal(err.class, ERR_INPUT);
		assert_string_equal(err.text, rows[i].sentence);
	}
	assert_int_equal(json_quote_numbers("[01]", 4, &out, NULL), -1);
	buf_release(&out);
}

static void test_limits(void **state)
{
	char deep[2 * JSON_DEPTH_MAX + 2], number[JSON_NUMBER_MAX + 1];
	struct err err;
	struct buf out;

	(void)state;
	buf_init(&out, WORK_BYTES);
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(json_quote_numbers(deep, sizeof deep, &out, &err), -1);
	assert_int_equal(json_quote_numbers(deep + 1, sizeof deep - 2, &out, &err), 0);
	memset(number, '7', sizeof number);
	assert_int_equal(json_quote_numbers(number, JSON_NUMBER_MAX + 1, &out, &err), -1);
	assert_int_equal(json_quote_numbers(number, JSON_NUMBER_MAX, &out, &err), 0);
	buf_release(&out);
	buf_init(&out, 11); /* ["?1","?2"] */
	assert_int_equal(json_quote_numbers("[1,2]", 5, &out, &err), 0);
	buf_release(&out);
	buf_init(&out, 10);
	assert_int_equal(json_quote_numbers("[1,2]", 5, &out, &err), -1);
	assert_int_equal(err.class, ERR_INPUT);
	buf_release(&out);
}

static void test_parse(void **state)
{
	static const char text[] =
		" {\"a\":1.50,\"b\":\"1.50\",\"c\":[-9223372036854775808,9223372036854775807],"
		"\"d\":null,\"e\":9223372036854775808,\"f\":1e3,\"g\":-0} ";
	const cJSON *c;
	struct err err;
	struct buf work;
	cJSON *tree;
	int64_t n = 7;

	(void)state;
	buf_init(&work, WORK_BYTES);
	tree = json_parse(text, strlen(text), &work, &err);
	assert_non_null(tree);
	assert_int_equal(json_check_keys(tree, &err), 0);
	assert_string_equal(json_number_text(cJSON_GetObjectItemCaseSensitive(tree, "a")), "1.50");
	assert_null(json_string_text(cJSON_GetObjectItemCaseSensitive(tree, "a")));
	assert_int_equal(json_number_int64(cJSON_GetObjectItemCaseSensitive(tree, "a"), &n), -1);
	assert_string_equal(json_string_text(cJSON_GetObjectItemCaseSensitive(tree, "b")), "1.50");
	assert_null(json_number_text(cJSON_GetObjectItemCaseSensitive(tree, "b")));
	c = cJSON_GetObjectItemCaseSensitive(tree, "c");
	assert_null(json_number_text(c));
	assert_null(json_string_text(c));
	assert_int_equal(json_number_int64(cJSON_GetArrayItem(c, 0), &n), 0);
	assert_true(n == INT64_MIN);
	assert_int_equal(json_number_int64(cJSON_GetArrayItem(c, 1), &n), 0);
	assert_true(n == INT64_MAX);
	assert_null(json_string_text(cJSON_GetObjectItemCaseSensitive(tree, "d")));
	assert_int_equal(json_number_int64(cJSON_GetObjectItemCaseSensitive(tree, "e"), &n), -1);
	assert_int_equal(json_number_int64(cJSON_GetObjectItemCaseSensitive(tree, "f"), &n), -1);
	assert_int_equal(json_number_int64(cJSON_GetObjectItemCaseSensitive(tree, "g"), &n), 0);
	assert_int_equal(n, 0);
	assert_null(json_number_text(NULL));
	assert_null(json_string_text(NULL));
	assert_int_equal(json_number_int64(NULL, &n), -1);
	cJSON_Delete(tree);
	buf_release(&work);
}

static void test_parse_refuses(void **state)
{
	static const char *const rows[] = {"",      " ",          "{",         "}",    "[1,]",
					   "[1 2]", "{\"a\":1,}", "{\"a\"}",   "[1]]", "[1]x",
					   "nul",   "tru",        "[nan]",     "'a'",  "{a:1}",
					   "[1]//", "\"a",        "[\"a\" 1]", "]["};
	struct err err;
	struct buf work;

	(void)state;
	buf_init(&work, WORK_BYTES);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		err_clear(&err);
		if (json_parse(rows[i], strlen(rows[i]), &work, &err))
			fail_msg("%s is taken for JSON", rows[i]);
		assert_int_equal(err.class, ERR_INPUT);
		assert_true(strlen(err.text) > 0);
	}
	assert_null(json_parse("[11,22,}]", 9, &work, &err));
	assert_non_null(strstr(err.text, "byte 7 of 9"));
	buf_release(&work);
}

static void test_keys(void **state)
{
	static const char twice[] = "{\"a\":1,\"\\u00e9\":2,\"\xc3\xa9\":3}";
	struct buf text, work;
	struct err err;
	cJSON *tree;

	(void)state;
	buf_init(&text, WORK_BYTES);
	buf_init(&work, WORK_BYTES);
	for (int keys = JSON_KEYS_MAX; keys <= JSON_KEYS_MAX + 1; keys++) {
		buf_clear(&text);
		for (int i = 0; i < keys; i++)
			assert_int_equal(buf_printf(&text, "%s\"k%d\":%d", i ? "," : "{", i, i), 0);
		assert_int_equal(buf_append(&text, "}", 1), 0);
		tree = json_parse(text.data, text.len, &work, &err);
		assert_non_null(tree);
		assert_int_equal(json_check_keys(tree, &err), keys > JSON_KEYS_MAX ? -1 : 0);
		cJSON_Delete(tree);
	}
	tree = json_parse(twice, strlen(twice), &work, &err);
	assert_non_null(tree);
	assert_int_equal(json_check_keys(tree, &err), -1);
	assert_string_equal(err.text, "The key \"??\" comes twice in a JSON object.");
	cJSON_Delete(tree);
	buf_release(&text);
	buf_release(&work);
}

/* Random JSON. `plain` gets the text, `quoted` what must come of it. */
static void grow(struct buf *plain, struct buf *quoted, int depth)
{
	static const char *const strings[] = {"\"\"",
					      "\"1\"",
					      "\"a\\\\\"",
					      "\"\\\"2\"",
					      "\"\\u0041\\n\"",
					      "\"\xf0\x9f\x98\x80 3.\"",
					      "\"\\ud83d\\ude00\"",
					      "true",
					      "null"};
	static const char *const numbers[] = {"0",   "-1",        "12.50",
					      "1e9", "-0.000E-7", "123456789012345678901234567890"};
	const char *text;
	int bad = 0;

	switch (depth > 4 ? rng_below(2) : rng_below(4)) {
	case 0:
		text = strings[rng_below(sizeof strings / sizeof *strings)];
		bad = buf_printf(plain, "%s", text) | buf_printf(quoted, "%s", text);
		break;
	case 1:
		text = numbers[rng_below(sizeof numbers / sizeof *numbers)];
		bad = buf_printf(plain, "%s", text) | buf_printf(quoted, "\"" M "%s\"", text);
		break;
	default:
		text = rng_below(2) ? "[]" : "{}";
		bad = buf_append(plain, text, 1) | buf_append(quoted, text, 1);
		for (int64_t n = rng_below(5), i = 0; i < n; i++) {
			const char *comma = i ? " ," : "";

			if (*text == '{')
				bad |= buf_printf(plain, "%s\"%d\":", comma, (int)i) |
				       buf_printf(quoted, "%s\"%d\":", comma, (int)i);
			else
				bad |= buf_printf(plain, "%s", comma) |
				       buf_printf(quoted, "%s", comma);
			grow(plain, quoted, depth + 1);
		}
		bad |= buf_append(plain, text + 1, 1) | buf_append(quoted, text + 1, 1);
	}
	assert_int_equal(bad, 0);
}

static void test_random_json(void **state)
{
	struct buf plain, quoted, out;
	struct err err;

	(void)state;
	buf_init(&plain, WORK_BYTES);
	buf_init(&quoted, WORK_BYTES);
	buf_init(&out, WORK_BYTES);
	for (int round = 0; round < 3000; round++) {
		cJSON *tree;

		buf_clear(&plain);
		buf_clear(&quoted);
		buf_clear(&out);
		grow(&plain, &quoted, 0);
		if (json_quote_numbers(plain.data, plain.len, &out, &err))
			fail_msg("%s: %s", plain.data, err.text);
		assert_string_equal(out.data, quoted.data);
		tree = json_parse(plain.data, plain.len, &out, &err);
		if (!tree)
			fail_msg("%s: %s", plain.data, err.text);
		cJSON_Delete(tree);
		/* cut anywhere, in memory of exactly that size: never a read past the end */
		for (int i = 0; i < 5; i++) {
			size_t len = (size_t)rng_below((int64_t)plain.len + 1);
			char *copy = malloc(len + 1);

			assert_non_null(copy);
			memcpy(copy + 1, plain.data, len);
			tree = json_parse(copy + 1, len, &out, &err);
			cJSON_Delete(tree);
			free(copy);
		}
	}
	buf_release(&plain);
	buf_release(&quoted);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quotes_numbers_and_nothing_else),
		cmocka_unit_test(test_every_byte_of_a_string),
		cmocka_unit_test(test_names_the_byte),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_random_json),
	};

	rng_open("test_jsonnum");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
