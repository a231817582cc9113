/* SPDX-License-Identifier: MIT */
#include "refusals.h"

enum { MAKE_UP = 10 };

int refusals_add(struct refusals *r, int64_t limit)
{
	r->refused++;
	return limit != 0 && r->refused > limit;
}

void refusals_stored(struct refusals *r, int64_t n)
{
	int64_t made_up;

	r->stored += n;
	made_up = r->stored / MAKE_UP < r->refused ? r->stored / MAKE_UP : r->refused;
	r->refused -= made_up;
	r->stored = r->refused == 0 ? 0 : r->stored - made_up * MAKE_UP;
}
