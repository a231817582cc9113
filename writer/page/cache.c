/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

struct entry {
	char *key; /* NULL: it is free */
	struct buf body;
	int64_t until_ms;
};

struct cache {
	struct entry entries[CACHE_ENTRIES];
};

struct cache *cache_new(void)
{
	struct cache *c = xcalloc(1, sizeof(*c));

	for (size_t i = 0; i < CACHE_ENTRIES; i++)
		buf_init(&c->entries[i].body, CACHE_BODY_BYTES);
	return c;
}

void cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CACHE_ENTRIES; i++) {
		free(c->entries[i].key);
		buf_release(&c->entries[i].body);
	}
	free(c);
}

const struct buf *cache_get(const struct cache *c, const char *key, int64_t now_ms)
{
	for (size_t i = 0; i < CACHE_ENTRIES; i++) {
		const struct entry *e = &c->entries[i];

		if (e->key != NULL && strcmp(e->key, key) == 0 && now_ms < e->until_ms)
			return &e->body;
	}
	return NULL;
}

/* The one of this key, or else the one that ends first. */
static struct entry *place_for(struct cache *c, const char *key)
{
	struct entry *first = &c->entries[0];

	for (size_t i = 0; i < CACHE_ENTRIES; i++) {
		struct entry *e = &c->entries[i];

		if (e->key != NULL && strcmp(e->key, key) == 0)
			return e;
		if (e->until_ms < first->until_ms)
			first = e;
	}
	return first;
}

void cache_put(struct cache *c, const char *key, const struct buf *body, int64_t until_ms)
{
	struct entry *e = place_for(c, key);
	char *own = xstrdup(key);

	free(e->key);
	e->key = own;
	e->until_ms = until_ms;
	buf_clear(&e->body);
	if (buf_append(&e->body, body->data, body->len) != 0) {
		free(e->key);
		*e = (struct entry){.body = e->body};
	}
}
