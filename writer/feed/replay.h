/* SPDX-License-Identifier: MIT */
/* gapless-writer replay: the writer's own machinery, reading a stretch of the topic to an end,
 * beside the live writer.
 *
 *   it reads        partitions that it assigns to itself: no group, no committed offsets
 *   it stores       candles, coverage and dead letters in the writer's transaction
 *   it is resumed   by market_data_replay, in that same transaction; market_data_position is not
 * its own */
#ifndef GAPLESS_REPLAY_H
#define GAPLESS_REPLAY_H

#include "common/progress_show.h"
#include "writer/database/replay_run.h"
#include "writer/options.h"

struct replay {
	struct replay_spec spec;
	struct replay_run run; /* its parts are what the database says of each partition */
	int begun;             /* 1: start and end of each partition are known */
	int absent;            /* times in a row that the broker did not know the topic */
	int64_t total, done_before;
	int64_t began_ms; /* when this process began to read */
	struct progress_show show;
};

/* Returns the exit code: 0 if everything up to the end is stored, 1 if it stopped before. */
int replay_command(const struct options *o);

#endif
