/* SPDX-License-Identifier: MIT */
/* A topic whose key is the symbol: made where it is missing, refused where it would destroy
 * history.
 *
 * Made with cleanup.policy=delete and message.timestamp.type=LogAppendTime: a broker refuses a
 * producer whose clock is an hour ahead (CreateTime), and a 2018 candle stamped 2018 would be
 * deleted at once by any finite retention. */
#ifndef GAPLESS_KAFKA_ENSURE_H
#define GAPLESS_KAFKA_ENSURE_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

#include "common/base/error.h"

struct kafka_new_topic {
	const char *name;
	int64_t partitions, replication;
	int64_t retention_ms; /* -1: for ever */
};

/* 0: the topic is there and fit; *partitions gets their number. -1: ERR_RETRY (the broker is not up
 * yet), or ERR_FATAL (compacted, not allowed). Blocks for at most about 15 s. */
int kafka_topic_ensure(rd_kafka_t *rk, const struct kafka_new_topic *want, int *partitions,
		       struct err *err) __attribute__((warn_unused_result));
/* 1, with *err as kafka_topic_ensure() has it: it is compacted by now. 0: it is not, or the broker
 * does not say. Blocks for at most about 6 s. */
int kafka_topic_is_compacted(rd_kafka_t *rk, const char *name, struct err *err);
/* The partition of a symbol among n, as the publisher's partitioner (murmur2_random, Java's
 * default) chooses it. */
int32_t kafka_partition_of(const char *symbol, int32_t n);

#endif
