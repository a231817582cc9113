/* Spans that the exchange answers badly (rejected pages), or with an empty page: each is asked for again after growing pauses,
 * while everything else goes on. Pure. */
#ifndef GAPLESS_HOLD_H
#define GAPLESS_HOLD_H

#include <stddef.h>
#include <stdint.h>

#include "common/spans.h"

enum {
	EMPTY_AGAIN_MS = 60 * 1000,     /* an empty page counts only twice, this far apart */
	HELD_MAX_MS = 24 * 3600 * 1000, /* the longest pause after rejected pages */
	HOLDS = 8                       /* of a series; the one that is asked for next gives way */
};

struct hold {
	int64_t from_ms, to_ms;
	int fails;             /* rejected pages in a row */
	int empties;           /* empty pages in a row */
	int64_t empty_boot_ms; /* when the first of them came */
	int64_t until_boot_ms;
};

struct holds { /* all zero: none */
	struct hold v[HOLDS];
	size_t n;
};

/* The page for that span was rejected: 1 s, 2 s, then 1 min, doubling to HELD_MAX_MS. */
void holds_rejected(struct holds *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms);
/* The page was empty. 1 where it was so twice, EMPTY_AGAIN_MS apart. Else it is asked for again in a minute, later and later. */
int holds_empty(struct holds *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms);
/* The span was answered well. */
void holds_drop(struct holds *h, int64_t from_ms, int64_t to_ms);
/* Takes what is not to be asked for yet out of the set. */
void holds_subtract(const struct holds *h, int64_t boot_ms, struct spans *from);
/* The pause after that many failures in a row, at most max_ms. */
int64_t hold_pause_ms(int fails, int64_t max_ms);

#endif
