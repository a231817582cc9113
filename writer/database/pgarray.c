/* SPDX-License-Identifier: MIT */
#include "pgarray.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void pgarray_init(struct pgarray *a, size_t max_bytes)
{
	buf_init(&a->text, max_bytes);
	a->full = 0;
}

void pgarray_release(struct pgarray *a)
{
	buf_release(&a->text);
}

void pgarray_clear(struct pgarray *a)
{
	buf_clear(&a->text);
	a->full = 0;
}

static void put(struct pgarray *a, const char *bytes, size_t len)
{
	if (!a->full && buf_append(&a->text, bytes, len) != 0)
		a->full = 1;
}

static void separate(struct pgarray *a)
{
	put(a, a->text.len == 0 ? "{" : ",", 1);
}

void pgarray_text(struct pgarray *a, const char *text)
{
	separate(a);
	if (text == NULL) {
		put(a, "NULL", 4);
		return;
	}
	put(a, "\"", 1);
	while (*text != '\0') {
		size_t plain = strcspn(text, "\"\\");

		put(a, text, plain);
		text += plain;
		if (*text != '\0') {
			put(a, "\\", 1);
			put(a, text++, 1);
		}
	}
	put(a, "\"", 1);
}

void pgarray_plain(struct pgarray *a, const char *text)
{
	separate(a);
	put(a, text, strlen(text));
}

void pgarray_int(struct pgarray *a, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	pgarray_plain(a, digits);
}

void pgarray_hex(struct pgarray *a, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	separate(a);
	if (bytes == NULL) {
		put(a, "NULL", 4);
		return;
	}
	put(a, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		char pair[2] = {digits[p[i] >> 4], digits[p[i] & 15]};

		put(a, pair, sizeof(pair));
	}
	put(a, "\"", 1);
}

const char *pgarray_end(struct pgarray *a)
{
	if (a->text.len == 0)
		put(a, "{", 1);
	put(a, "}", 1);
	return a->full ? NULL : a->text.data;
}
