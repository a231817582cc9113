/* SPDX-License-Identifier: MIT */
#include "producer/series/anchor.h"

enum { GROWS = 8 /* times, while there is no row in it */, MOST = 1 << 24 };

static void move(struct anchor *a)
{
	if (a->high == 0)
		a->at = a->low < MOST ? a->low * GROWS : MOST;
	else if (a->high - a->low > 1)
		a->at = a->low + (a->high - a->low) / 2;
	else /* one of them was not so */
		a->at = a->low = a->high = 0;
	if (a->at == 0)
		a->at = ANCHOR_FIRST;
	a->tries = 0;
}

void anchor_too_near(struct anchor *a)
{
	if (a->at > 0 && ++a->tries < ANCHOR_TRIES)
		return;
	a->low = a->at;
	move(a);
}

void anchor_too_far(struct anchor *a)
{
	a->high = a->at;
	move(a);
}
