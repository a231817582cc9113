/* SPDX-License-Identifier: MIT */
/* Text that may come from anywhere: UTF-8 is decoded, cut and made fit for a sentence here alone. A
 * sentence ends up in the log and, as the reason of a dead letter, in the database, which refuses
 * half a character. Pure. */
#ifndef GAPLESS_UTF8_H
#define GAPLESS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes (1 to 4) of the character that text[0..len) begins with, its number in *code; 0 if it is
 * not well-formed by table 3-7 of the Unicode standard (overlong, a surrogate, above U+10FFFF, cut
 * short). */
size_t utf8_next(const char *text, size_t len, uint32_t *code);
/* The same; 0 too for what may not stand in a line as it is: control characters (also C1, which
 * terminals obey), separators and marks that break or turn around a line. */
size_t utf8_visible(const char *text, size_t len);

/* The greatest length up to `most` that ends no character of a longer text in the middle. */
size_t utf8_cut(const char *text, size_t most);
/* Puts '?' for each byte that belongs to no character. */
void utf8_repair(char *text);

/* Somebody's message, as a part of a sentence of ours: on one line, white space as single spaces,
 * '?' for what is not visible, "..." at the end of one that is longer than size - 4 bytes. Returns
 * out. */
char *utf8_line(const char *text, size_t len, char *out, size_t size);

/* A name or value that is quoted in a sentence: printable ASCII, each other byte a '?', "..." after
 * 64 bytes. Returns out. */
enum { PRINTABLE_BYTES = 68 };
const char *printable(const char *text, char out[PRINTABLE_BYTES]);

#endif
