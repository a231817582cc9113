/* SPDX-License-Identifier: MIT */
/* What Kafka says of the offsets of partitions, to find where they start. Blocking calls, each with
 * a limit of a few seconds. */
#ifndef GAPLESS_OFFSETS_H
#define GAPLESS_OFFSETS_H

#include "common/kafka/consumer.h"
#include "common/kafka/kafka_topic.h"
#include "partitions.h"
#include "writer/options.h"

/* Of all partitions, in their order: both ends. The caller frees them. */
struct kafka_range *offsets_ends(const struct consumer *c, const struct partitions *ps);
/* Of partition i, in committed[i]: what the group has committed, -1 if nothing; in from[i]: the
 * first offset that the broker stamped with from_ms or later, -1 if there is none. 0, or -1 (*err):
 * ask again later. */
int offsets_committed(const struct consumer *c, const struct partitions *ps, int64_t *committed,
		      struct err *err) __attribute__((warn_unused_result));
int offsets_since(const struct consumer *c, const struct partitions *ps, int64_t from_ms,
		  int64_t *from, struct err *err) __attribute__((warn_unused_result));
/* *offset is the first one that Kafka took after at_ms, as it says: Kafka counts marks of
 * transactions and what was aborted. It becomes that of the first message from there on that a
 * consumer gets, or -1 if there is none, or the broker took it at at_ms or before. 0, or -1. */
int offsets_check_seen(const struct options *o, int32_t partition, int64_t at_ms, int64_t *offset,
		       struct err *err) __attribute__((warn_unused_result));

#endif
