/* SPDX-License-Identifier: MIT */
/* The golden message, read from schemas/, for the tests of the message. They run in the root of the
 * repository. */
#ifndef GAPLESS_TEST_GOLDEN_H
#define GAPLESS_TEST_GOLDEN_H

#include <stdio.h>
#include <string.h>

#include "common/candle/candle.h"

enum { FILE_MAX = 65536 };

static char golden[FILE_MAX];
static size_t golden_len;

static inline size_t file_read(const char *path, char *to)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		fail_msg("%s cannot be read; tests run in the root of the repository", path);
	n = fread(to, 1, FILE_MAX - 1, f);
	to[n] = 0;
	assert_int_equal(fclose(f), 0);
	return n;
}

static inline int golden_read(void **state)
{
	(void)state;
	golden_len = file_read("schemas/candle.golden.json", golden);
	if (golden_len && golden[golden_len - 1] == '\n')
		golden[--golden_len] = 0;
	return 0;
}

/* It with one piece replaced; until the next call. */
static inline const char *golden_with(const char *from, const char *to)
{
	static char text[FILE_MAX];
	const char *at = strstr(golden, from);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - golden), golden, to, at + strlen(from));
	return text;
}

static inline struct message decoded(const char *text, size_t len)
{
	struct err err = {0};
	struct message m;

	if (message_decode(text, len, &m, &err) != MESSAGE_OK)
		fail_msg("%.*s: %s", (int)len, text, err.text);
	return m;
}

#endif
