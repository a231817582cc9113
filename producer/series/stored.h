/* SPDX-License-Identifier: MIT */
/* Candles that are stored in spans that are not covered, with their revisions: what a new reading
 * of them has to win against. Pure. */
#ifndef GAPLESS_STORED_H
#define GAPLESS_STORED_H

#include <stddef.h>
#include <stdint.h>

struct stored_row {
	int64_t timestamp_ms, revision;
};

struct stored { /* all zero: none */
	struct stored_row *v;
	size_t n;
};

/* Rows may be added in any order, and are then brought into theirs. */
void stored_add(struct stored *s, int64_t timestamp_ms, int64_t revision);
void stored_sort(struct stored *s);
/* The stored revision of a candle; 0 if there is none. */
int64_t stored_revision(const struct stored *s, int64_t timestamp_ms);
void stored_release(struct stored *s);

#endif
