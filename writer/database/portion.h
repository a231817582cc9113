/* SPDX-License-Identifier: MIT */
/* How much of a batch goes into one transaction. All of it, until the database says that it cannot
 * take so much at once (a limit of its own, or a timeout again and again): then half, and half of
 * that, down to a single row. After ten successes it is tried with twice as much. Pure.
 *
 * A batch is cut by key, in its order: each portion commits its candles with their coverage and
 * with the rows of it that the database refuses; the last one commits the other dead letters and
 * the positions as well. What is stored of an unfinished batch is true by itself. */
#ifndef GAPLESS_PORTION_H
#define GAPLESS_PORTION_H

#include <stddef.h>

#include "writer/batch.h"

/* Private but for its functions; zero it first. */
struct portion {
	size_t from; /* rows of the batch below it are stored */
	size_t most; /* rows of a portion; 0: no limit */
	int successes;
};

/* Another batch. */
void portion_begin(struct portion *p);
/* A view of the next portion of the sealed batch, which stays its owner; *to: where it ends. */
struct batch portion_of(const struct portion *p, const struct batch *b, size_t *to);
void portion_stored(struct portion *p, size_t to);
/* The portion that ends at `to` was too much. 1: the next one is smaller; 0: it was a single row.
 */
int portion_halve(struct portion *p, size_t to) __attribute__((warn_unused_result));

#endif
