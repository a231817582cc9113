/* SPDX-License-Identifier: MIT */
/* A growing run of bytes for answers. Invariant: data[len] == 0 once anything was added. Memory
 * that is not there ends the program with one line: nothing here outlives a run. */
#ifndef EXCHANGE_TEXT_H
#define EXCHANGE_TEXT_H

#include <stddef.h>

struct text {
	char *data;
	size_t len, room;
};

#define TEXT_EMPTY         \
	{                  \
		NULL, 0, 0 \
	}

void text_release(struct text *t);
/* Keeps the memory, forgets the content. */
void text_clear(struct text *t);
void text_add(struct text *t, const void *data, size_t len);
void text_put(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* s as a JSON string, with its quotes. */
void text_json(struct text *t, const char *s);
/* Hands the bytes to the caller (free() them; NULL if nothing was added) and leaves t empty. */
char *text_take(struct text *t, size_t *len);

/* calloc and realloc that do not return NULL. */
void *room_new(size_t n, size_t bytes) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *room_grow(void *p, size_t n, size_t bytes)
	__attribute__((returns_nonnull, warn_unused_result));

#endif
