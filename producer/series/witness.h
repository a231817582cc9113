/* SPDX-License-Identifier: MIT */
/* One answer is one witness. What an answer says that it would be costly to believe (a market is
 * gone, nothing is older, a row is not there) counts when a second answer says the same some time
 * later; in between another may contradict. Times are the exchange's. Pure. */
#ifndef GAPLESS_WITNESS_H
#define GAPLESS_WITNESS_H

#include <stdint.h>

struct witness { /* all zero: nobody has said it */
	int64_t first_ms, last_ms;
};

/* It was said at now_ms. */
static inline void witness_note(struct witness *w, int64_t now_ms)
{
	/* A clock that was set back: distances begin again. */
	if (w->first_ms == 0 || now_ms < w->last_ms)
		w->first_ms = now_ms;
	w->last_ms = now_ms;
}

static inline int witness_heard(const struct witness *w)
{
	return w->first_ms != 0;
}

/* 1 if two have said it, at least apart_ms from each other. */
static inline int witness_agree(const struct witness *w, int64_t apart_ms)
{
	return w->first_ms != 0 && w->last_ms - w->first_ms >= apart_ms;
}

#endif
