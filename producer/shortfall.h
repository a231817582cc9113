/* SPDX-License-Identifier: MIT */
/* A list that lacks many markets that other lists had is rather wrong than right. Nor is one that
 * had many more: what a list has counts as what there is when the next one has as many, or if it is
 * the first. What is short for as long as it takes to believe it (market.h) is how long lists are
 * now. Pure. */
#ifndef GAPLESS_SHORTFALL_H
#define GAPLESS_SHORTFALL_H

#include <stddef.h>
#include <stdint.h>

enum { SHORTFALL_LASTS_MS = 10 * 60 * 1000 };

struct shortfall {        /* all zero: no list came */
	size_t most;      /* markets that there are */
	size_t last;      /* in the last list */
	int64_t since_ms; /* lists have been short since then; 0: the last one was not */
};

/* A list of n markets came at now_ms (a steady clock, not 0). 1 if it lacks many. */
int shortfall_judge(struct shortfall *s, size_t n, int64_t now_ms);

#endif
