/* SPDX-License-Identifier: MIT */
#include "stores.h"

#include <stdlib.h>

#include "common/base/alloc.h"

struct stores {
	size_t n;
	struct store *store[STORES_MAX];
};

struct stores *stores_new(size_t n, const struct store_config *config, struct err *err)
{
	struct stores *s = xcalloc(1, sizeof(*s));

	for (; s->n < n; s->n++) {
		s->store[s->n] = store_new(config, err);
		if (s->store[s->n] == NULL) {
			(void)!stores_free(s, 0);
			return NULL;
		}
	}
	return s;
}

int stores_free(struct stores *s, int wait_ms)
{
	int freed = 1;

	for (size_t i = 0; s != NULL && i < s->n; i++)
		freed &= store_free(s->store[i], wait_ms);
	if (freed)
		free(s);
	return freed;
}

struct store *stores_at(const struct stores *s, size_t i)
{
	return s->store[i];
}

int stores_are_idle(const struct stores *s)
{
	int idle = 1;

	for (size_t i = 0; i < s->n; i++)
		idle &= store_is_idle(s->store[i]);
	return idle;
}

int stores_are_failing(const struct stores *s)
{
	int failing = 0;

	for (size_t i = 0; i < s->n; i++)
		failing |= store_is_failing(s->store[i]);
	return failing;
}

void stores_abandon(struct stores *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!store_is_idle(s->store[i]))
			store_abandon(s->store[i]);
	}
}
