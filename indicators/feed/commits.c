/* SPDX-License-Identifier: MIT */
#include "commits.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/least.h"

struct end {
	int32_t partition;
	int64_t next;
	int64_t since_ms; /* of the first message of the round */
};

struct round {
	struct round *next;
	int64_t outstanding;
	struct end *ends;
	size_t n;
};

struct part {
	struct consumer_place done;
	int64_t limit;
	int64_t committed; /* taken last */
};

struct commits {
	struct round *oldest, *newest;
	struct part *v;
	struct consumer_place *taken;
	size_t n;
};

/* ---------------------------------------------------------------- rounds */

void commits_close_round(struct commits *c)
{
	struct round *round = xcalloc(1, sizeof *round);

	if (c->newest)
		c->newest->next = round;
	else
		c->oldest = round;
	c->newest = round;
}

static void drop_oldest(struct commits *c)
{
	struct round *round = c->oldest;

	c->oldest = round->next;
	free(round->ends);
	free(round);
}

static void drop_all(struct commits *c)
{
	while (c->oldest)
		drop_oldest(c);
	c->newest = NULL;
	c->n = 0;
}

void commits_note(struct commits *c, int32_t partition, int64_t offset, int64_t since_ms)
{
	struct round *round = c->newest;

	for (size_t i = 0; i < round->n; i++) {
		if (round->ends[i].partition == partition) {
			round->ends[i].next = offset + 1;
			return;
		}
	}
	round->ends = xreallocarray(round->ends, round->n + 1, sizeof *round->ends);
	round->ends[round->n++] = (struct end){partition, offset + 1, since_ms};
}

int64_t *commits_outstanding(struct commits *c)
{
	return &c->newest->outstanding;
}

int64_t commits_since_ms(const struct commits *c, int32_t partition)
{
	for (const struct round *round = c->oldest; round; round = round->next) {
		for (size_t i = 0; i < round->n; i++) {
			if (round->ends[i].partition == partition && round->ends[i].since_ms > 0)
				return round->ends[i].since_ms;
		}
	}
	return 0;
}

/* ---------------------------------------------------------------- partitions */

struct commits *commits_new(void)
{
	struct commits *c = xcalloc(1, sizeof *c);

	commits_close_round(c);
	return c;
}

void commits_clear(struct commits *c)
{
	drop_all(c);
	commits_close_round(c);
}

void commits_free(struct commits *c)
{
	if (!c)
		return;
	drop_all(c);
	free(c->v);
	free(c->taken);
	free(c);
}

static struct part *find(const struct commits *c, int32_t partition)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].done.partition == partition)
			return &c->v[i];
	}
	return NULL;
}

void commits_begin(struct commits *c, struct consumer_place place)
{
	struct part *p = find(c, place.partition);

	if (!p) {
		c->v = xreallocarray(c->v, c->n + 1, sizeof *c->v);
		c->taken = xreallocarray(c->taken, c->n + 1, sizeof *c->taken);
		p = &c->v[c->n++];
	}
	*p = (struct part){place, INT64_MAX, place.offset};
}

void commits_settle(struct commits *c)
{
	while (c->oldest != c->newest && c->oldest->outstanding == 0) {
		for (size_t i = 0; i < c->oldest->n; i++) {
			struct part *p = find(c, c->oldest->ends[i].partition);

			if (p)
				p->done.offset = c->oldest->ends[i].next;
		}
		drop_oldest(c);
	}
}

void commits_limit(struct commits *c, int32_t partition, int64_t limit)
{
	struct part *p = find(c, partition);

	if (p)
		p->limit = limit;
}

static int64_t next_of(const struct part *p)
{
	return least(p->done.offset, p->limit);
}

int64_t commits_next(const struct commits *c, int32_t partition)
{
	const struct part *p = find(c, partition);

	return p ? next_of(p) : -1;
}

const struct consumer_place *commits_take(struct commits *c, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct part *p = &c->v[i];

		if (next_of(p) <= p->committed)
			continue;
		p->committed = next_of(p);
		c->taken[(*n)++] = (struct consumer_place){p->done.partition, p->committed};
	}
	return c->taken;
}
