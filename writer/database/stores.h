/* SPDX-License-Identifier: MIT */
/* The stores of a writer, one a lane of its pipeline: each has a connection of its own. */
#ifndef GAPLESS_STORES_H
#define GAPLESS_STORES_H

#include "store.h"

enum { STORES_MAX = 4 };

struct stores;

/* n: at most STORES_MAX. NULL, with *err, where no threads are available. */
struct stores *stores_new(size_t n, const struct store_config *config, struct err *err);
/* As store_free() of each: 1 if all are freed. NULL is allowed. */
int stores_free(struct stores *s, int wait_ms);

struct store *stores_at(const struct stores *s, size_t i);
/* 1 if nothing is lent to any. */
int stores_are_idle(const struct stores *s);
/* 1 while any of them is failing. */
int stores_are_failing(const struct stores *s);
/* Asks all of them to give up what they have. */
void stores_abandon(struct stores *s);

#endif
