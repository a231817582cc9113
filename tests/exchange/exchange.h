/* SPDX-License-Identifier: MIT */
/* All of the running exchange: what is true, what time it is, how it behaves, what it was asked.
 * One thread, so nothing here is locked. */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "arrivals.h"
#include "clock.h"
#include "faults.h"
#include "limits.h"
#include "series.h"
#include "stats.h"

#include <stdio.h>

struct options;
struct text;

struct exchange {
	struct world world;
	struct sandbox_clock clock;
	struct limits limits;
	struct faults faults;
	struct stats stats;
	struct arrivals arrivals;
	unsigned delay_min_ms, delay_max_ms;
	uint64_t random_state;
	int64_t refuse_from_ms, refuse_until_ms; /* real time: no listening socket; 0, 0: never */
	bool drop_connections;                   /* reset those of /v1 now */
	FILE *log;                               /* NULL: none */
};

/* False: `error` is one sentence. */
bool exchange_init(struct exchange *ex, const struct options *o, struct text *error);
void exchange_release(struct exchange *ex);
/* 0 <= x < 1; ex is a struct exchange. */
double exchange_random(void *ex);

#endif
