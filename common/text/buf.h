/* SPDX-License-Identifier: MIT */
/* A growable byte buffer with a ceiling. Invariant: data[len] == 0 whenever data is not NULL, len
 * <= max_bytes. */
#ifndef GAPLESS_BUF_H
#define GAPLESS_BUF_H

#include <stddef.h>

struct buf {
	char *data;
	size_t len, cap, max_bytes;
	int is_full; /* something did not fit */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_release(struct buf *b);
/* Keeps the memory, forgets the content. */
void buf_clear(struct buf *b);
/* Both return 0, or -1 if the content would exceed max_bytes: it stays as it is, and nothing fits
 * any more until it is cleared, so that a text of many pieces may be checked once, at its end. */
int buf_append(struct buf *b, const void *data, size_t len);
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* 0, or -1 if something did not fit. */
int buf_check(const struct buf *b) __attribute__((warn_unused_result));

#endif
