/* SPDX-License-Identifier: MIT */
/* The fields of the loop: for loop.c and turn.c alone, which are one part in two files (loop.h:
 * from its beginning to its end; turn.h: a turn). */
#ifndef GAPLESS_LOOP_STATE_H
#define GAPLESS_LOOP_STATE_H

#include "common/base/log.h"
#include "producer/fetch.h"
#include "producer/observe.h"

struct loop {
	const struct options *options;
	struct catalogue *catalogue;
	struct requests *requests;
	struct publisher *publisher;
	struct share *share;
	struct lookups *lookups;
	struct listing *listing;
	/* One of them: for ever, or once. */
	struct observe *observe;
	struct fetch *fetch;

	int64_t from_ms; /* where what is wanted begins, by that setting */
	const char *from_setting;
	int64_t boot_ms, now_ms; /* when last read; the latter the exchange's, 0: not known */
	int begun_said;
	int all_begun; /* of the owned series */
	uint64_t backfill_turn;
	struct publications publications; /* memory that is used again */
	int64_t reports_boot_ms;
	int64_t witness_boot_ms; /* while the clock is in doubt: no row is asked for before */
	size_t witness;          /* whose turn it is then */
	struct log_throttle empty;
};

#endif
