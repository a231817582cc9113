/* SPDX-License-Identifier: MIT */
/* Partitions that Kafka does not answer for, as they have no leader. They hold up the others for
 * some tries, since there are such moments after a topic was created; then they are left out, and
 * asked for again with growing pauses. */
#ifndef GAPLESS_KAFKA_LEFT_OUT_H
#define GAPLESS_KAFKA_LEFT_OUT_H

#include <librdkafka/rdkafka.h>

#include "common/base/log.h"
#include "common/kafka/kafka_topic.h"

/* All zero at first. */
struct left_out {
	int fails;                /* in a row, for some of them */
	int64_t pause_ms, due_ms; /* until they are asked for again */
	struct log_throttle say;
};

/* What Kafka has answered for n partitions. 0: those that it did not answer for are to be left out,
 * which is said; -1: ask for all of them again (*err). */
int left_out_judge(struct left_out *l, const struct kafka_range *answers, size_t n, struct err *err)
	__attribute__((warn_unused_result));
/* These n are left out. 1 if one of them can be read by now: then all are to be asked for again. If
 * it is due it blocks for some seconds at most, and says that they cannot. */
int left_out_can_be_read(struct left_out *l, rd_kafka_t *rk, const char *topic, const int32_t *ids,
			 size_t n, int64_t now_ms);

#endif
