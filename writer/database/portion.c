/* SPDX-License-Identifier: MIT */
#include "portion.h"

enum { SUCCESSES = 10 };

void portion_begin(struct portion *p)
{
	p->from = 0;
}

struct batch portion_of(const struct portion *p, const struct batch *b, size_t *to)
{
	struct batch view = *b;

	*to = p->most == 0 || b->n - p->from <= p->most ? b->n : p->from + p->most;
	view.rows += p->from;
	view.n = *to - p->from;
	if (*to < b->n)
		view.dead_n = view.parts_n = 0;
	return view;
}

void portion_stored(struct portion *p, size_t to)
{
	p->from = to;
	if (p->most == 0 || ++p->successes < SUCCESSES)
		return;
	p->successes = 0;
	/* Beyond any batch: no limit any more. */
	p->most = p->most > BATCH_ROWS_MAX ? 0 : p->most * 2;
}

int portion_halve(struct portion *p, size_t to)
{
	size_t n = to - p->from;

	p->successes = 0;
	if (n <= 1)
		return 0;
	p->most = n / 2;
	return 1;
}
