/* SPDX-License-Identifier: MIT */
/* The topic of the candles, as gapless-indicators reads it. */
#ifndef GAPLESS_INDICATORS_TOPIC_H
#define GAPLESS_INDICATORS_TOPIC_H

#include "common/kafka/consumer.h"
#include "indicators/options.h"

/* NULL: *err. */
struct consumer *topic_consumer_new(const struct options *o, enum consumer_role role,
				    struct err *err);
/* Looks at one message beside what is read. 1 if it halts its partition; 0: it does not, or cannot
 * be read. Blocks for some seconds at most. */
int topic_halts_at(const struct options *o, struct consumer_place place);
/* The first message from the place on: where it is, and when the broker took it (0: it does not
 * say, or there is none). 0; -1: it cannot be read. Blocks as long. */
int topic_time_at(const struct options *o, struct consumer_place *place, int64_t *at_ms);

#endif
