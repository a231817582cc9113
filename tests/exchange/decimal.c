/* SPDX-License-Identifier: MIT */
#include "decimal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALL_DIGITS 48

/* The digits of value, right-aligned in all[], padded with zeros on the left to at least `least`.
 * Returns the index of the first. Two divisions of 128 bits, the rest in 64. */
static size_t digits_of(char all[ALL_DIGITS], unsigned __int128 value, size_t least)
{
	const uint64_t chunk = 1000000000000000000ULL;
	size_t at = ALL_DIGITS;

	while (value != 0) {
		uint64_t low = (uint64_t)(value % chunk);

		value /= chunk;
		for (unsigned i = 0; i < 18 && (low != 0 || value != 0); i++) {
			all[--at] = (char)('0' + low % 10);
			low /= 10;
		}
	}
	while (ALL_DIGITS - at < least)
		all[--at] = '0';
	return at;
}

static int all_zeros(const char *s, size_t n)
{
	while (n > 0)
		if (s[--n] != '0')
			return 0;
	return 1;
}

/* Under a millionth: significant digits with a point after the first, and the exponent. */
static char *exponent_form(char *out, const char *fraction, unsigned decimals)
{
	unsigned first = 0, last = decimals;

	while (fraction[first] == '0')
		first++;
	while (fraction[last - 1] == '0')
		last--;
	*out++ = fraction[first];
	if (last > first + 1) {
		*out++ = '.';
		memcpy(out, fraction + first + 1, last - first - 1);
		out += last - first - 1;
	}
	*out++ = 'E';
	*out++ = '-';
	first++;
	if (first >= 10)
		*out++ = (char)('0' + first / 10);
	*out++ = (char)('0' + first % 10);
	return out;
}

size_t decimal_format(char out[DECIMAL_SIZE], wide value, unsigned decimals)
{
	char all[ALL_DIGITS] = {0}, *to = out;
	size_t first =
		digits_of(all, (unsigned __int128)(value < 0 ? -value : value), decimals + 1);
	const char *whole = all + first, *fraction = all + (ALL_DIGITS - decimals);
	unsigned shown = decimals;

	if (value < 0)
		*to++ = '-';
	if (all_zeros(fraction + 8, decimals - 8))
		shown = 8;
	else if (decimals > 16 && all_zeros(fraction + 16, decimals - 16))
		shown = 16;
	if (value != 0 && all_zeros(whole, (size_t)(fraction - whole)) && all_zeros(fraction, 6)) {
		to = exponent_form(to, fraction, decimals);
	} else {
		memcpy(to, whole, (size_t)(fraction - whole));
		to += fraction - whole;
		*to++ = '.';
		memcpy(to, fraction, shown);
		to += shown;
	}
	*to = '\0';
	return (size_t)(to - out);
}

/* The digits of a token without its point; returns how many lie before the point. */
static long split_digits(const char *token, const char *stop, char *digits, size_t *n)
{
	long before = -1;

	*n = 0;
	for (; token < stop; token++) {
		if (*token == '.')
			before = (long)*n;
		else
			digits[(*n)++] = *token;
	}
	return before < 0 ? (long)*n : before;
}

int decimal_plain(char *out, size_t size, const char *token)
{
	size_t len = strlen(token), mark = strcspn(token, "eE"), n;
	char digits[256];

	if (mark == len) {
		if (len >= size)
			return -1;
		memcpy(out, token, len + 1);
		return 0;
	}
	long shift = strtol(token + mark + 1, NULL, 10);

	if (mark >= sizeof(digits) || shift < -500 || shift > 500)
		return -1;
	if (*token == '-') {
		if (size < 2)
			return -1;
		*out++ = '-';
		size--;
		token++;
		mark--;
	}
	long point = split_digits(token, token + mark, digits, &n) + shift;
	long first = point <= 0 ? point - 1
				: 0; /* index of the first digit written; negative ones are zeros */
	long last = point > (long)n ? point : (long)n;

	while (first < point - 1 && (first >= (long)n || digits[first] == '0'))
		first++;
	if ((size_t)(last - first) + 2 > size)
		return -1;
	for (long i = first; i < last; i++) {
		if (i == point)
			*out++ = '.';
		*out++ = i < 0 || i >= (long)n ? '0' : digits[i];
	}
	*out = '\0';
	return 0;
}
