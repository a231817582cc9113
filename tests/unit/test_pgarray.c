/* SPDX-License-Identifier: MIT */
/* Array literals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "writer/database/pgarray.h"

static void test_arrays(void **state)
{
	struct buf a;

	(void)state;
	buf_init(&a, 1000);
	assert_string_equal(pgarray_end(&a), "{}");
	buf_clear(&a);
	pgarray_plain(&a, "1.50");
	pgarray_int(&a, INT64_MIN);
	pgarray_text(&a, NULL);
	pgarray_text(&a, "");
	pgarray_text(&a, "NULL");
	pgarray_text(&a, "a\"b\\c,{d}");
	pgarray_hex(&a,
		    "\x00\xff"
		    "a",
		    3);
	pgarray_hex(&a, "", 0);
	pgarray_hex(&a, NULL, 0);
	assert_string_equal(pgarray_end(&a),
			    "{1.50,-9223372036854775808,NULL,\"\",\"NULL\",\"a\\\"b\\\\c,{d}"
			    "\",\"00ff61\",\"\",NULL}");
	buf_release(&a);
}

static void test_an_array_that_does_not_fit(void **state)
{
	struct buf a;

	(void)state;
	buf_init(&a, 8);
	pgarray_plain(&a, "12345");
	pgarray_plain(&a, "6");
	assert_null(pgarray_end(&a));
	buf_clear(&a);
	pgarray_plain(&a, "123456");
	assert_string_equal(pgarray_end(&a), "{123456}");
	buf_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_an_array_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
