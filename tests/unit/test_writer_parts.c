/* SPDX-License-Identifier: MIT */
/* The writer's small pure parts: what becomes of a message, of an offset, of a database's failure,
 * and array literals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "golden.h"
#include "writer/database/pgarray.h"
#include "writer/database/retry.h"
#include "writer/feed/assigned.h"
#include "writer/intake.h"

/* ---- intake ---- */

static enum intake judge(const char *source, const char *key, const char *value, struct err *why)
{
	struct message m;

	return intake_judge(source, key, key ? strlen(key) : 0, value, value ? strlen(value) : 0,
			    &m, why);
}

/* The golden message with one piece replaced. */
static const char *changed(const char *from, const char *to)
{
	static char text[FILE_MAX];
	const char *at = strstr(golden, from);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - golden), golden, to, at + strlen(from));
	return text;
}

static void test_intake(void **state)
{
	char oversize[MESSAGE_MAX_BYTES + 2];
	struct err why;

	(void)state;
	memset(oversize, ' ', sizeof(oversize) - 1);
	oversize[sizeof(oversize) - 1] = 0;
	assert_int_equal(judge("upbit", "KRW-BTC", golden, &why), INTAKE_CANDLE);
	assert_int_equal(judge("upbit", "KRW-BTC", NULL, &why), INTAKE_SKIP);
	assert_int_equal(judge("upbit", NULL, "", &why), INTAKE_SKIP);
	assert_int_equal(judge("upbit", "KRW-BTC", "not json", &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", "KRW-BTC", oversize, &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", NULL, golden, &why), INTAKE_DEAD);
	assert_non_null(strstr(why.text, "no key"));
	assert_int_equal(judge("upbit", "", golden, &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", "KRW-BTCX", golden, &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", "KRW-BT", golden, &why), INTAKE_DEAD);
	assert_int_equal(judge("upbit", "KRW-ETH", golden, &why), INTAKE_DEAD);
	assert_non_null(strstr(why.text, "KRW-BTC"));
}

/* What must never be skipped: it halts, also where the key is wrong. */
static void test_intake_halts(void **state)
{
	struct err why;

	(void)state;
	assert_int_equal(judge("upbit", "KRW-BTC", changed("\"v\":1,", "\"v\":2,"), &why),
			 INTAKE_HALT);
	assert_non_null(strstr(why.text, "upgrade"));
	assert_int_equal(judge("upbit", "KRW-ETH", changed("\"v\":1,", "\"v\":2,"), &why),
			 INTAKE_HALT);
	assert_int_equal(judge("upbit-sg", "KRW-BTC", golden, &why), INTAKE_HALT);
	assert_non_null(strstr(why.text, "\"upbit\""));
	assert_non_null(strstr(why.text, "upbit-sg"));
	assert_int_equal(judge("upbi", "KRW-ETH", golden, &why), INTAKE_HALT);
}

/* ---- offsets ---- */

static void test_arrivals(void **state)
{
	const int32_t ids[] = {4, 2};
	struct assigned a = {0};
	struct partition *p;
	struct err why;

	(void)state;
	assigned_set(&a, ids, 2);
	assert_null(assigned_find(&a, 3));
	assert_int_equal(assigned_judge(assigned_find(&a, 3), 0), ARRIVAL_IGNORED);
	p = assigned_find(&a, 2);
	assert_int_equal(assigned_judge(p, 0), ARRIVAL_IGNORED); /* not started */
	assigned_start(p, 10, 12, 3);
	assert_int_equal(p->stored, 12);
	assert_int_equal(p->dead_run, 3);
	assert_int_equal(assigned_judge(p, 10), ARRIVAL_NEXT);
	assigned_took(p, 10);
	assert_int_equal(assigned_judge(p, 10), ARRIVAL_BACK);
	assert_int_equal(assigned_judge(p, 11), ARRIVAL_NEXT);

	/* A hole is believed when it is met a second time at the same place, after another lookup.
	 */
	assert_int_equal(assigned_judge(p, 15), ARRIVAL_JUMP);
	assigned_restart(&a);
	assert_int_equal(assigned_judge(p, 15), ARRIVAL_IGNORED);
	assigned_start(p, 11, 11, 0);
	assert_int_equal(assigned_judge(p, 15), ARRIVAL_HOLE);
	assigned_took(p, 15);
	assert_int_equal(assigned_judge(p, 20), ARRIVAL_JUMP);

	err_set(&why, ERR_FATAL, "because");
	assigned_halt(p, &why);
	assert_int_equal(assigned_judge(p, 16), ARRIVAL_IGNORED);
	assert_string_equal(p->halted, "because");
	assigned_release(&a);
	assert_int_equal(a.n, 0);
}

/* ---- failures of the database ---- */

static void test_policy(void **state)
{
	(void)state;
	assert_int_equal(policy_of(ERR_RETRY, ""), POLICY_AGAIN);
	assert_int_equal(policy_of(ERR_RETRY, "40P01"), POLICY_AGAIN);
	assert_int_equal(policy_of(ERR_RETRY, "53100"), POLICY_AGAIN);
	assert_int_equal(policy_of(ERR_INPUT, "23514"), POLICY_ROW);
	assert_int_equal(policy_of(ERR_INPUT, "22003"), POLICY_ROW);
	assert_int_equal(policy_of(ERR_FATAL, "42P01"), POLICY_WAIT);
	assert_int_equal(policy_of(ERR_FATAL, "42501"), POLICY_WAIT);
	assert_int_equal(policy_of(ERR_FATAL, "3D000"), POLICY_WAIT);
	assert_int_equal(policy_of(ERR_FATAL, "42P10"), POLICY_BROKEN);
	assert_int_equal(policy_of(ERR_FATAL, "23505"), POLICY_BROKEN);
	assert_int_equal(policy_of(ERR_FATAL, "21000"), POLICY_BROKEN);
}

/* ---- array literals ---- */

static void test_arrays(void **state)
{
	struct pgarray a;

	(void)state;
	pgarray_init(&a, 1000);
	assert_string_equal(pgarray_end(&a), "{}");
	pgarray_clear(&a);
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
	pgarray_release(&a);
}

static void test_an_array_that_does_not_fit(void **state)
{
	struct pgarray a;

	(void)state;
	pgarray_init(&a, 8);
	pgarray_plain(&a, "12345");
	pgarray_plain(&a, "6");
	assert_null(pgarray_end(&a));
	pgarray_clear(&a);
	pgarray_plain(&a, "123456");
	assert_string_equal(pgarray_end(&a), "{123456}");
	pgarray_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intake),   cmocka_unit_test(test_intake_halts),
		cmocka_unit_test(test_arrivals), cmocka_unit_test(test_policy),
		cmocka_unit_test(test_arrays),   cmocka_unit_test(test_an_array_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, golden_read, NULL);
}
