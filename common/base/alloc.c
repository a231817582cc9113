/* SPDX-License-Identifier: MIT */
#include "common/base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { KEEP_BYTES = 32 << 20 };

/* No exit handlers and no log: both may want memory. */
static _Noreturn void out_of_memory(size_t bytes)
{
	char line[96];
	int n = snprintf(line, sizeof line, "gapless: out of memory: %zu bytes were refused\n",
			 bytes);

	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(1);
	_exit(1);
}

void *xmalloc(size_t bytes)
{
	void *p = malloc(bytes ? bytes : 1);

	if (!p)
		out_of_memory(bytes);
	return p;
}

void *xcalloc(size_t n, size_t bytes)
{
	void *p = calloc(n ? n : 1, bytes ? bytes : 1);

	if (!p)
		out_of_memory(n && bytes > SIZE_MAX / n ? SIZE_MAX : n * bytes);
	return p;
}

void *xreallocarray(void *p, size_t n, size_t bytes)
{
	void *q = reallocarray(p, n ? n : 1, bytes ? bytes : 1);

	if (!q)
		out_of_memory(n && bytes > SIZE_MAX / n ? SIZE_MAX : n * bytes);
	return q;
}

char *xstrdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		out_of_memory(strlen(text) + 1);
	return copy;
}

void alloc_keep_freed(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
	mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
#endif
}
