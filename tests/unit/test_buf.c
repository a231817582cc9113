/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/text/buf.h"

/* AddressSanitizer ends a process on a size that is out of reach, before our own code can. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void test_grows_and_stays_terminated(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	assert_null(b.data);
	for (size_t i = 0; i < 100000; i++) {
		char c = (char)('a' + i % 26);

		assert_int_equal(buf_append(&b, &c, 1), 0);
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.data[b.len], 0);
		assert_int_equal(b.data[i], c);
	}
	assert_int_equal(b.data[25], 'z');
	buf_release(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max_bytes, 100000);
}

static void test_full_leaves_the_content_alone(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_int_equal(buf_append(&b, "12345", 5), 0);
	assert_int_equal(buf_check(&b), 0);
	assert_int_equal(buf_append(&b, "6789", 4), -1);
	assert_string_equal(b.data, "12345");
	assert_int_equal(buf_printf(&b, "%d", 6789), -1);
	assert_string_equal(b.data, "12345");
	assert_int_equal(b.len, 5);
	assert_int_equal(buf_append(&b, "x", SIZE_MAX), -1);
	/* What would fit does not, any more: it would stand in the place of what did not. */
	assert_int_equal(buf_append(&b, "678", 3), -1);
	assert_int_equal(buf_append(&b, NULL, 0), -1);
	assert_int_equal(buf_check(&b), -1);
	assert_string_equal(b.data, "12345");
	buf_clear(&b);
	assert_int_equal(buf_check(&b), 0);
	assert_int_equal(buf_append(&b, "12345678", 8), 0);
	assert_int_equal(buf_append(&b, NULL, 0), 0);
	assert_int_equal(buf_append(&b, "", 1), -1);
	buf_release(&b);
	assert_int_equal(buf_check(&b), 0);
}

static void test_printf_over_the_edge_of_its_memory(void **state)
{
	struct buf b;

	(void)state;
	for (size_t before = 240; before < 270; before++) {
		char filler[270], expected[300];

		buf_init(&b, 4096);
		memset(filler, 'x', sizeof filler);
		assert_int_equal(buf_append(&b, filler, before), 0);
		assert_int_equal(buf_printf(&b, "%s-%d", "tail", 42), 0);
		assert_int_equal(b.len, before + 7);
		memcpy(expected, filler, before);
		strcpy(expected + before, "tail-42");
		assert_string_equal(b.data, expected);
		buf_release(&b);
	}
}

static void test_printf_into_an_empty_one(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 3);
	assert_int_equal(buf_printf(&b, "%s", "abcd"), -1);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_check(&b), -1);
	buf_clear(&b);
	assert_int_equal(buf_printf(&b, "%s", "abc"), 0);
	assert_string_equal(b.data, "abc");
	buf_release(&b);
}

static void test_clear_keeps_the_memory(void **state)
{
	struct buf b;
	const char *before;

	(void)state;
	buf_init(&b, 1000);
	buf_clear(&b);
	assert_int_equal(buf_append(&b, "abc", 3), 0);
	before = b.data;
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	assert_int_equal(buf_append(&b, "d", 1), 0);
	assert_ptr_equal(b.data, before);
	assert_string_equal(b.data, "d");
	buf_release(&b);
}

/* A product that overflows: must be out of memory, never a small block. Runs in a child whose
 * stderr is a pipe. */
static void test_out_of_memory_is_exit_1_and_a_line(void **state)
{
	char line[200] = "";
	int ends[2], status;
	ssize_t n;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		dup2(ends[1], STDERR_FILENO);
		free(xreallocarray(NULL, SIZE_MAX / 2, 4));
		_exit(0);
	}
	close(ends[1]);
	n = read(ends[0], line, sizeof line - 1);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(n > 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_non_null(strstr(line, "out of memory"));
}

static void test_nothing_is_something(void **state)
{
	void *p = xmalloc(0), *q = xcalloc(0, 8), *r = xreallocarray(NULL, 0, 0);
	char *s = xstrdup("");

	(void)state;
	assert_non_null(p);
	assert_non_null(q);
	assert_non_null(r);
	assert_string_equal(s, "");
	free(p);
	free(q);
	free(r);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_stays_terminated),
		cmocka_unit_test(test_full_leaves_the_content_alone),
		cmocka_unit_test(test_printf_over_the_edge_of_its_memory),
		cmocka_unit_test(test_printf_into_an_empty_one),
		cmocka_unit_test(test_clear_keeps_the_memory),
		cmocka_unit_test(test_out_of_memory_is_exit_1_and_a_line),
		cmocka_unit_test(test_nothing_is_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
