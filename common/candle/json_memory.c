/* SPDX-License-Identifier: MIT */
#include "common/candle/json_memory.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/base/alloc.h"

#ifdef __has_feature
#define CLANG_HAS(feature) __has_feature(feature)
#else
#define CLANG_HAS(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || CLANG_HAS(address_sanitizer)
#define EACH_ON_ITS_OWN 1
#else
#define EACH_ON_ITS_OWN 0
#endif

/* The tree of a page takes about a third of it. */
enum { BLOCK_BYTES = 1 << 20, ALIGN = 16 };

static int is_inside(const struct json_block *b, const void *piece)
{
	return b->bytes != NULL && (uintptr_t)piece - (uintptr_t)b->bytes < BLOCK_BYTES;
}

void *json_block_take(struct json_block *b, size_t bytes)
{
	size_t wanted = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	char *piece;

	if (b->bytes == NULL)
		b->bytes = xmalloc(BLOCK_BYTES);
	if (bytes == 0 || bytes > BLOCK_BYTES || wanted > BLOCK_BYTES - b->used)
		return xmalloc(bytes);
	piece = b->bytes + b->used;
	b->used += wanted;
	b->pieces++;
	return piece;
}

void json_block_give_back(struct json_block *b, void *piece)
{
	if (!is_inside(b, piece))
		free(piece);
	else if (--b->pieces == 0)
		b->used = 0;
}

void json_block_release(struct json_block *b)
{
	free(b->bytes);
	*b = (struct json_block){0};
}

static _Thread_local struct json_block block;

void *json_memory_take(size_t bytes)
{
	return EACH_ON_ITS_OWN ? xmalloc(bytes) : json_block_take(&block, bytes);
}

void json_memory_give_back(void *piece)
{
	if (EACH_ON_ITS_OWN)
		free(piece);
	else
		json_block_give_back(&block, piece);
}
