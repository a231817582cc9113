/* SPDX-License-Identifier: MIT */
/* A priority queue of places (0 to n - 1), each in it at most once: the least key first, of equal
 * ones the least `second`, then the least place. Pure. */
#ifndef GAPLESS_HEAP_H
#define GAPLESS_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_item {
	int64_t key, second;
	uint32_t place;
};

struct heap {
	struct heap_item *v;
	size_t n;
	uint32_t *at; /* of each place: where it is in v, plus 1; 0: it is not */
};

/* For n places. */
void heap_init(struct heap *h, size_t n);
void heap_release(struct heap *h);
/* Puts the place in, or where it belongs with its new key. */
void heap_put(struct heap *h, struct heap_item item);
void heap_remove(struct heap *h, uint32_t place);
/* NULL: it is empty. Valid until the next change. */
const struct heap_item *heap_first(const struct heap *h);
/* The first that is accepted; NULL: none is. Asks about as many as come before it, and a few. */
const struct heap_item *heap_find(const struct heap *h, int (*accept)(uint32_t place, void *opaque),
				  void *opaque);

#endif
