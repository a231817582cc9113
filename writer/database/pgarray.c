/* SPDX-License-Identifier: MIT */
#include "pgarray.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void pgarray_text(struct buf *a, const char *text)
{
	if (text == NULL) {
		pgarray_plain(a, "NULL");
		return;
	}
	pgarray_plain(a, "\"");
	while (*text != '\0') {
		size_t plain = strcspn(text, "\"\\");

		buf_append(a, text, plain);
		text += plain;
		if (*text != '\0') {
			buf_append(a, "\\", 1);
			buf_append(a, text++, 1);
		}
	}
	buf_append(a, "\"", 1);
}

void pgarray_plain(struct buf *a, const char *text)
{
	buf_append(a, a->len == 0 ? "{" : ",", 1);
	buf_append(a, text, strlen(text));
}

void pgarray_int(struct buf *a, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	pgarray_plain(a, digits);
}

void pgarray_hex(struct buf *a, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	if (bytes == NULL) {
		pgarray_plain(a, "NULL");
		return;
	}
	pgarray_plain(a, "\"");
	for (size_t i = 0; i < len; i++) {
		char pair[2] = {digits[p[i] >> 4], digits[p[i] & 15]};

		buf_append(a, pair, sizeof(pair));
	}
	buf_append(a, "\"", 1);
}

const char *pgarray_end(struct buf *a)
{
	if (a->len == 0)
		buf_append(a, "{", 1);
	buf_append(a, "}", 1);
	return buf_check(a) == 0 ? a->data : NULL;
}
