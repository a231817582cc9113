/* SPDX-License-Identifier: MIT */
/* The feed of a replay: a stretch of the topic to an end, beside the live writer.
 *
 *   it reads        partitions that it assigns to itself: no group, no committed offsets
 *   it stores       candles, coverage and dead letters in the writer's transaction
 *   it is resumed   by market_data_replay, in that same transaction; market_data_position is not
 * its own */
#ifndef GAPLESS_FEED_REPLAY_H
#define GAPLESS_FEED_REPLAY_H

#include "feed.h"
#include "writer/database/replay_plan.h"
#include "writer/options.h"

/* `spec` lives longer. NULL: *err; the settings are to blame. */
struct feed *feed_replay_new(const struct options *o, const struct replay_spec *spec,
			     struct err *err);

#endif
