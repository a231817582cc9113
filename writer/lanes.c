/* SPDX-License-Identifier: MIT */
#include "lanes.h"

#include <stdlib.h>

#include "common/base/alloc.h"

struct lanes {
	struct pipeline *pipeline;
	struct store *stores[LANES_MAX];
	size_t n;
};

struct lanes *lanes_new(const struct options *o, struct cursor cursor, struct tally *tally,
			struct err *err)
{
	struct lanes *l = xcalloc(1, sizeof(*l));

	l->pipeline = pipeline_new(o, tally);
	for (; l->n < (size_t)o->connections; l->n++) {
		l->stores[l->n] = store_new(o, cursor, err);
		if (l->stores[l->n] == NULL) {
			(void)!lanes_free(l, 0);
			return NULL;
		}
	}
	return l;
}

int lanes_free(struct lanes *l, int wait_ms)
{
	int freed = 1;

	if (l == NULL)
		return 1;
	for (size_t i = 0; i < l->n; i++)
		freed &= store_free(l->stores[i], wait_ms);
	if (!freed)
		return 0; /* a thread may still hold what was lent to it */
	pipeline_free(l->pipeline);
	free(l);
	return 1;
}

size_t lanes_count(const struct lanes *l)
{
	return l->n;
}

struct pipeline *lanes_pipeline(const struct lanes *l)
{
	return l->pipeline;
}

struct store *lanes_store(const struct lanes *l, size_t lane)
{
	return l->stores[lane];
}

void lanes_submit(struct lanes *l, size_t lane, int64_t generation)
{
	struct store *store = l->stores[lane];
	struct batch *b = store_is_idle(store) ? pipeline_next(l->pipeline, lane) : NULL;

	if (b != NULL)
		store_submit(store, (struct store_work){.kind = STORE_BATCH,
							.generation = generation,
							.batch = b});
}

void lanes_drop(struct lanes *l)
{
	pipeline_drop(l->pipeline);
	for (size_t i = 0; i < l->n; i++) {
		if (!store_is_idle(l->stores[i]))
			store_abandon(l->stores[i]);
	}
}

int lanes_are_idle(const struct lanes *l)
{
	int idle = 1;

	for (size_t i = 0; i < l->n; i++)
		idle &= store_is_idle(l->stores[i]);
	return idle;
}

int lanes_are_empty(const struct lanes *l)
{
	return pipeline_is_empty(l->pipeline) && lanes_are_idle(l);
}

int lanes_are_full(const struct lanes *l)
{
	int full = 0;

	for (size_t i = 0; i < l->n; i++)
		full |= pipeline_is_full(l->pipeline, i);
	return full;
}

int lanes_are_failing(const struct lanes *l)
{
	int failing = 0;

	for (size_t i = 0; i < l->n; i++)
		failing |= store_is_failing(l->stores[i]);
	return failing;
}
