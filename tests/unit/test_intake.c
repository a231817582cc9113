/* SPDX-License-Identifier: MIT */
/* What becomes of a message: stored, passed, a dead letter, or a halt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/candle/intake.h"
#include "golden.h"

static enum intake judge(const char *source, const char *key, const char *value, struct err *why)
{
	struct message m;

	return intake_judge(source, key, key ? strlen(key) : 0, value, value ? strlen(value) : 0,
			    &m, why);
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
	assert_int_equal(judge("upbit", "KRW-BTC", golden_with("\"v\":1,", "\"v\":2,"), &why),
			 INTAKE_HALT);
	assert_non_null(strstr(why.text, "upgrade"));
	assert_int_equal(judge("upbit", "KRW-ETH", golden_with("\"v\":1,", "\"v\":2,"), &why),
			 INTAKE_HALT);
	assert_int_equal(judge("upbit-sg", "KRW-BTC", golden, &why), INTAKE_HALT);
	assert_non_null(strstr(why.text, "\"upbit\""));
	assert_non_null(strstr(why.text, "upbit-sg"));
	assert_int_equal(judge("upbi", "KRW-ETH", golden, &why), INTAKE_HALT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intake),
		cmocka_unit_test(test_intake_halts),
	};

	return cmocka_run_group_tests(tests, golden_read, NULL);
}
