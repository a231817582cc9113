/* SPDX-License-Identifier: MIT */
/* All series that are wanted, and which of them are ours. Pure.
 *
 * A series never moves and is never removed: what is under way (requests, delivery reports) may
 * point to it. Its epoch tells whether it is still what it was. */
#ifndef GAPLESS_CATALOGUE_H
#define GAPLESS_CATALOGUE_H

#include "pattern.h"
#include "series.h"

enum { CATALOGUE_MAX = 20000 /* series */ };

struct catalogue {
	struct series **all;
	size_t n, cap;
	struct series **owned; /* in the order of `all` */
	size_t n_owned, owned_cap;
};

/* Adds the market's series of that interval where there is none. *added (NULL is allowed) becomes 1
 * where there was none. NULL: the catalogue is full. */
struct series *catalogue_add(struct catalogue *c, const char *symbol, const struct interval *iv,
			     int64_t since_ms, int64_t retention_ms, int *added);
/* Adds the markets that are named outright. 0, or -1: full (ERR_FATAL). */
int catalogue_add_named(struct catalogue *c, const struct patterns *patterns,
			const struct interval *const *ivs, size_t n_ivs, int64_t since_ms,
			int64_t (*retention_ms)(const struct interval *), struct err *err)
	__attribute__((warn_unused_result));
void catalogue_release(struct catalogue *c);

/* Takes and leaves series so that ours(symbol) says which are owned; what stays is left alone.
 * Returns how many were taken; *left (NULL is allowed) gets how many were left. */
size_t catalogue_own(struct catalogue *c, int (*ours)(const char *symbol, void *opaque),
		     void *opaque, size_t *left);

#endif
