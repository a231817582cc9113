/* SPDX-License-Identifier: MIT */
/* All series that are wanted, and which of them are ours.
 *
 * A series never moves and is never removed: what is under way (requests, delivery reports) may
 * point to it. Its epoch tells whether it is still what it was. */
#ifndef GAPLESS_CATALOGUE_H
#define GAPLESS_CATALOGUE_H

#include "producer/options.h"
#include "producer/series/schedule.h"
#include "producer/series/series.h"

enum { CATALOGUE_MAX = 20000 /* series */ };

struct catalogue;

/* Wanted is each market that the options' patterns match, in each of their intervals, from since_ms
 * to until_ms (series_new). Begins with the markets that are named outright. NULL: they are more
 * than CATALOGUE_MAX series (ERR_FATAL). The options outlive it. */
struct catalogue *catalogue_new(const struct options *options, int64_t since_ms, int64_t until_ms,
				struct err *err);
void catalogue_free(struct catalogue *c);

/* 1 if a pattern wants the market, and it has no series yet. */
int catalogue_lacks(const struct catalogue *c, const char *symbol);
/* Adds the series of a market that a pattern wants and that are not there yet, listed or not.
 * Returns how many; where there are too many the market is left out, and that is said. */
size_t catalogue_add(struct catalogue *c, const char *symbol, int listed);
/* Notes for each series whether the list, read at now_ms, has it (series_market). */
void catalogue_market(struct catalogue *c, const struct markets *listed, int many, int64_t now_ms);

/* Takes and leaves series so that ours(symbol) says which are owned; what stays is left alone.
 * Returns how many were taken; *left (NULL is allowed) gets how many were left. */
size_t catalogue_own(struct catalogue *c, int (*ours)(const char *symbol, const void *opaque),
		     const void *opaque, size_t *left);

size_t catalogue_size(const struct catalogue *c);
/* By symbol, and of a market by length, and NULL at the end; valid until the next call that changes
 * something. */
struct series *const *catalogue_owned(const struct catalogue *c);
/* When they have something to ask for. */
struct schedule *catalogue_schedule(const struct catalogue *c);

#endif
