/* SPDX-License-Identifier: MIT */
/* Numbers as text, two of them on lines, against a second way of reading them: digits without zeros
 * at either end, and the power of ten of the first. */
#include "common/text/decimal.h"
#include "fuzz.h"

struct number {
	char digits[512];
	size_t n; /* 0: the number is zero */
	long power;
	int negative;
};

/* The JSON grammar, letter by letter; returns the end of the longest number at the start. */
static size_t grammar(const char *t)
{
	size_t at = *t == '-', end, next;

	if (!is_digit(t[at]))
		return 0;
	for (end = at + 1; t[at] != '0' && is_digit(t[end]); end++)
		;
	if (t[end] == '.' && is_digit(t[end + 1]))
		for (end++; is_digit(t[end]); end++)
			;
	if (t[end] == 'e' || t[end] == 'E') {
		next = end + 1 + (t[end + 1] == '+' || t[end + 1] == '-');
		if (is_digit(t[next]))
			for (end = next; is_digit(t[end]); end++)
				;
	}
	return end;
}

static struct number read_number(const char *t)
{
	struct number v = {.power = 0};
	int point = 0;
	long exponent = 0, sign = 1;

	v.negative = *t == '-';
	for (t += v.negative; is_digit(*t) || *t == '.'; t++) {
		if (*t == '.') {
			point = 1;
			continue;
		}
		if (v.n || *t != '0')
			v.digits[v.n++] = *t;
		v.power += !point && v.n;
		v.power -= point && !v.n;
	}
	if (*t) {
		t++;
		sign = *t == '-' ? -1 : 1;
		for (t += *t == '-' || *t == '+'; *t; t++)
			exponent = exponent > 100000 ? exponent : 10 * exponent + (*t - '0');
	}
	v.power += sign * exponent;
	while (v.n && v.digits[v.n - 1] == '0')
		v.n--;
	if (!v.n)
		v.power = v.negative = 0;
	v.digits[v.n] = 0;
	return v;
}

static int compare(const struct number *a, const struct number *b)
{
	int order;

	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	if (!a->n || !b->n)
		order = (a->n > 0) - (b->n > 0);
	else if (a->power != b->power)
		order = a->power < b->power ? -1 : 1;
	else
		order = strcmp(a->digits, b->digits);
	return a->negative ? -order : order;
}

/* The text as a plain decimal; 0 if it is none, or does not fit. */
static int check_text(const char *text, char plain[DECIMAL_BYTES])
{
	size_t len = strlen(text), token = decimal_token(text, len);
	struct number before, after;

	CHECK(token == grammar(text));
	if (decimal_plain(text, len, plain) < 0) {
		CHECK(token != len || !len || len > DECIMAL_MAX || strpbrk(text, "eE"));
		return 0;
	}
	CHECK(token == len && decimal_is_plain(plain));
	CHECK(strpbrk(text, "eE") || strcmp(text, plain) == 0);
	before = read_number(text);
	after = read_number(plain);
	CHECK(compare(&before, &after) == 0 && before.negative == after.negative);
	CHECK((*text == '-') == (*plain == '-'));
	return 1;
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size < 500 ? size : 500};
	char *a = input_line(&in), *b = input_line(&in);
	char plain_a[DECIMAL_BYTES], plain_b[DECIMAL_BYTES];
	struct number x, y;

	if (check_text(a, plain_a) && check_text(b, plain_b)) {
		x = read_number(plain_a);
		y = read_number(plain_b);
		CHECK(sign(decimal_compare(plain_a, plain_b)) == sign(compare(&x, &y)));
		CHECK(sign(decimal_compare(plain_b, plain_a)) == -sign(compare(&x, &y)));
	}
	free(a);
	free(b);
	return 0;
}
