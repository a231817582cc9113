/* SPDX-License-Identifier: MIT */
/* Memory for JSON trees, which are many small pieces that come together and go together. They are
 * cut off one block of the thread's; when all have been given back the block is empty again. What
 * does not fit is malloc's. A tree belongs to the thread that made it.
 *
 * Under AddressSanitizer every piece is malloc's, so that a use after its end is seen. */
#ifndef GAPLESS_JSON_MEMORY_H
#define GAPLESS_JSON_MEMORY_H

#include <stddef.h>

/* Never NULL (alloc.h). */
void *json_memory_take(size_t bytes);
/* NULL is allowed. */
void json_memory_give_back(void *piece);

/* ---- for the tests: a block of its own, whatever the build */
struct json_block {
	char *bytes; /* NULL: not taken yet */
	size_t used, pieces;
};
void *json_block_take(struct json_block *b, size_t bytes);
void json_block_give_back(struct json_block *b, void *piece);
void json_block_release(struct json_block *b);

#endif
