/* SPDX-License-Identifier: MIT */
#include "producer/newcomers.h"

#include <string.h>

void newcomers_release(struct newcomers *n)
{
	markets_release(&n->held);
	*n = (struct newcomers){0};
}

static void hold(struct newcomers *n, const struct markets *fresh, int64_t now_ms)
{
	markets_init(&n->held, fresh->n);
	for (size_t i = 0; i < fresh->n; i++)
		markets_add(&n->held, fresh->names[i]);
	markets_sort(&n->held);
	n->since_ms = now_ms;
}

size_t newcomers_judge(struct newcomers *n, struct markets *fresh, size_t followed, int64_t now_ms)
{
	size_t before = fresh->n, kept = 0;

	if (followed == 0 || !markets_are_many(before, followed)) {
		newcomers_release(n);
		return 0;
	}
	if (n->held.n > 0 && now_ms - n->since_ms >= NEWCOMERS_APART_MS) {
		for (size_t i = 0; i < before; i++)
			if (markets_has(&n->held, fresh->names[i]))
				memmove(fresh->names[kept++], fresh->names[i],
					sizeof *fresh->names);
		newcomers_release(n);
	} else if (n->held.n == 0) {
		hold(n, fresh, now_ms);
	}
	fresh->n = kept;
	return before - kept;
}
