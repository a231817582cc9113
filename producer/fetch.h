/* SPDX-License-Identifier: MIT */
/* The one-shot fetch: a span of some series, from the exchange into the table, with a progress bar;
 * it ends when a lookup has seen all of it in the database. The loop is the producer's own; here is
 * only how far it is. */
#ifndef GAPLESS_FETCH_H
#define GAPLESS_FETCH_H

#include "producer/view.h"

struct fetch;

/* deadline_ms: how long all of it may take; 0: as long as it needs. */
struct fetch *fetch_new(int64_t deadline_ms);
void fetch_free(struct fetch *f);

/* 1: everything is stored; 0: not yet, and *due says what follows; -1: what is left is not
 * available, or is not stored (*err; ERR_INPUT: there is no market that was meant). */
int fetch_step(struct fetch *f, const struct view *view, unsigned *due, struct err *err)
	__attribute__((warn_unused_result));

#endif
