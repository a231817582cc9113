/* SPDX-License-Identifier: MIT */
/* The last answers, each for a moment, so that many who look cost the database what one costs.
 * Pure; of one thread. */
#ifndef GAPLESS_PAGE_CACHE_H
#define GAPLESS_PAGE_CACHE_H

#include <stdint.h>

#include "common/text/buf.h"

enum { CACHE_ENTRIES = 8, CACHE_BODY_BYTES = 4 << 20 };

struct cache;

struct cache *cache_new(void);
void cache_free(struct cache *c);
/* NULL: it is not there, or not fresh. Valid until the next put. */
const struct buf *cache_get(const struct cache *c, const char *key, int64_t now_ms);
/* In place of the one that ends first. What is larger than CACHE_BODY_BYTES is not kept. */
void cache_put(struct cache *c, const char *key, const struct buf *body, int64_t until_ms);

#endif
