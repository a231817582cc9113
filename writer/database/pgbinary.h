/* SPDX-License-Identifier: MIT */
/* PostgreSQL's binary format of the types that a candle has (manual, COPY "Binary Format";
 * src/backend/utils/adt: numeric_recv, timestamptz_recv), as COPY takes it and binary results have
 * it. The server reads it without parsing text, which is a fifth of what a COPY costs it, and every
 * digit keeps its place: numeric carries its scale.
 *
 * Pure; big endian; fields of a tuple carry their length before them. */
#ifndef GAPLESS_PGBINARY_H
#define GAPLESS_PGBINARY_H

#include <stddef.h>
#include <stdint.h>

#include "common/text/decimal.h"

enum {
	PGBINARY_HEADER_BYTES = 19,
	PGBINARY_TRAILER_BYTES = 2,
	PGBINARY_NUMERIC_BYTES = 8 + 2 * (DECIMAL_BYTES / 4 + 2) /* at most, without its length */
};

/* Each writes at `at` and returns what follows. */
unsigned char *pgbinary_header(unsigned char *at);
unsigned char *pgbinary_tuple(unsigned char *at, int fields);
unsigned char *pgbinary_trailer(unsigned char *at);
unsigned char *pgbinary_text(unsigned char *at, const char *text);
unsigned char *pgbinary_int64(unsigned char *at, int64_t value);
unsigned char *pgbinary_time(unsigned char *at, int64_t ms);           /* timestamptz */
unsigned char *pgbinary_numeric(unsigned char *at, const char *plain); /* a plain decimal */

/* What COPY sends, a piece a row. Takes what is before the fields off *piece: how many there are,
 * or PGBINARY_END behind the last row. 0, or -1: it is not that. */
enum { PGBINARY_NULL = -1, PGBINARY_END = -1 };
int pgbinary_row(const char **piece, size_t *bytes, int *fields)
	__attribute__((warn_unused_result));
/* Takes a field off it. *len: its bytes; PGBINARY_NULL, and NULL: SQL NULL; less: it is cut off. */
const char *pgbinary_field(const char **piece, size_t *bytes, int *len);

/* Fields of a result; the length is the server's. */
int64_t pgbinary_get_int64(const char *field);
/* Microseconds since 1970; INT64_MIN and INT64_MAX stand for -infinity and infinity. */
int64_t pgbinary_get_time_us(const char *field);

#endif
