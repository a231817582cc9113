/* SPDX-License-Identifier: MIT */
/* The keys of a batch's rows: which row has this key, and in which order the rows are to be stored.
 * Row numbers are those of arrival, from 0. Pure.
 *
 * A batch has many rows of few series. So each series gets a number of its own, and what is looked
 * up and sorted is (series, timestamp): small, dense, and without a look at the rows themselves. */
#ifndef GAPLESS_KEYS_H
#define GAPLESS_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "common/candle/candle.h"

struct keys;

/* Memory for so many rows is taken and touched here; for more, up to two million, it grows. */
struct keys *keys_new(size_t rows);
void keys_free(struct keys *k);
/* Empty again; keeps the memory. */
void keys_clear(struct keys *k);

/* The number of the row with this candle's key; a new key gets the next number. *is_new says which.
 */
size_t keys_row(struct keys *k, const struct candle *c, int *is_new);
/* Fills order[] with the row numbers in the order of (symbol, interval, timestamp), compared as
 * bytes; returns how many. Nothing but keys_clear() may follow. */
size_t keys_order(struct keys *k, uint32_t *order);

#endif
