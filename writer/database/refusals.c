/* SPDX-License-Identifier: MIT */
#include "refusals.h"

enum { MAKE_UP = 10 };

int refusals_add(struct refusals *r, int64_t limit)
{
	r->refused++;
	return limit != 0 && r->refused > limit;
}

void refusals_make_up(struct refusals *r, int64_t n)
{
	int64_t made_up;

	r->taken += n;
	made_up = r->taken / MAKE_UP < r->refused ? r->taken / MAKE_UP : r->refused;
	r->refused -= made_up;
	r->taken = r->refused == 0 ? 0 : r->taken - made_up * MAKE_UP;
}
