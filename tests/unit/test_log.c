/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured.h"
#include "common/base/log.h"

/* The line from its level on, without the stamp. */
static const char *after_stamp(const char *line)
{
	int year, month, day, hour, minute, second, ms, used = 0;

	assert_int_equal(sscanf(line, "ts=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day,
				&hour, &minute, &second, &ms, &used),
			 7);
	assert_int_equal(used, (int)strlen("ts=2026-01-02T03:04:05.678Z "));
	return line + used;
}

#define assert_line(expected, ...)                                         \
	do {                                                               \
		capture_begin();                                           \
		log_info(__VA_ARGS__);                                     \
		assert_string_equal(after_stamp(capture_end()), expected); \
	} while (0)

static void test_a_line(void **state)
{
	(void)state;
	assert_line("level=info program=test msg=\"hello there\"\n", "hello there");
	assert_line(
		"level=info program=test msg=\"m\" symbol=KRW-BTC row=-3 big=9223372036854775807\n",
		"m", L_STR("symbol", "KRW-BTC"), L_INT("row", -3), L_INT("big", INT64_MAX));
	assert_line(
		"level=info program=test msg=\"m\" at=2020-02-20T11:19:00Z ms=2020-02-20T11:19:00.123Z unset=none far=1000000000000000\n",
		"m", L_TIME("at", 1582197540000), L_TIME("ms", 1582197540123),
		L_TIME("unset", INT64_MIN), L_TIME("far", INT64_C(1000000000000000)));
}

static void test_nothing_forges_a_line(void **state)
{
	(void)state;
	assert_line(
		"level=info program=test msg=\"a\\nts=1 level=error\\r\" k=\"a\\nlevel=error msg=\\\"x\\\"\"\n",
		"a\nts=1 level=error\r", L_STR("k", "a\nlevel=error msg=\"x\""));
	assert_line(
		"level=info program=test msg=\"m\" back=\"a\\\\b\" tab=\"\\t\" esc=\"\\x1b[31m\" del=\"\\x7f\" none=\"\" null=\"\"\n",
		"m", L_STR("back", "a\\b"), L_STR("tab", "\t"), L_STR("esc", "\x1b[31m"),
		L_STR("del", "\x7f"), L_STR("none", ""), L_STR("null", NULL));
	assert_line(
		"level=info program=test msg=\"m\" space=\"a b\" equals=\"a=b\" plain=a.b/c:1,2\n",
		"m", L_STR("space", "a b"), L_STR("equals", "a=b"), L_STR("plain", "a.b/c:1,2"));
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"비트코인", "비트코인"},
		{"€", "€"},
		{"😀", "😀"},
		{"a\xff", "\"a\\xff\""},
		{"\xc3", "\"\\xc3\""}, /* ends too early */
		{"\xc3(", "\"\\xc3(\""},
		{"\xc0\xaf", "\"\\xc0\\xaf\""}, /* overlong */
		{"\xe0\x9f\xbf", "\"\\xe0\\x9f\\xbf\""},
		{"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},          /* surrogate */
		{"\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\""}, /* beyond U+10FFFF */
		{"\xc2\x9b", "\"\\xc2\\x9b\""},          /* C1: a terminal's control sequence */
		{"\xe2\x80\xa8", "\"\\xe2\\x80\\xa8\""}, /* line separator */
		{"\xe2\x80\xae", "\"\\xe2\\x80\\xae\""}, /* right to left */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char expected[128];

		snprintf(expected, sizeof(expected), "level=info program=test msg=\"m\" k=%s\n",
			 cases[i].shown);
		assert_line(expected, "m", L_STR("k", cases[i].text));
	}
}

static void test_long_values_are_cut(void **state)
{
	char text[1001], expected[1100];

	(void)state;
	memset(text, 'x', 1000);
	text[400] = 0;
	snprintf(expected, sizeof(expected), "level=info program=test msg=\"m\" k=%s\n", text);
	assert_line(expected, "m", L_STR("k", text));
	text[400] = 'x';
	text[1000] = 0;
	snprintf(expected, sizeof(expected), "level=info program=test msg=\"m\" k=\"%.400s...\"\n",
		 text);
	assert_line(expected, "m", L_STR("k", text));
	/* not inside a character: 399 bytes and a two-byte one */
	memcpy(text + 399, "\xc3\xa9", 2);
	snprintf(expected, sizeof(expected), "level=info program=test msg=\"m\" k=\"%.399s...\"\n",
		 text);
	assert_line(expected, "m", L_STR("k", text));
}

static void test_long_lines_end_whole(void **state)
{
	char text[401];
	const char *line;

	(void)state;
	memset(text, '\1', 400);
	text[400] = 0;
	capture_begin();
	log_info(text, L_STR("a", text), L_STR("b", text), L_STR("c", text), L_INT("never", 1));
	line = capture_end();
	assert_true(strlen(line) <= 4096);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_non_null(strstr(line, "\" a=\"\\x01"));
	assert_null(strstr(line, " b="));
	assert_null(strstr(line, "never"));
	assert_string_equal(line + strlen(line) - 8, "\" cut=1\n");
}

static void test_levels(void **state)
{
	(void)state;
	assert_int_equal(log_level_of("debug"), LOG_DEBUG);
	assert_int_equal(log_level_of("warn"), LOG_WARN);
	assert_int_equal(log_level_of("WARN"), -1);
	assert_int_equal(log_level_of(""), -1);

	log_open("test", LOG_WARN);
	capture_begin();
	log_debug("no");
	log_info("no");
	log_warn("yes");
	log_error("yes");
	capture_end();
	assert_null(strstr(captured, "no"));
	assert_non_null(strstr(captured, "level=warn program=test msg=\"yes\"\n"));
	assert_non_null(strstr(captured, "level=error program=test msg=\"yes\"\n"));
	log_open("test", LOG_INFO);
}

enum { THREADS = 4, LINES = 200 };

static void *chatter(void *arg)
{
	char text[301];

	memset(text, *(const char *)arg, 300);
	text[300] = 0;
	for (int i = 0; i < LINES; i++)
		log_info("m", L_STR("k", text));
	return NULL;
}

static void *drain(void *arg)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(*(int *)arg, captured + len, sizeof(captured) - 1 - len)) > 0)
		len += (size_t)n;
	captured[len] = 0;
	return NULL;
}

/* Through a pipe, which gives no whole writes beyond PIPE_BUF. */
static void test_lines_of_threads_do_not_mix(void **state)
{
	static char letters[THREADS] = {'a', 'b', 'c', 'd'};
	pthread_t threads[THREADS], reader;
	int ends[2], lines = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	stderr_to(ends[1]);
	pthread_create(&reader, NULL, drain, &ends[0]);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, chatter, &letters[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	stderr_back();
	pthread_join(reader, NULL);
	close(ends[0]);

	for (char *line = captured, *end; *line; line = end + 1, lines++) {
		const char *k = strstr(after_stamp(line), " k=");

		end = strchr(line, '\n');
		assert_non_null(end);
		assert_ptr_equal(k + 3 + 300, end);
		for (const char *c = k + 3; c < end; c++)
			assert_int_equal(*c, k[3]);
	}
	assert_int_equal(lines, THREADS * LINES);
}

static void test_a_closed_or_full_stderr_is_ignored(void **state)
{
	int ends[2];

	(void)state;
	stderr_to(open("/dev/full", O_WRONLY));
	errno = 77;
	log_error("into a full disk");
	stderr_back();
	assert_int_equal(errno, 77);

	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	stderr_to(ends[1]);
	log_error("nobody reads");
	stderr_back();

	real_stderr = dup(STDERR_FILENO);
	close(STDERR_FILENO);
	log_error("no stderr");
	/* and nothing else gets the number 2, or it would get our lines */
	log_open("test", LOG_INFO);
	ends[0] = open("/dev/null", O_RDONLY);
	assert_true(ends[0] > STDERR_FILENO);
	close(ends[0]);
	stderr_back();
}

/* A reader that stands still costs lines, not the program; the next line says how many. */
static void test_a_stuck_reader_costs_lines(void **state)
{
	int ends[2], all = 2000;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	stderr_to(ends[1]);
	alarm(60);
	for (int i = 0; i < all; i++)
		log_info(
			"a line of some length, which fills the pipe before all of them are written");
	alarm(0);
	n = read(ends[0], captured, sizeof(captured) - 1);
	assert_true(n > 0);
	log_info("goes on");
	stderr_back();
	n = read(ends[0], captured, sizeof(captured) - 1);
	assert_true(n > 0);
	captured[n] = 0;
	close(ends[0]);
	assert_non_null(strstr(captured, "msg=\"goes on\" lost_lines="));
	assert_line("level=info program=test msg=\"and no more\"\n", "and no more");
}

/* ---- where the lines go decides how they look ---- */

static void stderr_to_terminal(int *master)
{
	char name[64];

	*master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(*master >= 0);
	assert_int_equal(grantpt(*master), 0);
	assert_int_equal(unlockpt(*master), 0);
	assert_int_equal(ptsname_r(*master, name, sizeof(name)), 0);
	stderr_to(open(name, O_RDWR | O_NOCTTY));
}

static const char *terminal_end(int master)
{
	size_t at = 0;
	ssize_t n;

	/* A terminal may hand on a line in pieces. */
	while ((at == 0 || captured[at - 1] != '\n') &&
	       (n = read(master, captured + at, sizeof(captured) - 1 - at)) > 0)
		at += (size_t)n;
	stderr_back();
	close(master);
	captured[at] = 0;
	return captured;
}

/* The line of a terminal with this TERM and NO_COLOR. */
static const char *on_terminal(enum log_format format, const char *term, const char *no_colour)
{
	const char *line;
	int master;

	setenv("TERM", term, 1);
	if (no_colour != NULL)
		setenv("NO_COLOR", no_colour, 1);
	else
		unsetenv("NO_COLOR");
	log_open("gapless-test", LOG_INFO);
	log_shape(format);
	stderr_to_terminal(&master);
	log_warn("m", L_INT("k", 1));
	line = terminal_end(master);
	log_shape(LOG_AUTO);
	log_open("test", LOG_INFO);
	return line;
}

static void test_a_terminal_is_for_people(void **state)
{
	(void)state;
	assert_non_null(strstr(on_terminal(LOG_AUTO, "xterm", NULL),
			       "Z\033[0m \033[33mwarn \033[0m test: m  \033[90mk=\033[0m1\r\n"));
	assert_non_null(strstr(on_terminal(LOG_AUTO, "xterm", ""), "\033[33mwarn"));
	assert_non_null(strstr(on_terminal(LOG_AUTO, "xterm", "1"), "Z warn  test: m  k=1\r\n"));
	assert_non_null(strstr(on_terminal(LOG_AUTO, "dumb", NULL), "Z warn  test: m  k=1\r\n"));
	assert_string_equal(after_stamp(on_terminal(LOG_LOGFMT, "xterm", NULL)),
			    "level=warn program=gapless-test msg=\"m\" k=1\r\n");
	assert_non_null(
		strstr(on_terminal(LOG_JSON, "xterm", NULL), ",\"msg\":\"m\",\"k\":1}\r\n"));
}

static void test_a_file_is_for_programs(void **state)
{
	(void)state;
	log_shape(LOG_JSON);
	capture_begin();
	log_info("m");
	assert_non_null(strstr(capture_end(), "\"program\":\"test\",\"msg\":\"m\"}\n"));
	log_shape(LOG_TERMINAL);
	capture_begin();
	log_info("m");
	assert_non_null(strstr(capture_end(), "Z info  test: m\n"));
	log_shape(LOG_LOGFMT);
	assert_line("level=info program=test msg=\"m\"\n", "m");
	log_shape(LOG_AUTO);
	assert_line("level=info program=test msg=\"m\"\n", "m");
}

static void test_formats(void **state)
{
	(void)state;
	assert_int_equal(log_format_of("json"), LOG_JSON);
	assert_int_equal(log_format_of("auto"), LOG_AUTO);
	assert_int_equal(log_format_of("logfmt"), LOG_LOGFMT);
	assert_int_equal(log_format_of("terminal"), LOG_TERMINAL);
	assert_int_equal(log_format_of("JSON"), -1);
}

static void test_due(void **state)
{
	struct log_throttle t = {0, 0};
	int64_t skipped = -1;

	(void)state;
	assert_int_equal(log_due(&t, 5, 10000, &skipped), 1);
	assert_int_equal(skipped, 0);
	assert_int_equal(log_due(&t, 6, 10000, &skipped), 0);
	assert_int_equal(log_due(&t, 10004, 10000, &skipped), 0);
	assert_int_equal(log_due(&t, 10005, 10000, &skipped), 1);
	assert_int_equal(skipped, 2);
	assert_int_equal(log_due(&t, 20004, 10000, &skipped), 0);
	assert_int_equal(log_due(&t, 20005, 10000, &skipped), 1);
	assert_int_equal(skipped, 1);
	t = (struct log_throttle){0, 0};
	assert_int_equal(log_due(&t, 0, 10000, &skipped), 1);
	assert_int_equal(log_due(&t, 0, 10000, &skipped), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line),
		cmocka_unit_test(test_nothing_forges_a_line),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_long_values_are_cut),
		cmocka_unit_test(test_long_lines_end_whole),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_lines_of_threads_do_not_mix),
		cmocka_unit_test(test_a_closed_or_full_stderr_is_ignored),
		cmocka_unit_test(test_a_stuck_reader_costs_lines),
		cmocka_unit_test(test_a_terminal_is_for_people),
		cmocka_unit_test(test_a_file_is_for_programs),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_due),
	};

	signal(SIGPIPE, SIG_IGN);
	log_open("test", LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
