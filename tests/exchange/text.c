/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
	fputs("gapless-exchange: out of memory\n", stderr);
	exit(1);
}

void *room_new(size_t n, size_t bytes)
{
	void *p = calloc(n ? n : 1, bytes);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *room_grow(void *p, size_t n, size_t bytes)
{
	void *q = reallocarray(p, n ? n : 1, bytes);

	if (q == NULL)
		out_of_memory();
	return q;
}

void text_release(struct text *t)
{
	free(t->data);
	t->data = NULL;
	t->len = t->room = 0;
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->data != NULL)
		t->data[0] = '\0';
}

static void text_reserve(struct text *t, size_t more)
{
	size_t want = t->len + more + 1;

	if (want <= t->room)
		return;
	if (want < 2 * t->room)
		want = 2 * t->room;
	if (want < 256)
		want = 256;
	t->data = room_grow(t->data, want, 1);
	t->room = want;
}

void text_add(struct text *t, const void *data, size_t len)
{
	text_reserve(t, len);
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_put(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int need;

	va_start(ap, fmt);
	need = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (need < 0)
		return;
	text_reserve(t, (size_t)need);
	va_start(ap, fmt);
	vsnprintf(t->data + t->len, (size_t)need + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)need;
}

void text_json(struct text *t, const char *s)
{
	text_add(t, "\"", 1);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			text_printf(t, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			text_printf(t, "\\u%04x", c);
		else
			text_add(t, s, 1);
	}
	text_add(t, "\"", 1);
}

char *text_take(struct text *t, size_t *len)
{
	char *data = t->data;

	*len = t->len;
	t->data = NULL;
	t->len = t->room = 0;
	return data;
}
