/* SPDX-License-Identifier: MIT */
#include "rounds.h"

#include <stdlib.h>

#include "common/base/alloc.h"

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

struct rounds {
	struct round *oldest, *newest;
};

static struct round *append(struct rounds *r)
{
	struct round *round = xcalloc(1, sizeof *round);

	if (r->newest)
		r->newest->next = round;
	else
		r->oldest = round;
	r->newest = round;
	return round;
}

static void drop_oldest(struct rounds *r)
{
	struct round *round = r->oldest;

	r->oldest = round->next;
	if (!r->oldest)
		r->newest = NULL;
	free(round->ends);
	free(round);
}

struct rounds *rounds_new(void)
{
	struct rounds *r = xcalloc(1, sizeof *r);

	append(r);
	return r;
}

void rounds_free(struct rounds *r)
{
	if (!r)
		return;
	while (r->oldest)
		drop_oldest(r);
	free(r);
}

void rounds_clear(struct rounds *r)
{
	while (r->oldest)
		drop_oldest(r);
	append(r);
}

void rounds_take(struct rounds *r, int32_t partition, int64_t offset, int64_t since_ms)
{
	struct round *round = r->newest;

	for (size_t i = 0; i < round->n; i++) {
		if (round->ends[i].partition == partition) {
			round->ends[i].next = offset + 1;
			return;
		}
	}
	round->ends = xreallocarray(round->ends, round->n + 1, sizeof *round->ends);
	round->ends[round->n++] = (struct end){partition, offset + 1, since_ms};
}

int64_t *rounds_outstanding(struct rounds *r)
{
	return &r->newest->outstanding;
}

void rounds_close(struct rounds *r)
{
	append(r);
}

void rounds_settle(struct rounds *r, void (*moved)(void *to, int32_t partition, int64_t next),
		   void *to)
{
	while (r->oldest != r->newest && r->oldest->outstanding == 0) {
		for (size_t i = 0; i < r->oldest->n; i++)
			moved(to, r->oldest->ends[i].partition, r->oldest->ends[i].next);
		drop_oldest(r);
	}
}

int64_t rounds_since_ms(const struct rounds *r, int32_t partition)
{
	for (const struct round *round = r->oldest; round; round = round->next) {
		for (size_t i = 0; i < round->n; i++) {
			if (round->ends[i].partition == partition && round->ends[i].since_ms > 0)
				return round->ends[i].since_ms;
		}
	}
	return 0;
}
