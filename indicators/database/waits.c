/* SPDX-License-Identifier: MIT */
#include "waits.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/alloc.h"

struct place {
	_Atomic int64_t at_most, patience_ms;
	int64_t at, since_ms; /* it stands there, and was waited for, since then */
	int is_late, is_given_up;
};

struct waits {
	size_t n;
	struct place places[];
};

struct waits *waits_new(size_t n)
{
	struct waits *w = xcalloc(1, sizeof *w + n * sizeof *w->places);

	w->n = n;
	for (size_t i = 0; i < n; i++)
		waits_expect(w, i, 0, 0);
	return w;
}

void waits_free(struct waits *w)
{
	free(w);
}

void waits_expect(struct waits *w, size_t partition, int64_t at_most, int64_t patience_ms)
{
	if (partition >= w->n)
		return;
	atomic_store(&w->places[partition].patience_ms, patience_ms);
	atomic_store(&w->places[partition].at_most, at_most);
}

enum wait_state waits_judge(struct waits *w, size_t partition, int64_t at_least, int64_t next,
			    int64_t now_ms)
{
	struct place *p;
	int64_t at_most;

	if (partition >= w->n)
		return WAIT_REACHED;
	p = &w->places[partition];
	at_most = atomic_load(&p->at_most);
	if (next >= at_least || next == at_most || at_least <= 0 || at_most <= 0) {
		p->is_late = p->is_given_up = 0;
		return WAIT_REACHED;
	}
	if (!p->is_late || p->at != next) {
		p->is_late = 1;
		p->is_given_up = 0;
		p->at = next;
		p->since_ms = now_ms;
	}
	if (p->is_given_up)
		return WAIT_GIVEN_UP;
	if (now_ms - p->since_ms < atomic_load(&p->patience_ms))
		return WAIT_BEHIND;
	p->is_given_up = 1;
	return WAIT_GIVES_UP;
}
