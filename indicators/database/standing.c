/* SPDX-License-Identifier: MIT */
#include "standing.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/alloc.h"

struct place {
	_Atomic int64_t at_most, patience_ms;
	int64_t at, since_ms; /* it stands there, and was waited for, since then */
	int is_late, is_given_up;
};

struct standing {
	size_t n;
	struct place places[];
};

struct standing *standing_new(size_t n)
{
	struct standing *s = xcalloc(1, sizeof *s + n * sizeof *s->places);

	s->n = n;
	for (size_t i = 0; i < n; i++)
		standing_expect(s, i, 0, 0);
	return s;
}

void standing_free(struct standing *s)
{
	free(s);
}

void standing_expect(struct standing *s, size_t partition, int64_t at_most, int64_t patience_ms)
{
	if (partition >= s->n)
		return;
	atomic_store(&s->places[partition].patience_ms, patience_ms);
	atomic_store(&s->places[partition].at_most, at_most);
}

enum standing_state standing_look(struct standing *s, size_t partition, int64_t at_least,
				  int64_t next, int64_t now_ms)
{
	struct place *p;

	int64_t at_most;

	if (partition >= s->n)
		return STANDING_REACHED;
	p = &s->places[partition];
	at_most = atomic_load(&p->at_most);
	if (next >= at_least || next == at_most || at_least <= 0 || at_most <= 0) {
		p->is_late = p->is_given_up = 0;
		return STANDING_REACHED;
	}
	if (!p->is_late || p->at != next) {
		p->is_late = 1;
		p->is_given_up = 0;
		p->at = next;
		p->since_ms = now_ms;
	}
	if (p->is_given_up)
		return STANDING_GIVEN_UP;
	if (now_ms - p->since_ms < atomic_load(&p->patience_ms))
		return STANDING_BEHIND;
	p->is_given_up = 1;
	return STANDING_GIVES_UP;
}
