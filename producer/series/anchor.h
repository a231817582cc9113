/* SPDX-License-Identifier: MIT */
/* How far beyond the end of a gap a page has to begin, to show a row that is there and to come down
 * to the gap nevertheless: between what is too near and what is too far. Pure. */
#ifndef GAPLESS_ANCHOR_H
#define GAPLESS_ANCHOR_H

#include <stdint.h>

enum {
	ANCHOR_FIRST = 8, /* intervals */
	ANCHOR_TRIES = 3  /* pages with the same anchor that show no row: one may be wrong */
};

struct anchor {     /* all zero: pages begin at the gap's end */
	int64_t at; /* so many intervals */
	/* with `low` of them it showed no row beyond, with `high` (0: not known) it did not come
	 * down to the gap */
	int64_t low, high;
	int tries; /* pages without such a row */
};

/* The page showed no row beyond the gap. */
void anchor_too_near(struct anchor *a);
/* It did not come down to the gap. */
void anchor_too_far(struct anchor *a);

#endif
