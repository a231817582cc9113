/* SPDX-License-Identifier: MIT */
/* The live feed: the partitions that the consumer group gives, each from the smaller of committed
 * offset and position, without an end. */
#ifndef GAPLESS_FEED_GROUP_H
#define GAPLESS_FEED_GROUP_H

#include "feed.h"
#include "writer/options.h"

/* NULL: *err; the settings are to blame. */
struct feed *feed_group_new(const struct options *o, struct err *err);

#endif
