/* SPDX-License-Identifier: MIT */
#include "common/text/decimal.h"

#include <string.h>

static size_t digits(const char *text, size_t at, size_t len)
{
	while (at < len && is_digit(text[at]))
		at++;
	return at;
}

/* RFC 8259 section 6. A fraction or exponent without digits is no part of the token: "1." is the
 * token "1" and a point, which any process that looks at the byte after the token refuses. */
size_t decimal_plain_token(const char *text, size_t len)
{
	size_t at = len && text[0] == '-', end = digits(text, at, len);

	if (end == at)
		return 0;
	if (text[at] == '0')
		end = at + 1;
	if (end < len && text[end] == '.') {
		at = digits(text, end + 1, len);
		if (at > end + 1)
			end = at;
	}
	return end;
}

size_t decimal_token(const char *text, size_t len)
{
	size_t end = decimal_plain_token(text, len), at = end + 1, last;

	if (!end || end >= len || (text[end] != 'e' && text[end] != 'E'))
		return end;
	if (at < len && (text[at] == '+' || text[at] == '-'))
		at++;
	last = digits(text, at, len);
	return last > at ? last : end;
}

int decimal_is_plain(const char *text)
{
	size_t len = decimal_plain_token(text, DECIMAL_BYTES); /* ends before the final 0 */

	return len > 0 && len <= DECIMAL_MAX && text[len] == '\0';
}

/* The exponent of "e-7", bounded: what lies beyond EXPONENT_FAR is out of reach for any number that
 * fits. */
enum { EXPONENT_FAR = 1000000 };

static long exponent(const char *text, size_t len)
{
	size_t at = 1;
	int negative = text[at] == '-';
	long value = 0;

	if (text[at] == '-' || text[at] == '+')
		at++;
	for (; at < len; at++) {
		value = value * 10 + (text[at] - '0');
		if (value > EXPONENT_FAR)
			value = EXPONENT_FAR;
	}
	return negative ? -value : value;
}

/* Text of bounded length that remembers that it did not fit. */
struct plain {
	char *out;
	size_t len;
	int full;
};

static void put(struct plain *p, char c)
{
	if (p->len < DECIMAL_MAX)
		p->out[p->len++] = c;
	else
		p->full = 1;
}

static void put_zeros(struct plain *p, long n)
{
	for (; n > 0 && !p->full; n--)
		put(p, '0');
}

/* The digits d[0..n) with the decimal point after the first `point` of them: before, inside or
 * behind. */
static void put_digits(struct plain *p, const char *d, size_t n, long point)
{
	size_t zeros = strspn(d, "0");

	/* A point that moves to the right leaves zeros in front (0.05e1 is 0.5); one stays for the
	 * units. */
	if (zeros == n && point > (long)n)
		point = (long)n;
	while (zeros > 0 && point > 1) {
		d++;
		n--;
		zeros--;
		point--;
	}
	if (point <= 0) {
		put(p, '0');
		put(p, '.');
		put_zeros(p, -point);
	}
	for (size_t i = 0; i < n && !p->full; i++) {
		if (i && (long)i == point)
			put(p, '.');
		put(p, d[i]);
	}
	put_zeros(p, point - (long)n);
}

enum { TOKEN_MAX = 4 * DECIMAL_MAX };

int decimal_plain(const char *text, size_t len, char out[DECIMAL_BYTES])
{
	size_t mantissa = decimal_plain_token(text, len), n = 0;
	char d[TOKEN_MAX + 1] = "";
	struct plain p = {.out = out};
	long point = -1;

	if (len > 0 && len <= DECIMAL_MAX && mantissa == len) {
		memcpy(out, text, len);
		out[len] = 0;
		return 0;
	}
	if (mantissa == len || len > TOKEN_MAX || decimal_token(text, len) != len)
		return -1;
	for (size_t i = text[0] == '-'; i < mantissa; i++) {
		if (text[i] == '.')
			point = (long)n;
		else
			d[n++] = text[i];
	}
	d[n] = 0;
	if (point < 0)
		point = (long)n;
	point += exponent(text + mantissa, len - mantissa);
	if (text[0] == '-')
		put(&p, '-');
	put_digits(&p, d, n, point);
	if (p.full)
		return -1;
	out[p.len] = 0;
	return 0;
}

/* What is left of two fractions, of which one has ended: the other is greater unless it is zeros.
 */
static int rest_is_zero(const char *text)
{
	text += *text == '.';
	return text[strspn(text, "0")] == '\0';
}

/* Neither has a sign: at the first character that differs, the longer whole part is greater, else
 * the digit decides. */
static int compare_unsigned(const char *a, const char *b)
{
	int in_fraction = 0;
	size_t whole_a = 0, whole_b = 0;

	for (; *a == *b; a++, b++) {
		if (*a == '\0')
			return 0;
		in_fraction |= *a == '.';
	}
	while (!in_fraction && is_digit(a[whole_a]))
		whole_a++;
	while (!in_fraction && is_digit(b[whole_b]))
		whole_b++;
	if (whole_a != whole_b)
		return whole_a < whole_b ? -1 : 1;
	if (is_digit(*a) && is_digit(*b))
		return *a < *b ? -1 : 1;
	return is_digit(*a) || *a == '.' ? !rest_is_zero(a) : -!rest_is_zero(b);
}

static int is_zero(const char *text)
{
	return text[strspn(text, "-0.")] == '\0';
}

int decimal_compare(const char *a, const char *b)
{
	int minus_a = *a == '-', minus_b = *b == '-';

	if (minus_a && minus_b)
		return compare_unsigned(b + 1, a + 1);
	if (!minus_a && !minus_b)
		return compare_unsigned(a, b);
	if (is_zero(a) && is_zero(b))
		return 0;
	return minus_a ? -1 : 1;
}
