/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/text/decimal.h"
#include "rng.h"

#define TEN       "1234567890"
#define DIGITS_63 TEN TEN TEN TEN TEN TEN "123"

static void test_token_length(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} rows[] = {
		{"0", 1},
		{"-0", 2},
		{"7,", 1},
		{"10", 2},
		{"1.5", 3},
		{"-1.50]", 5},
		{"0.00000001 ", 10},
		{"1e5", 3},
		{"1E+05,", 5},
		{"6.2E-7}", 6},
		{"37189906239683.17623000", 23},
		/* the longest token at the start; what follows is for the caller to refuse */
		{"01", 1},
		{"-012", 2},
		{"1.", 1},
		{"1.e5", 1},
		{"1e", 1},
		{"1e+", 1},
		{"1.5e-", 3},
		{"1..2", 1},
		{"0x10", 1},
		{"1_000", 1},
		{"1,5", 1},
		{"", 0},
		{"-", 0},
		{"+1", 0},
		{".5", 0},
		{"-.5", 0},
		{"e5", 0},
		{" 1", 0},
		{"nan", 0},
		{"Infinity", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (decimal_token(rows[i].text, strlen(rows[i].text)) != rows[i].length)
			fail_msg("decimal_token(\"%s\") is %zu, not %zu", rows[i].text,
				 decimal_token(rows[i].text, strlen(rows[i].text)), rows[i].length);
	}
	assert_int_equal(decimal_token("123", 2), 2);
	assert_int_equal(decimal_token("1.5", 2), 1);
	assert_int_equal(decimal_token("1e5", 2), 1);
}

static void test_plain(void **state)
{
	static const struct {
		const char *token, *plain; /* NULL: refused */
	} rows[] = {
		/* digits unchanged where there is no exponent */
		{"0", "0"},
		{"-0", "-0"},
		{"0.0", "0.0"},
		{"-0.00", "-0.00"},
		{"11509000.0", "11509000.0"},
		{"860743.5307100000000000", "860743.5307100000000000"},
		{"46825000.00000000", "46825000.00000000"},
		{"37189906239683.17623000", "37189906239683.17623000"},
		{"306095.1228293561797048", "306095.1228293561797048"},
		{DIGITS_63, DIGITS_63},
		{DIGITS_63 "4", NULL},
		/* the same value, and no digit more or less */
		{"6.2E-7", "0.00000062"},
		{"1e-08", "0.00000001"},
		{"1.50e1", "15.0"},
		{"1e2", "100"},
		{"1E0", "1"},
		{"1.5e+0", "1.5"},
		{"1.5e-0", "1.5"},
		{"1.50e2", "150"},
		{"1.50e3", "1500"},
		{"-1.5e3", "-1500"},
		{"12.34e-1", "1.234"},
		{"12.34e-2", "0.1234"},
		{"12.34e-3", "0.01234"},
		{"-12.340e-3", "-0.012340"},
		{"0.05e1", "0.5"},
		{"0.05e2", "5"},
		{"0.05e3", "50"},
		{"0.5e-1", "0.05"},
		{"0.0e-3", "0.0000"},
		{"0e5", "0"},
		{"0.00e1", "0.0"},
		{"0.00e5", "0"},
		{"-0e2", "-0"},
		{"0e400", "0"},
		{"1e00000000000000000002", "100"},
		{"1e62", "1"
			 "00000000000000000000000000000000000000000000000000000000000000"},
		{"1e63", NULL},
		{"1e-61", "0.0000000000000000000000000000000000000000000000000000000000001"},
		{"1e-62", NULL},
		{"-1e61", "-10000000000000000000000000000000000000000000000000000000000000"},
		{"-1e62", NULL},
		{"1e400", NULL},
		{"1e-400", NULL},
		{"1e131071", NULL},
		{"1e999999999", NULL},
		{"1e-999999999", NULL},
		{"1e99999999999999999999999999", NULL},
		{"0e-99999999999999999999999999", NULL},
		{DIGITS_63 "e0", DIGITS_63},
		{DIGITS_63 "e1", NULL},
		{DIGITS_63 "e-1", NULL},
		/* not a token */
		{"", NULL},
		{"-", NULL},
		{"01", NULL},
		{"-01.5", NULL},
		{"1.", NULL},
		{".5", NULL},
		{"+1", NULL},
		{"1e", NULL},
		{"1e+", NULL},
		{"0x1", NULL},
		{" 1", NULL},
		{"1 ", NULL},
		{"1,5", NULL},
		{"NaN", NULL},
		{"Infinity", NULL},
		{"-Infinity", NULL},
		{"1.5.2", NULL},
		{"1e5e5", NULL},
		{"--1", NULL},
		{"1e1.5", NULL},
		{"00", NULL},
	};
	char out[DECIMAL_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int result = decimal_plain(rows[i].token, strlen(rows[i].token), out);

		if ((result == 0) != (rows[i].plain != NULL))
			fail_msg("decimal_plain(\"%s\") returns %d", rows[i].token, result);
		if (rows[i].plain)
			assert_string_equal(out, rows[i].plain);
	}
}

static void test_plain_takes_the_whole_length(void **state)
{
	char out[DECIMAL_BYTES], zeros[300];

	(void)state;
	assert_int_equal(decimal_plain("1.5,2", 3, out), 0);
	assert_string_equal(out, "1.5");
	assert_int_equal(decimal_plain("1\0002", 3, out), -1);
	memset(zeros, '0', sizeof zeros);
	memcpy(zeros, "0.", 2);
	assert_int_equal(decimal_plain(zeros, sizeof zeros, out), -1);
	memcpy(zeros + sizeof zeros - 4, "1e99", 4);
	assert_int_equal(decimal_plain(zeros, sizeof zeros, out), -1);
}

static void test_is_plain(void **state)
{
	static const char *const yes[] = {"0",          "-0",    "1",      "-1.50",
					  "0.00000001", "123.0", DIGITS_63};
	static const char *const no[] = {"",    "-",     "01",    "1.",         ".1",  "1e5",
					 "1E5", "+1",    " 1",    "1 ",         "1\n", "NaN",
					 "0x1", "1,000", "1.2.3", DIGITS_63 "4"};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(decimal_is_plain(yes[i]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(decimal_is_plain(no[i]));
}

static void test_compare(void **state)
{
	/* ascending; those with the same rank are equal */
	static const struct {
		int rank;
		const char *text;
	} rows[] = {
		{1, "-100"},
		{2, "-99.999"},
		{3, "-10"},
		{3, "-10.0"},
		{4, "-9"},
		{5, "-0.5"},
		{6, "-0.05"},
		{7, "-0.00000001"},
		{8, "0"},
		{8, "-0"},
		{8, "0.0"},
		{8, "-0.000"},
		{9, "0.00000001"},
		{10, "0.05"},
		{11, "0.5"},
		{11, "0.50"},
		{12, "0.51"},
		{13, "1"},
		{13, "1.0"},
		{13, "1.00000"},
		{14, "1.00000000000000000000000001"},
		{15, "9"},
		{16, "10"},
		{17, "99.999"},
		{18, "100"},
		{19, "37189906239683.17623"},
		{19, "37189906239683.17623000"},
		{20, "37189906239683.176231"},
		{21, "9007199254740992"},
		{22, "9007199254740993"},
		{23, DIGITS_63},
	};
	size_t n = sizeof rows / sizeof *rows;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int order = decimal_compare(rows[i].text, rows[j].text);
			int expected =
				(rows[i].rank > rows[j].rank) - (rows[i].rank < rows[j].rank);

			if ((order > 0) - (order < 0) != expected)
				fail_msg("decimal_compare(%s, %s) is %d", rows[i].text,
					 rows[j].text, order);
		}
	}
}

/* Any number of up to 15 digits is exact as an integer of 10^-6: compare with that, through tokens
 * with exponents. */
static void test_random_tokens_keep_their_value(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		char token[2][64], out[2][DECIMAL_BYTES];
		int64_t value[2];

		for (int i = 0; i < 2; i++) {
			int64_t digits = rng_below(round % 2 ? 1000 : 100000), scale = 1;
			int point = (int)rng_below(4), exponent = (int)rng_below(6) - 2;

			for (int k = 0; k < point; k++)
				scale *= 10;
			value[i] = digits;
			for (int k = 0; k < exponent - point + 6; k++)
				value[i] *= 10;
			if (rng_below(2))
				value[i] = -value[i];
			if (point)
				snprintf(token[i], sizeof token[i],
					 "%s%" PRId64 ".%0*" PRId64 "%s%d", value[i] < 0 ? "-" : "",
					 digits / scale, point, digits % scale,
					 round % 3 ? "e" : "E", exponent);
			else
				snprintf(token[i], sizeof token[i], "%s%" PRId64 "e%+d",
					 value[i] < 0 ? "-" : "", digits, exponent);
			assert_int_equal(decimal_plain(token[i], strlen(token[i]), out[i]), 0);
			assert_true(decimal_is_plain(out[i]));
		}
		if ((decimal_compare(out[0], out[1]) > 0) != (value[0] > value[1]) ||
		    (decimal_compare(out[0], out[1]) == 0) != (value[0] == value[1]))
			fail_msg("%s -> %s, %s -> %s compare as %d", token[0], out[0], token[1],
				 out[1], decimal_compare(out[0], out[1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token_length),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_plain_takes_the_whole_length),
		cmocka_unit_test(test_is_plain),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_random_tokens_keep_their_value),
	};

	rng_open("test_decimal");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
