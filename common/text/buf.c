/* SPDX-License-Identifier: MIT */
#include "common/text/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

enum { BUF_FIRST_BYTES = 256 };

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){.max_bytes = max_bytes};
}

void buf_release(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max_bytes);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->is_full = 0;
	if (b->data)
		b->data[0] = 0;
}

/* Room for `more` bytes and the final 0. Doubles, so that n appends cost O(n). */
static int buf_reserve(struct buf *b, size_t more)
{
	size_t need, cap;

	if (b->is_full || more > b->max_bytes - b->len) {
		b->is_full = 1;
		return -1;
	}
	need = b->len + more + 1;
	if (need <= b->cap)
		return 0;
	cap = b->cap > BUF_FIRST_BYTES / 2 ? b->cap * 2 : BUF_FIRST_BYTES;
	if (cap > b->max_bytes + 1)
		cap = b->max_bytes + 1;
	if (cap < need)
		cap = need;
	b->data = xreallocarray(b->data, cap, 1);
	b->cap = cap;
	b->data[b->len] = 0;
	return 0;
}

int buf_append(struct buf *b, const void *data, size_t len)
{
	if (buf_reserve(b, len))
		return -1;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
	return 0;
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	size_t room;
	int n;

	if (buf_reserve(b, 0)) /* there is memory from here on */
		return -1;
	room = b->cap - b->len;
	va_start(ap, fmt);
	n = vsnprintf(b->data + b->len, room, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n >= room) {
		b->data[b->len] = 0;
		if (buf_reserve(b, (size_t)n))
			return -1;
		va_start(ap, fmt);
		n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
		va_end(ap);
	}
	if (n < 0) {
		b->data[b->len] = 0;
		b->is_full = 1;
		return -1;
	}
	b->len += (size_t)n;
	return 0;
}

int buf_check(const struct buf *b)
{
	return b->is_full ? -1 : 0;
}
