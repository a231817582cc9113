/* SPDX-License-Identifier: MIT */
#include "pgbinary.h"

#include <endian.h>
#include <string.h>

/* Of numeric: decimal digits in one of its own, and its signs. */
enum { GROUP = 4, NEGATIVE = 0x4000, POSITIVE = 0 };

static const int64_t EPOCH_MS = INT64_C(946684800000); /* 2000-01-01, the server's own */

static unsigned char *put16(unsigned char *at, int value)
{
	uint16_t big = htobe16((uint16_t)value);

	memcpy(at, &big, sizeof(big));
	return at + sizeof(big);
}

static unsigned char *put32(unsigned char *at, uint32_t value)
{
	uint32_t big = htobe32(value);

	memcpy(at, &big, sizeof(big));
	return at + sizeof(big);
}

static unsigned char *put64(unsigned char *at, uint64_t value)
{
	uint64_t big = htobe64(value);

	memcpy(at, &big, sizeof(big));
	return at + sizeof(big);
}

static const char signature[11] = "PGCOPY\n\377\r\n";

unsigned char *pgbinary_header(unsigned char *at)
{
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

/* The groups of a numeric as they come, from the most significant on: zeros at either end are left
 * out, those in front count against the weight. */
struct groups {
	unsigned char *at; /* where the next one goes */
	int n, used;       /* written; up to the last one that is not zero */
	int weight;        /* of the first one */
};

static void put_group_of(struct groups *g, int value)
{
	if (g->n == 0 && value == 0) {
		g->weight--;
		return;
	}
	g->at = put16(g->at, value);
	g->n++;
	if (value != 0)
		g->used = g->n;
}

static int four(const char *p)
{
	return (p[0] - '0') * 1000 + (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
}

/* Of n digits, fewer than four. */
static int fewer(const char *p, int n)
{
	int value = 0;

	while (n-- > 0)
		value = value * 10 + (*p++ - '0');
	return value;
}

/* Digits as groups of four on either side of the point: 12345.678 is 1 2345 . 6780, of weight 1. */
unsigned char *pgbinary_numeric(unsigned char *at, const char *plain)
{
	static const int missing[GROUP] = {1, 1000, 100, 10};
	int negative = *plain == '-', whole = 0, scale = 0, left;
	const char *p = plain + negative;
	unsigned char *end;
	struct groups g = {.at = at + 12};

	while (is_digit(p[whole]))
		whole++;
	g.weight = (whole + GROUP - 1) / GROUP - 1;
	left = whole % GROUP;
	if (left > 0)
		put_group_of(&g, fewer(p, left));
	for (p += left; left < whole; left += GROUP, p += GROUP)
		put_group_of(&g, four(p));
	p += *p == '.';
	while (is_digit(p[scale]))
		scale++;
	for (left = scale; left >= GROUP; left -= GROUP, p += GROUP)
		put_group_of(&g, four(p));
	if (left > 0)
		put_group_of(&g, fewer(p, left) * missing[left]);
	end = at + 12 + 2 * (ptrdiff_t)g.used;
	put32(at, (uint32_t)(end - at - 4));
	put16(put16(at + 4, g.used), g.used == 0 ? 0 : g.weight);
	put16(put16(at + 8, negative && g.used > 0 ? NEGATIVE : POSITIVE), scale);
	return end;
}

static int get16(const char *at)
{
	return (unsigned char)at[0] << 8 | (unsigned char)at[1];
}

static int32_t get32(const char *at)
{
	uint32_t big;

	memcpy(&big, at, sizeof(big));
	return (int32_t)be32toh(big);
}

static void advance(const char **piece, size_t *bytes, size_t by)
{
	*piece += by;
	*bytes -= by;
}

int pgbinary_row(const char **piece, size_t *bytes, int *fields)
{
	if (*bytes >= PGBINARY_HEADER_BYTES && memcmp(*piece, signature, sizeof(signature)) == 0)
		advance(piece, bytes, PGBINARY_HEADER_BYTES);
	if (*bytes < 2)
		return -1;
	*fields = (int16_t)get16(*piece);
	advance(piece, bytes, 2);
	return 0;
}

const char *pgbinary_field(const char **piece, size_t *bytes, int *len)
{
	const char *field;

	*len = *bytes < 4 ? PGBINARY_NULL - 1 : get32(*piece);
	if (*len < PGBINARY_NULL || (*len >= 0 && (size_t)*len > *bytes - 4)) {
		*len = PGBINARY_NULL - 1;
		return NULL;
	}
	advance(piece, bytes, 4);
	if (*len == PGBINARY_NULL)
		return NULL;
	field = *piece;
	advance(piece, bytes, (size_t)*len);
	return field;
}

int64_t pgbinary_get_int64(const char *field)
{
	uint64_t big;

	memcpy(&big, field, sizeof(big));
	return (int64_t)be64toh(big);
}

int64_t pgbinary_get_time_us(const char *field)
{
	int64_t us = pgbinary_get_int64(field), since_1970;

	if (us == INT64_MIN)
		return us;
	return __builtin_add_overflow(us, EPOCH_MS * 1000, &since_1970) ? INT64_MAX : since_1970;
}
