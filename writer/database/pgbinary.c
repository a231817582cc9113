/* SPDX-License-Identifier: MIT */
#include "pgbinary.h"

#include <string.h>

/* Of numeric: decimal digits in one of its own, and its signs. */
enum { GROUP = 4, NEGATIVE = 0x4000, POSITIVE = 0 };

static const int64_t EPOCH_MS = INT64_C(946684800000); /* 2000-01-01, the server's own */

static unsigned char *put16(unsigned char *at, int value)
{
	at[0] = (unsigned char)((unsigned)value >> 8);
	at[1] = (unsigned char)value;
	return at + 2;
}

static unsigned char *put32(unsigned char *at, uint32_t value)
{
	return put16(put16(at, (int)(value >> 16)), (int)(value & 0xffff));
}

static unsigned char *put64(unsigned char *at, uint64_t value)
{
	return put32(put32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

unsigned char *pgbinary_header(unsigned char *at)
{
	static const char signature[11] = "PGCOPY\n\377\r\n";

	memcpy(at, signature, sizeof(signature));
	return put32(put32(at + sizeof(signature), 0), 0); /* no flags, no extension */
}

unsigned char *pgbinary_tuple(unsigned char *at, int fields)
{
	return put16(at, fields);
}

unsigned char *pgbinary_trailer(unsigned char *at)
{
	return put16(at, -1);
}

unsigned char *pgbinary_text(unsigned char *at, const char *text)
{
	unsigned char *start = at;

	for (at += 4; *text != '\0'; text++)
		*at++ = (unsigned char)*text;
	put32(start, (uint32_t)(at - start - 4));
	return at;
}

unsigned char *pgbinary_int64(unsigned char *at, int64_t value)
{
	return put64(put32(at, 8), (uint64_t)value);
}

unsigned char *pgbinary_time(unsigned char *at, int64_t ms)
{
	return pgbinary_int64(at, (ms - EPOCH_MS) * 1000);
}

/* Digits as groups of four on either side of the point: 12345.678 is 1 2345 . 6780, of weight 1. */
unsigned char *pgbinary_numeric(unsigned char *at, const char *plain)
{
	int groups[DECIMAL_BYTES / GROUP + 2];
	int negative = *plain == '-', n = 0, first = 0, weight, scale;
	const char *point, *p = plain + negative;
	unsigned char *start = at;
	size_t whole;

	p += strspn(p, "0");
	point = p + strcspn(p, ".");
	whole = (size_t)(point - p);
	scale = *point == '\0' ? 0 : (int)strlen(point + 1);
	weight = (int)((whole + GROUP - 1) / GROUP) - 1;
	for (size_t left = whole; left > 0;) {
		int value = 0;

		do
			value = value * 10 + (*p++ - '0');
		while (--left % GROUP != 0);
		groups[n++] = value;
	}
	p = point + (*point != '\0');
	for (int left = scale; left > 0; left -= GROUP) {
		int value = 0;

		for (int i = 0; i < GROUP; i++)
			value = value * 10 + (i < left ? *p++ - '0' : 0);
		groups[n++] = value;
	}
	for (; first < n && groups[first] == 0; first++)
		weight--;
	while (n > first && groups[n - 1] == 0)
		n--;
	if (n == first)
		weight = negative = 0;
	at = put16(put16(at + 4, n - first), weight);
	at = put16(put16(at, negative ? NEGATIVE : POSITIVE), scale);
	for (int i = first; i < n; i++)
		at = put16(at, groups[i]);
	put32(start, (uint32_t)(at - start - 4));
	return at;
}

static int get16(const char *at)
{
	return (unsigned char)at[0] << 8 | (unsigned char)at[1];
}

int64_t pgbinary_get_int64(const char *field)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | (unsigned char)field[i];
	return (int64_t)value;
}

int64_t pgbinary_get_time_us(const char *field)
{
	int64_t us = pgbinary_get_int64(field);

	return us == INT64_MIN || us == INT64_MAX ? us : us + EPOCH_MS * 1000;
}

static char *put_group(char *out, int value, int digits)
{
	static const int power[GROUP] = {1000, 100, 10, 1};

	for (int i = 0; i < digits; i++)
		*out++ = (char)('0' + value / power[i] % 10);
	return out;
}

int pgbinary_get_numeric(const char *field, int len, char out[DECIMAL_BYTES])
{
	int n, weight, sign, scale, i = 0;
	char *p = out;

	if (len < 8)
		return -1;
	n = get16(field);
	weight = (int16_t)get16(field + 2);
	sign = get16(field + 4);
	scale = get16(field + 6);
	if (len != 8 + 2 * n || (sign != POSITIVE && sign != NEGATIVE) || weight < -DECIMAL_BYTES ||
	    (weight < 0 ? 1 : (weight + 1) * GROUP) + scale + 2 > DECIMAL_MAX)
		return -1;
	field += 8;
#define DIGIT(k) ((k) >= 0 && (k) < n ? get16(field + 2 * (k)) : 0)
	if (sign == NEGATIVE)
		*p++ = '-';
	if (weight < 0)
		*p++ = '0';
	for (; i <= weight; i++) {
		int skip = i > 0 ? 0 : (DIGIT(0) < 1000) + (DIGIT(0) < 100) + (DIGIT(0) < 10);
		char group[GROUP];

		put_group(group, DIGIT(i), GROUP);
		memcpy(p, group + skip, (size_t)(GROUP - skip));
		p += GROUP - skip;
	}
	if (scale > 0)
		*p++ = '.';
	/* The first group after the point has weight -1. */
	i = weight + 1;
	for (int left = scale; left > 0; left -= GROUP, i++)
		p = put_group(p, DIGIT(i), left < GROUP ? left : GROUP);
#undef DIGIT
	*p = '\0';
	return 0;
}
