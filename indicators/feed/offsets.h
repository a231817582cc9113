/* SPDX-License-Identifier: MIT */
/* What Kafka says of the offsets of the partitions that are assigned, and of the whole topic, to
 * find where reading begins. */
#ifndef GAPLESS_INDICATORS_OFFSETS_H
#define GAPLESS_INDICATORS_OFFSETS_H

#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "indicators/options.h"

struct offsets;

enum { OFFSET_NONE = -1 };

/* A partition that is assigned. */
struct part {
	int32_t id;
	int is_out; /* Kafka does not answer for it: the others go on without it, until it does */
	/* as asked last; OFFSET_NONE: there is none */
	int64_t committed, low, high;
	int64_t read_ms; /* what is before `committed` is not newer */
	int64_t by_time; /* first offset that is not older than --topic-hours */
};

/* The options outlive it. */
struct offsets *offsets_new(const struct options *options);
void offsets_free(struct offsets *o);
/* These are assigned, and nothing is known of them; n = 0: none. */
void offsets_set(struct offsets *o, const int32_t *ids, size_t n);
/* Asks for all of struct part, and for the ends of all partitions. A partition that is not answered
 * for holds up the others for some tries, as there are such moments after a topic was created. What
 * is committed of a topic that was recreated counts as nothing, which is said. 0, or -1: ask again.
 * Blocks for some seconds at most, and for as long for each partition that may be a recreated one.
 */
int offsets_ask(struct offsets *o, rd_kafka_t *rk, struct err *err)
	__attribute__((warn_unused_result));

/* 1 if Kafka answers by now for one that was left out; else that is said, now and then. Asks with
 * growing pauses. */
int offsets_answer_again(struct offsets *o, rd_kafka_t *rk, int64_t now_ms);

const struct part *offsets_parts(const struct offsets *o, size_t *n);
const struct part *offsets_part(const struct offsets *o, int32_t id); /* NULL: it is not ours */
/* Of all partitions of the topic, by their number, -1: it is not known; *n = 0 before it was asked.
 */
const int64_t *offsets_ends(const struct offsets *o, size_t *n);
/* Reading has begun: from now on the group is not new, whatever becomes of what it commits. */
void offsets_have_begun(struct offsets *o);
/* 1 if the group had committed nothing, in any partition. */
int offsets_group_is_new(const struct offsets *o);
/* 1 if it had committed in some and not in others: these were added. */
int offsets_have_grown(const struct offsets *o);

#endif
