/* SPDX-License-Identifier: MIT */
#include "producer/series/heap.h"

#include <stdlib.h>

#include "common/base/alloc.h"

void heap_init(struct heap *h, size_t n)
{
	*h = (struct heap){.v = xcalloc(n + 1, sizeof *h->v), .at = xcalloc(n + 1, sizeof *h->at)};
}

void heap_release(struct heap *h)
{
	free(h->v);
	free(h->at);
	*h = (struct heap){0};
}

static int before(const struct heap_item *a, const struct heap_item *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	if (a->second != b->second)
		return a->second < b->second;
	return a->place < b->place;
}

static void set(struct heap *h, size_t i, struct heap_item item)
{
	h->v[i] = item;
	h->at[item.place] = (uint32_t)i + 1;
}

/* The item goes where it belongs, from the free position i on. */
static void sift(struct heap *h, size_t i, struct heap_item item)
{
	while (i > 0 && before(&item, &h->v[(i - 1) / 2])) {
		set(h, i, h->v[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (size_t child = 2 * i + 1; child < h->n; child = 2 * i + 1) {
		if (child + 1 < h->n && before(&h->v[child + 1], &h->v[child]))
			child++;
		if (!before(&h->v[child], &item))
			break;
		set(h, i, h->v[child]);
		i = child;
	}
	set(h, i, item);
}

void heap_put(struct heap *h, struct heap_item item)
{
	size_t i = h->at[item.place] > 0 ? h->at[item.place] - 1 : h->n++;

	sift(h, i, item);
}

void heap_remove(struct heap *h, uint32_t place)
{
	size_t i;

	if (h->at[place] == 0)
		return;
	i = h->at[place] - 1;
	h->at[place] = 0;
	h->n--;
	if (i < h->n)
		sift(h, i, h->v[h->n]);
}

const struct heap_item *heap_first(const struct heap *h)
{
	return h->n > 0 ? &h->v[0] : NULL;
}

struct search {
	int (*accept)(uint32_t place, void *opaque);
	void *opaque;
	const struct heap_item *best;
};

/* Below one that is not before the best there is no better one. */
static void find_below(const struct heap *h, size_t i, struct search *s)
{
	if (i >= h->n || (s->best && !before(&h->v[i], s->best)))
		return;
	if (s->accept(h->v[i].place, s->opaque)) {
		s->best = &h->v[i];
		return;
	}
	find_below(h, 2 * i + 1, s);
	find_below(h, 2 * i + 2, s);
}

const struct heap_item *heap_find(const struct heap *h, int (*accept)(uint32_t place, void *opaque),
				  void *opaque)
{
	struct search s = {.accept = accept, .opaque = opaque};

	find_below(h, 0, &s);
	return s.best;
}
