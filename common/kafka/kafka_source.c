/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/kafka/kafka_topic.h"

enum {
	READ_MS = 3000,
	POLL_MS = 100,
	NEWEST = 20,    /* messages of a partition */
	PARTITIONS = 32 /* that have any are enough */
};

/* Starts reading what is newest in some partitions; how many messages that are at most. */
static int64_t begin(rd_kafka_t *rk, rd_kafka_topic_t *handle, const char *topic,
		     rd_kafka_queue_t *queue, int32_t ids[PARTITIONS], int *n)
{
	int count = kafka_partition_count(rk, topic, NULL);
	size_t all = count > 0 ? (size_t)count : 0;
	struct kafka_range *ranges = xcalloc(all + 1, sizeof *ranges);
	int64_t messages = 0;

	for (size_t i = 0; i < all; i++)
		ranges[i].partition = (int32_t)i;
	kafka_ranges(rk, topic, ranges, all);
	for (size_t i = 0; i < all && *n < PARTITIONS; i++) {
		const struct kafka_range *r = &ranges[i];
		int64_t from = r->low > r->high - NEWEST ? r->low : r->high - NEWEST;

		if (r->low < 0 || r->high <= r->low ||
		    rd_kafka_consume_start_queue(handle, r->partition, from, queue))
			continue;
		ids[(*n)++] = r->partition;
		messages += r->high - from;
	}
	free(ranges);
	return messages;
}

int kafka_source_is_other(rd_kafka_t *rk, const char *topic, const char *source,
			  char other[SOURCE_BYTES])
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	int32_t ids[PARTITIONS];
	int n = 0, is_ours = 0;
	int64_t left, until_ms;

	other[0] = '\0';
	left = handle ? begin(rk, handle, topic, queue, ids, &n) : 0;
	until_ms = clock_boot_ms() + READ_MS;
	while (left > 0 && !is_ours && clock_boot_ms() < until_ms) {
		rd_kafka_message_t *m = rd_kafka_consume_queue(queue, POLL_MS);
		struct message message;
		struct err err;

		if (!m)
			continue;
		left -= !m->err;
		if (!m->err && message_decode(m->payload, m->len, &message, &err) == MESSAGE_OK) {
			is_ours = strcmp(message.source, source) == 0;
			snprintf(other, SOURCE_BYTES, "%s", message.source);
		}
		rd_kafka_message_destroy(m);
	}
	for (int i = 0; i < n; i++)
		rd_kafka_consume_stop(handle, ids[i]);
	rd_kafka_queue_destroy(queue);
	if (handle)
		rd_kafka_topic_destroy(handle);
	return !is_ours && other[0] != '\0';
}
