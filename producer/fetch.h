/* SPDX-License-Identifier: MIT */
/* The one-shot fetch: a span of some series, from the exchange into the table, with a progress bar;
 * it ends when a lookup has seen all of it in the database. The loop is the producer's own; here is
 * only how far it is. */
#ifndef GAPLESS_FETCH_H
#define GAPLESS_FETCH_H

#include "producer/due.h"
#include "producer/series/catalogue.h"

struct fetch;

/* deadline_ms: how long all of it may take; 0: as long as it needs. */
struct fetch *fetch_new(int64_t deadline_ms);
void fetch_free(struct fetch *f);

/* What there is to know beside the series. */
struct fetch_view {
	int64_t now_ms, boot_ms;
	int listed;                /* the list of markets was read */
	int busy;                  /* something is in flight, to the exchange or to Kafka, or the
				      exchange is out */
	int looked_up, stored;     /* lookups_are_complete */
	int64_t requests, candles; /* so far */
};

/* 1: everything is stored; 0: not yet, and *due says what follows; -1: what is left is not
 * available, or is not stored (*err; ERR_INPUT: there is no market that was meant). */
int fetch_step(struct fetch *f, const struct catalogue *catalogue, const struct fetch_view *view,
	       unsigned *due, struct err *err) __attribute__((warn_unused_result));

#endif
