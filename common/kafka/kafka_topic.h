/* SPDX-License-Identifier: MIT */
/* What a broker knows of a topic: its partitions and their offsets. Blocking calls, each with a
 * limit of 3 s that holds. */
#ifndef GAPLESS_KAFKA_TOPIC_H
#define GAPLESS_KAFKA_TOPIC_H

#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

/* -1 (ERR_FATAL, names the setting) if no topic can be called so. */
int kafka_topic_name_check(const char *setting, const char *name, struct err *err)
	__attribute__((warn_unused_result));

/* How many partitions the topic has; 0 if it does not exist; -1: *err. */
int kafka_partition_count(rd_kafka_t *rk, const char *topic, struct err *err)
	__attribute__((warn_unused_result));

/* The offsets of several partitions, asked for at once: `at` is RD_KAFKA_OFFSET_BEGINNING (the
 * first one there), RD_KAFKA_OFFSET_END (the one after the last) or a time in ms: of the first
 * message that is stamped with it or later, -1 if there is none. 0; -1: *err, also if one partition
 * alone is not answered for. */
int kafka_offsets(rd_kafka_t *rk, const char *topic, const int32_t *partitions, size_t n,
		  int64_t at, int64_t *offsets, struct err *err)
	__attribute__((warn_unused_result));
/* What the client's group has committed of them, -1 if nothing; and what kafka_committed_note() has
 * left beside it, -1 if nothing (NULL: it is not asked for). 0; -1: *err, as above. */
int kafka_committed(rd_kafka_t *rk, const char *topic, const int32_t *partitions, size_t n,
		    int64_t *offsets, int64_t *read_ms, struct err *err)
	__attribute__((warn_unused_result));
/* Of an element that is going to be committed: what was read up to there is not newer than this
 * (broker's time, epoch). */
void kafka_committed_note(rd_kafka_topic_partition_t *e, int64_t read_ms);
/* Both ends of a partition: its first offset, and the one after its last. */
struct kafka_range {
	int32_t partition;
	int64_t low, high;
	struct err err; /* why it was not answered for; ERR_NONE: it was */
};
/* Fills all but `partition` of n; one that is not answered for costs itself alone. */
void kafka_ranges(rd_kafka_t *rk, const char *topic, struct kafka_range *ranges, size_t n);

#endif
