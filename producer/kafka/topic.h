/* SPDX-License-Identifier: MIT */
/* The topic of candles (common/kafka_ensure.h). */
#ifndef GAPLESS_TOPIC_H
#define GAPLESS_TOPIC_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

#include "producer/options.h"

/* 0: the topic is there and fit; *partitions gets their number. -1: ERR_RETRY (the broker is not up
 * yet), or ERR_FATAL (compacted, not allowed). Blocks for at most about 15 s. */
int topic_ensure(rd_kafka_t *rk, const struct options *options, int *partitions, struct err *err)
	__attribute__((warn_unused_result));
/* The partition of a symbol among n, as the publisher's partitioner (murmur2_random, Java's
 * default) chooses it. */
int32_t topic_partition_of(const char *symbol, int32_t n);

#endif
