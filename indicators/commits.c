/* SPDX-License-Identifier: MIT */
#include "commits.h"

#include <stdlib.h>

#include "common/base/alloc.h"

struct part {
	struct place_done done;
	int64_t limit;
	int64_t committed; /* taken last */
};

struct commits {
	struct part *v;
	struct place_done *taken;
	size_t n;
};

struct commits *commits_new(void)
{
	return xcalloc(1, sizeof(struct commits));
}

void commits_free(struct commits *c)
{
	if (!c)
		return;
	free(c->v);
	free(c->taken);
	free(c);
}

void commits_clear(struct commits *c)
{
	c->n = 0;
}

static struct part *find(const struct commits *c, int32_t partition)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].done.partition == partition)
			return &c->v[i];
	}
	return NULL;
}

void commits_begin(struct commits *c, int32_t partition, int64_t next)
{
	struct part *p = find(c, partition);

	if (!p) {
		c->v = xreallocarray(c->v, c->n + 1, sizeof *c->v);
		c->taken = xreallocarray(c->taken, c->n + 1, sizeof *c->taken);
		p = &c->v[c->n++];
	}
	*p = (struct part){{partition, next}, INT64_MAX, next};
}

void commits_moved(void *commits, int32_t partition, int64_t next)
{
	struct part *p = find(commits, partition);

	if (p)
		p->done.next = next;
}

void commits_limit(struct commits *c, int32_t partition, int64_t limit)
{
	struct part *p = find(c, partition);

	if (p)
		p->limit = limit;
}

static int64_t next_of(const struct part *p)
{
	return p->done.next < p->limit ? p->done.next : p->limit;
}

int64_t commits_next(const struct commits *c, int32_t partition)
{
	const struct part *p = find(c, partition);

	return p ? next_of(p) : -1;
}

size_t commits_n(const struct commits *c)
{
	return c->n;
}

int32_t commits_partition(const struct commits *c, size_t i)
{
	return c->v[i].done.partition;
}

const struct place_done *commits_take(struct commits *c, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct part *p = &c->v[i];

		if (next_of(p) <= p->committed)
			continue;
		p->committed = next_of(p);
		c->taken[(*n)++] = (struct place_done){p->done.partition, p->committed};
	}
	return c->taken;
}
