/* SPDX-License-Identifier: MIT */
/* Markets that a list has and that are not followed yet. One or two are listed now and then; many
 * at once, beside those that are followed, are rather an error of that list: each would be asked
 * for again and again, and those that do exist would wait. So one list is one witness: they are
 * followed if another one, a minute later, has them, too. Pure. */
#ifndef GAPLESS_NEWCOMERS_H
#define GAPLESS_NEWCOMERS_H

#include <stdint.h>

#include "producer/exchange/markets.h"

enum { NEWCOMERS_APART_MS = 60 * 1000 };

struct newcomers { /* all zero: nobody waits */
	struct markets held;
	int64_t since_ms;
};

void newcomers_release(struct newcomers *n);
/* *fresh are those of a list that came at now_ms (a steady clock); of it stay those to be followed.
 * Returns how many were taken out. */
size_t newcomers_judge(struct newcomers *n, struct markets *fresh, size_t followed, int64_t now_ms);

#endif
