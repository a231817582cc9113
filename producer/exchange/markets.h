/* SPDX-License-Identifier: MIT */
/* The markets that an exchange has now, sorted, each once. Delisted ones are not among them. */
#ifndef GAPLESS_MARKETS_H
#define GAPLESS_MARKETS_H

#include <stddef.h>

#include "common/candle/candle.h"

struct markets {
	char (*names)[SYMBOL_BYTES];
	size_t n;
	size_t n_bad;   /* entries of the list that name no market */
	struct err bad; /* what is wrong with the first of them */
};

/* So many of a list's markets at once are rather an error of that list: some may well come or go.
 */
static inline int markets_are_many(size_t n, size_t of)
{
	return n > 3 && n * 20 > of;
}

/* Makes room for n names, of which there are none yet. */
void markets_init(struct markets *m, size_t n);
/* Adds a name, in any order; one that is not of a symbol's form is left out. */
void markets_add(struct markets *m, const char *name);
void markets_sort(struct markets *m);
int markets_has(const struct markets *m, const char *symbol);
void markets_release(struct markets *m);

#endif
