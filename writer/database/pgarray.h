/* SPDX-License-Identifier: MIT */
/* Array literals for unnest($1::text[]) and the like, in PostgreSQL's text format, each in a buffer
 * of its own, which is empty at first. */
#ifndef GAPLESS_PGARRAY_H
#define GAPLESS_PGARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "common/text/buf.h"

/* Any text, quoted; NULL is SQL NULL. Not for text with a zero byte. */
void pgarray_text(struct buf *a, const char *text);
/* Text that needs no quotes: numbers, times, symbols, names. Not "", not "NULL". */
void pgarray_plain(struct buf *a, const char *text);
void pgarray_int(struct buf *a, int64_t value);
/* Bytes as hexadecimal digits, for decode(..., 'hex'); NULL is SQL NULL. */
void pgarray_hex(struct buf *a, const void *bytes, size_t len);
/* Closes the literal and returns it; NULL if it did not fit. Valid until the next call on a. */
const char *pgarray_end(struct buf *a);

#endif
