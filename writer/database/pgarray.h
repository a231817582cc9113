/* SPDX-License-Identifier: MIT */
/* Array literals for unnest($1::text[]) and the like, in PostgreSQL's text format. */
#ifndef GAPLESS_PGARRAY_H
#define GAPLESS_PGARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "common/text/buf.h"

struct pgarray {
	struct buf text;
	int full; /* something did not fit; the array is useless from then on */
};

void pgarray_init(struct pgarray *a, size_t max_bytes);
void pgarray_release(struct pgarray *a);
/* Empty again, for the next use. */
void pgarray_clear(struct pgarray *a);
/* Any text, quoted; NULL is SQL NULL. Not for text with a zero byte. */
void pgarray_text(struct pgarray *a, const char *text);
/* Text that needs no quotes: numbers, times, symbols, names. Not "", not "NULL". */
void pgarray_plain(struct pgarray *a, const char *text);
void pgarray_int(struct pgarray *a, int64_t value);
/* Bytes as hexadecimal digits, for decode(..., 'hex'); NULL is SQL NULL. */
void pgarray_hex(struct pgarray *a, const void *bytes, size_t len);
/* Closes the literal and returns it; NULL if it did not fit. Valid until the next call on a. */
const char *pgarray_end(struct pgarray *a);

#endif
