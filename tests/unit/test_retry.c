/* SPDX-License-Identifier: MIT */
/* What a failure of the database leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "writer/database/retry.h"

static void test_policy(void **state)
{
	(void)state;
	assert_int_equal(policy_of(ERR_RETRY, ""), POLICY_AGAIN);
	assert_int_equal(policy_of(ERR_RETRY, "40P01"), POLICY_AGAIN);
	assert_int_equal(policy_of(ERR_RETRY, "53100"), POLICY_AGAIN);
	assert_int_equal(policy_of(ERR_INPUT, "23514"), POLICY_ROW);
	assert_int_equal(policy_of(ERR_INPUT, "22003"), POLICY_ROW);
	assert_int_equal(policy_of(ERR_RETRY, "53400"), POLICY_LESS);
	assert_int_equal(policy_of(ERR_FATAL, "54000"), POLICY_LESS);
	assert_int_equal(policy_of(ERR_FATAL, "54001"), POLICY_LESS);
	assert_int_equal(policy_of(ERR_FATAL, "42P01"), POLICY_WAIT);
	assert_int_equal(policy_of(ERR_FATAL, "42501"), POLICY_WAIT);
	assert_int_equal(policy_of(ERR_FATAL, "3D000"), POLICY_WAIT);
	assert_int_equal(policy_of(ERR_FATAL, "42P10"), POLICY_WAIT); /* it may come again */
	assert_int_equal(policy_of(ERR_FATAL, "23505"), POLICY_BROKEN);
	assert_int_equal(policy_of(ERR_FATAL, "21000"), POLICY_BROKEN);
}

/* Failures that are not about data: whether it is time to ask if rows are to blame. */
static void test_doubts(void **state)
{
	const struct err err = {.class = ERR_FATAL};
	struct retry r = {0};

	(void)state;
	retry_init(&r);
	assert_false(retry_doubts_rows(&r, POLICY_WAIT, "P0001", 1000)); /* the first time */
	(void)retry_failed(&r, POLICY_WAIT, &err, "P0001", 1000);
	assert_false(retry_doubts_rows(&r, POLICY_AGAIN, "40001", 60999)); /* may go by itself */
	assert_false(retry_doubts_rows(&r, POLICY_LESS, "54000", 60999));
	assert_false(retry_doubts_rows(&r, POLICY_AGAIN, "", 62000)); /* no connection */
	assert_true(retry_doubts_rows(&r, POLICY_WAIT, "P0001", 6000));
	assert_false(retry_doubts_rows(&r, POLICY_WAIT, "P0001", 65999));
	assert_true(retry_doubts_rows(&r, POLICY_AGAIN, "40001", 66000));
	retry_succeeded(&r, 66000);
	assert_false(retry_doubts_rows(&r, POLICY_WAIT, "P0001", 70000));

	retry_learn(&r, POLICY_ROW, ERR_FATAL, "P0001");
	assert_int_equal(retry_repeated(&r, POLICY_WAIT, "P0001"), POLICY_ROW);
	assert_int_equal(retry_repeated(&r, POLICY_WAIT, "0A000"), POLICY_WAIT);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, ""), POLICY_AGAIN);
	retry_learn(&r, POLICY_AGAIN, ERR_FATAL, "P0001");
	assert_int_equal(retry_repeated(&r, POLICY_WAIT, "P0001"), POLICY_WAIT);
	/* One lock that lasted for a minute says nothing of the next one; a limit does. */
	retry_learn(&r, POLICY_ROW, ERR_RETRY, "55P03");
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "55P03"), POLICY_AGAIN);
	retry_learn(&r, POLICY_ROW, ERR_FATAL, "54000");
	assert_int_equal(retry_repeated(&r, POLICY_LESS, "54000"), POLICY_ROW);
	retry_learn(&r, POLICY_LESS, ERR_RETRY, "55P03"); /* its size is */
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "55P03"), POLICY_LESS);
}

/* How many lines a failure says. */
static int says(struct retry *r, enum policy policy, enum err_class class, const char *sqlstate,
		int64_t now_ms)
{
	const struct err err = {.class = class};
	char line[1024];
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO), n = 0;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	(void)retry_failed(r, policy, &err, sqlstate, now_ms);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n++;
	fclose(file);
	return n;
}

/* A password that was changed shows when the session is lost, not a minute later. */
static void test_says_causes(void **state)
{
	struct retry r = {0};

	(void)state;
	retry_init(&r);
	assert_int_equal(says(&r, POLICY_AGAIN, ERR_RETRY, "57P01", 1000), 1);
	assert_int_equal(says(&r, POLICY_AGAIN, ERR_RETRY, "", 2000), 0);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "28P01", 3000), 1);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "28P01", 8000), 0);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "42501", 13000), 1);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "42501", 18000), 0);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "42501", 73000), 1);
	retry_succeeded(&r, 80000);
	assert_int_equal(says(&r, POLICY_WAIT, ERR_FATAL, "42501", 81000), 1);
}

static void test_timeouts(void **state)
{
	struct retry r = {0};

	(void)state;
	retry_init(&r);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_AGAIN);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_LESS);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_LESS);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, ""), POLICY_AGAIN);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_AGAIN);
	retry_succeeded(&r, 0);
	assert_int_equal(retry_repeated(&r, POLICY_AGAIN, "57014"), POLICY_AGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_says_causes),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_doubts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
