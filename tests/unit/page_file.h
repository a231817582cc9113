/* SPDX-License-Identifier: MIT */
/* Pages from files under tests/data; unit tests run in the repository's root. Include after
 * cmocka.h. */
#ifndef GAPLESS_TEST_PAGE_FILE_H
#define GAPLESS_TEST_PAGE_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "producer/exchange/upbit_page.h"

/* The caller frees. The copy has exactly the file's size, so that a read past its end is seen by
 * ASan. */
static inline char *slurp(const char *dir, const char *name, size_t *len)
{
	static char scratch[1 << 20];
	char path[512], *text;
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s cannot be read; unit tests run in the repository's root", path);
	*len = fread(scratch, 1, sizeof(scratch), f);
	fclose(f);
	text = malloc(*len ? *len : 1);
	assert_non_null(text);
	memcpy(text, scratch, *len);
	return text;
}

static inline int parse_file(const char *dir, const char *name, const char *interval, int64_t to_ms,
			     struct page *page, struct err *err)
{
	size_t len;
	char *text = slurp(dir, name, &len);
	int result;

	err_clear(err);
	result = upbit_page_parse(text, len, "KRW-BTC", interval_by_name(interval), to_ms, page,
				  err);
	free(text);
	return result;
}

#endif
