/* SPDX-License-Identifier: MIT */
/* Candles that are stored in spans that are not covered: what a new reading of them has to agree
 * with, and to win against. Pure. */
#ifndef GAPLESS_STORED_H
#define GAPLESS_STORED_H

#include <stddef.h>
#include <stdint.h>

struct stored_row {
	int64_t timestamp_ms, revision;
	int64_t fetched_ms; /* the exchange's time of its reading */
};

struct stored { /* all zero: none */
	struct stored_row *v;
	size_t n;
};

/* Rows may be added in any order, and are then brought into theirs. */
void stored_add(struct stored *s, const struct stored_row *row);
void stored_sort(struct stored *s);
void stored_release(struct stored *s);

#endif
