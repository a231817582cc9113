/* SPDX-License-Identifier: MIT */
/* Partitions that do not go on although there is more in them: why, as far as Kafka is to blame. */
#ifndef GAPLESS_STALLS_H
#define GAPLESS_STALLS_H

#include "common/kafka/consumer.h"
#include "feed_kind.h"

struct stalls;

struct stalls *stalls_new(void);
void stalls_free(struct stalls *s);
/* Says so once a partition has not moved for ten seconds, then once a minute, and when it goes on.
 * It asks Kafka now and then, only while there is such a partition; then it blocks for some seconds
 * at most. Not while reading is paused, when none moves. */
void stalls_look(struct stalls *s, const struct feed_kind *kind, const struct partitions *ps,
		 const struct consumer *c, int64_t now_ms);

#endif
