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

#endif
