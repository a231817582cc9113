/* SPDX-License-Identifier: MIT */
/* What a person reads on a terminal, and what a program reads as JSON; logfmt is in test_log.c. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "common/base/log_line.h"
#include "common/text/utf8.h"

enum { AT = 1582197540 };

static const struct log_style terminal = {.format = LOG_TERMINAL};
static const struct log_style colours = {.format = LOG_TERMINAL, .colours = 1};
static const struct log_style json = {.format = LOG_JSON};

static const char *line_of(const struct log_style *style, enum log_level level, const char *msg,
			   const struct log_field *fields, int64_t lost)
{
	static struct log_line l;

	log_line_begin(&l, style,
		       &(struct log_event){.wall_ms = (int64_t)AT * 1000 + 678,
					   .level = level,
					   .program = "gapless-writer",
					   .msg = msg,
					   .fields = fields});
	log_line_end(&l, lost);
	assert_true(l.len < sizeof(l.text));
	l.text[l.len] = '\0';
	return l.text;
}

#define FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {LOG_END, 0, 0, 0}})

static void test_a_person_reads(void **state)
{
	(void)state;
	assert_string_equal(line_of(&terminal, LOG_INFO, "hello there", NULL, 0),
			    "11:19:00.678Z info  writer: hello there\n");
	assert_string_equal(
		line_of(&terminal, LOG_ERROR, "a \"quoted\" word",
			FIELDS(L_STR("error", "no such \"host\""), L_INT("n", -3),
			       L_TIME("at", 1582197540000), L_TIME("never", INT64_MIN)),
			7),
		"11:19:00.678Z error writer: a \"quoted\" word  error=\"no such \\\"host\\\"\" "
		"n=-3 at=2020-02-20T11:19:00Z never=none lost_lines=7\n");
}

static void test_colours(void **state)
{
	static const char *const levels[] = {"\033[90mdebug\033[0m", "\033[32minfo \033[0m",
					     "\033[33mwarn \033[0m", "\033[1;31merror\033[0m"};
	char expected[200];

	(void)state;
	for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
		snprintf(expected, sizeof(expected),
			 "\033[90m11:19:00.678Z\033[0m %s writer: m  \033[90mk=\033[0mv\n",
			 levels[level]);
		assert_string_equal(
			line_of(&colours, (enum log_level)level, "m", FIELDS(L_STR("k", "v")), 0),
			expected);
	}
}

/* What a terminal obeys, or a reader takes for another line or another text. */
static const char *const hostile[] = {
	"\033]0;title\a",
	"\033[2J\033[H",
	"a\nts=1 level=error",
	"a\r\nb\tc",
	"\b\b\b\x7f",
	"\xc2\x9b"
	"31m", /* C1 */
	"\x9b"
	"2J", /* C1 as one byte, which is no UTF-8 */
	"\xe2\x80\xae"
	"abc",          /* right to left */
	"\xe2\x80\xa8", /* line separator */
	"\xc3",         /* cut short */
	"\xf4\x90\x80\x80",
	"\xed\xa0\x80",
	"\"quoted\" and \\ and \\n",
};

static void test_nothing_commands_a_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		const char *line = line_of(&terminal, LOG_WARN, hostile[i],
					   FIELDS(L_STR("error", hostile[i])), 0);
		size_t len = strlen(line), step;

		assert_int_equal(line[len - 1], '\n');
		for (size_t k = 0; k < len - 1; k += step) {
			step = utf8_visible(line + k, len - 1 - k);
			assert_int_not_equal(step, 0);
		}
	}
	assert_string_equal(line_of(&terminal, LOG_WARN, "a\n\033[31m\xff", NULL, 0),
			    "11:19:00.678Z warn  writer: a\\n\\x1b[31m\\xff\n");
}

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	assert_non_null(text);
	return text;
}

static void test_json(void **state)
{
	(void)state;
	assert_string_equal(line_of(&json, LOG_INFO, "hello there", NULL, 0),
			    "{\"ts\":\"2020-02-20T11:19:00.678Z\",\"level\":\"info\","
			    "\"program\":\"gapless-writer\",\"msg\":\"hello there\"}\n");
	assert_string_equal(
		strstr(line_of(&json, LOG_INFO, "m",
			       FIELDS(L_STR("s", "비트코인 \"x\""), L_STR("none", NULL),
				      L_INT("n", INT64_MAX), L_TIME("at", 1582197540123),
				      L_TIME("never", INT64_MIN),
				      L_TIME("far", INT64_C(1000000000000000))),
			       2),
		       "\"msg\""),
		"\"msg\":\"m\",\"s\":\"비트코인 \\\"x\\\"\",\"none\":\"\",\"n\":9223372036854775807,"
		"\"at\":\"2020-02-20T11:19:00.123Z\",\"never\":null,\"far\":1000000000000000,"
		"\"lost_lines\":2}\n");
	assert_string_equal(
		strstr(line_of(&json, LOG_INFO, "a\nb\033\xc2\x9b\xe2\x80\xae\xff\\", NULL, 0),
		       "\"msg\""),
		"\"msg\":\"a\\nb\\u001b\\u009b\\u202e\\ufffd\\\\\"}\n");
}

/* It is JSON whatever comes, says the same text where that is text, and stays one line. */
static void test_json_of_anything(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		const char *line =
			line_of(&json, LOG_WARN, hostile[i], FIELDS(L_STR("error", hostile[i])), 0);
		char repaired[64];
		cJSON *object;

		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
		for (const char *c = line; c < line + strlen(line) - 1; c++)
			assert_true((unsigned char)*c >= 0x20);
		object = cJSON_ParseWithOpts(line, NULL, 1);
		assert_non_null(object);
		snprintf(repaired, sizeof(repaired), "%s", hostile[i]);
		utf8_repair(repaired);
		if (strcmp(repaired, hostile[i]) == 0)
			assert_string_equal(text_of(object, "error"), hostile[i]);
		assert_string_equal(text_of(object, "msg"), text_of(object, "error"));
		cJSON_Delete(object);
	}
}

static void test_long_json_ends_whole(void **state)
{
	char text[401];
	const char *line;
	cJSON *object;

	(void)state;
	memset(text, '\1', 400);
	text[400] = '\0';
	line = line_of(&json, LOG_INFO, text,
		       FIELDS(L_STR("a", text), L_STR("b", text), L_INT("never", 1)), INT64_MAX);
	assert_true(strlen(line) <= LOG_LINE_BYTES);
	object = cJSON_ParseWithOpts(line, NULL, 1);
	assert_non_null(object);
	assert_string_equal(text_of(object, "msg"), text);
	assert_null(cJSON_GetObjectItem(object, "never"));
	assert_true(cJSON_GetObjectItem(object, "cut")->valuedouble == 1);
	cJSON_Delete(object);
}

/* A long value is cut between characters, in each format. */
static void test_long_values_are_cut(void **state)
{
	char text[500], expected[600];

	(void)state;
	memset(text, 'x', 399);
	memcpy(text + 399, "\xc3\xa9 and more", sizeof("\xc3\xa9 and more"));
	snprintf(expected, sizeof(expected), "\"msg\":\"%.399s...\"}\n", text);
	assert_string_equal(strstr(line_of(&json, LOG_INFO, text, NULL, 0), "\"msg\""), expected);
	snprintf(expected, sizeof(expected), "writer: %.399s...\n", text);
	assert_string_equal(strstr(line_of(&terminal, LOG_INFO, text, NULL, 0), "writer"),
			    expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_person_reads),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_nothing_commands_a_terminal),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_of_anything),
		cmocka_unit_test(test_long_json_ends_whole),
		cmocka_unit_test(test_long_values_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
