/* SPDX-License-Identifier: MIT */
#include "producer/series/witness.h"

void witness_note(struct witness *w, int64_t now_ms)
{
	/* A clock that was set back: distances begin again. */
	if (w->first_ms == 0 || now_ms < w->last_ms)
		w->first_ms = now_ms;
	w->last_ms = now_ms;
}

int witness_heard(const struct witness *w)
{
	return w->first_ms != 0;
}

int witness_agree(const struct witness *w, int64_t apart_ms)
{
	return w->first_ms != 0 && w->last_ms - w->first_ms >= apart_ms;
}
