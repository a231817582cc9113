/* SPDX-License-Identifier: MIT */
/* Memory that is there or the process is not: a failed allocation prints one line and ends the
 * process with exit code 1. That is safe: nothing in memory is ever the only copy of anything (a
 * crash at any point loses nothing). */
#ifndef GAPLESS_ALLOC_H
#define GAPLESS_ALLOC_H

#include <stddef.h>

void *xmalloc(size_t bytes) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *xcalloc(size_t n, size_t bytes) __attribute__((malloc, returns_nonnull, warn_unused_result));
/* Room for n elements of `bytes` each; overflow of the product counts as out of memory. */
void *xreallocarray(void *p, size_t n, size_t bytes)
	__attribute__((returns_nonnull, warn_unused_result));
/* Room for one more than n elements of v, which has room for cap, both variables: grows where there
 * is none. */
#define GROW(v, n, cap)                                            \
	do {                                                       \
		if ((n) == (cap)) {                                \
			(cap) = (cap) > 0 ? 2 * (cap) : 8;         \
			(v) = xreallocarray(v, cap, sizeof(*(v))); \
		}                                                  \
	} while (0)
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* What is freed stays with the process, up to 32 MiB, whatever the size of a piece: for one that
 * takes and frees large pieces many times a second, which would have the system clear every page of
 * them each time. */
void alloc_keep_freed(void);

#endif
