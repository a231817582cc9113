/* SPDX-License-Identifier: MIT */
/* Three tries of printf and strtod take a microsecond, and that was most of what a candle cost. So
 * the digits are found in long double, whose 64 bits hold 17 of them, and read back once; whatever
 * is in doubt is left to printf. */
#include "number.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FEWEST = 15, MOST = 17, EXPONENT_MIN = -4 };

static const long double powers[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,
				     1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L,
				     1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L};

/* The digits of a positive n, the last `decimals` of them behind the point, without the zeros at
 * the end. */
static char *write_plain(uint64_t n, int decimals, char *out)
{
	char digits[24];
	int len = 0;

	while (decimals > 0 && n % 10 == 0) {
		n /= 10;
		decimals--;
	}
	do {
		digits[len++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0 || len <= decimals);
	while (len > 0) {
		if (len == decimals)
			*out++ = '.';
		*out++ = digits[--len];
	}
	*out = 0;
	return out;
}

enum reads_back { NO, YES, TOO_CLOSE };

/* Whether n / power is read as `size`: it is nearer than half the way to the next double. `scaled`,
 * which is size * power, is a little wrong, so that what is very near to half the way is not told.
 */
static enum reads_back reads_back(uint64_t n, long double scaled, long double power, double size)
{
	long double half = (long double)(nextafter(size, INFINITY) - size) / 2 * power;
	long double apart = fabsl((long double)n - scaled), unsure = scaled * 0x1p-61L;

	if (fabsl(apart - half) <= unsure)
		return TOO_CLOSE;
	return apart < half ? YES : NO;
}

static int fast(double v, char *out)
{
	double size = fabs(v);
	int exponent = (int)floor(log10(size)), binary;

	/* (Below a power of two the next double is nearer.) */
	if (exponent < EXPONENT_MIN || exponent >= FEWEST || frexp(size, &binary) == 0.5)
		return 0;
	for (int digits = FEWEST; digits <= MOST; digits++) {
		int decimals = digits - 1 - exponent;
		long double scaled = (long double)size * powers[decimals];
		uint64_t n = (uint64_t)roundl(scaled);
		enum reads_back same = reads_back(n, scaled, powers[decimals], size);

		if (same == NO)
			continue;
		if (same == TOO_CLOSE)
			return 0;
		if (v < 0)
			out[0] = '-';
		write_plain(n, decimals, out + (v < 0));
		return strtod(out, NULL) == v;
	}
	return 0;
}

char *number_text(double v, char out[NUMBER_BYTES])
{
	if (v != 0 && isfinite(v) && fast(v, out))
		return out;
	for (int digits = FEWEST; digits <= MOST; digits++) {
		snprintf(out, NUMBER_BYTES, "%.*g", digits, v);
		if (digits == MOST || strtod(out, NULL) == v)
			break;
	}
	return out;
}
