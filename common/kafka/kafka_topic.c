/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka_topic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/kafka/kafka.h"

enum { ANSWER_MS = 3000 };

/* A number that is a time, and no offset. */
#define PLAUSIBLE INT64_C(1000000000000)

int kafka_topic_name_check(const char *setting, const char *name, struct err *err)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(name);

	if (len > 0 && len < 250 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	    name[strspn(name, allowed)] == '\0')
		return 0;
	return err_set(
		err, ERR_FATAL,
		"%s: '%s' is not the name of a topic; it has 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-'",
		setting, name);
}

int kafka_partition_count(rd_kafka_t *rk, const char *topic, struct err *err)
{
	/* The first handle of a topic decides for all later ones: NULL is what the client was
	 * configured with, its partitioner above all; a topic_conf of our own would be librdkafka's
	 * defaults. */
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
	const struct rd_kafka_metadata *meta = NULL;
	rd_kafka_resp_err_t code;
	int n = 0;

	if (!handle)
		return err_set(err, ERR_FATAL, "the topic name '%s' is refused by the Kafka client",
			       topic);
	code = rd_kafka_metadata(rk, 0, handle, &meta, ANSWER_MS);
	if (!code && meta->topic_cnt == 1)
		code = meta->topics[0].err;
	if (!code && meta->topic_cnt == 1)
		n = meta->topics[0].partition_cnt;
	else if (code && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART &&
		 code != RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
		n = err_set(err, kafka_error_class(code),
			    "the partitions of topic %s cannot be asked for: %s", topic,
			    rd_kafka_err2str(code));
	if (meta)
		rd_kafka_metadata_destroy(meta);
	rd_kafka_topic_destroy(handle);
	return n;
}

/* Beside a committed offset there is room for a text of ours. */
#define READ_MS "read_ms="

void kafka_committed_note(rd_kafka_topic_partition_t *e, int64_t read_ms)
{
	char text[sizeof(READ_MS) + 20];
	int len = snprintf(text, sizeof text, READ_MS "%" PRId64, read_ms);

	free(e->metadata);
	e->metadata = xstrdup(text);
	e->metadata_size = (size_t)len;
}

static int64_t note_of(const rd_kafka_topic_partition_t *e)
{
	char text[sizeof(READ_MS) + 20];

	if (!e->metadata || e->metadata_size >= sizeof text)
		return -1;
	memcpy(text, e->metadata, e->metadata_size);
	text[e->metadata_size] = '\0';
	return strncmp(text, READ_MS, sizeof(READ_MS) - 1) == 0
		       ? strtoll(text + sizeof(READ_MS) - 1, NULL, 10)
		       : -1;
}

int kafka_committed(rd_kafka_t *rk, const char *topic, const int32_t *partitions, size_t n,
		    int64_t *offsets, int64_t *read_ms, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n + 1);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topic, partitions[i]);
	code = rd_kafka_committed(rk, list, ANSWER_MS);
	for (size_t i = 0; i < n && !code; i++) {
		const rd_kafka_topic_partition_t *e =
			rd_kafka_topic_partition_list_find(list, topic, partitions[i]);

		code = e->err;
		offsets[i] = e->offset >= 0 ? e->offset : -1;
		if (read_ms)
			read_ms[i] = note_of(e);
	}
	rd_kafka_topic_partition_list_destroy(list);
	if (!code)
		return 0;
	return err_set(err, kafka_error_class(code),
		       "the committed offsets of the group cannot be asked for: %s",
		       rd_kafka_err2str(code));
}

/* Why a partition has nobody who could answer; *err stays as it is if it has. */
static void leader_check(const struct rd_kafka_metadata_topic *topic, int32_t partition,
			 struct err *err)
{
	int i = 0;

	while (i < topic->partition_cnt && topic->partitions[i].id != partition)
		i++;
	if (i == topic->partition_cnt)
		err_set(err, ERR_RETRY, "topic %s has no partition %d%s%s", topic->topic,
			(int)partition, topic->err ? ": " : "",
			topic->err ? rd_kafka_err2str(topic->err) : "");
	else if (topic->partitions[i].leader < 0)
		err_set(err, ERR_RETRY, "partition %d of topic %s has no leader: %s",
			(int)partition, topic->topic, rd_kafka_err2str(topic->partitions[i].err));
}

/* A request about partitions of which one has no leader fails as a whole, late: those are told from
 * the others before. */
static void leaders_check(rd_kafka_t *rk, const char *topic, struct kafka_range *ranges, size_t n)
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
	const struct rd_kafka_metadata *meta = NULL;

	if (handle && !rd_kafka_metadata(rk, 0, handle, &meta, ANSWER_MS) && meta->topic_cnt == 1)
		for (size_t i = 0; i < n; i++)
			leader_check(&meta->topics[0], ranges[i].partition, &ranges[i].err);
	if (meta)
		rd_kafka_metadata_destroy(meta);
	if (handle)
		rd_kafka_topic_destroy(handle);
}

/* An element that comes back as it went was not answered: at once after a topic was created its err
 * says nothing. */
static void answer_take(struct kafka_range *r, const rd_kafka_topic_partition_t *e, int64_t at,
			rd_kafka_resp_err_t code)
{
	if (!code)
		code = e->err;
	if (!code && (at < 0 ? e->offset < 0 : e->offset == at && at > PLAUSIBLE))
		code = RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (code)
		err_set(&r->err, kafka_error_class(code),
			"the offsets of partition %d of topic %s cannot be asked for: %s",
			(int)r->partition, e->topic, rd_kafka_err2str(code));
	else if (e->offset >= 0)
		r->high = e->offset;
}

/* Of those without an error, what stands there, into `high`. With the logical offsets in place of
 * times this is the request behind rd_kafka_query_watermark_offsets(), but for all partitions at
 * once and with a limit that holds (librdkafka 2.0.2 ignores the other one's). */
static void offsets_ask(rd_kafka_t *rk, const char *topic, struct kafka_range *ranges, size_t n,
			int64_t at)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n + 1);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (size_t i = 0; i < n; i++) {
		ranges[i].high = -1;
		if (ranges[i].err.class == ERR_NONE)
			rd_kafka_topic_partition_list_add(list, topic, ranges[i].partition)
				->offset = at;
	}
	if (list->cnt > 0)
		code = rd_kafka_offsets_for_times(rk, list, ANSWER_MS);
	/* Some were answered, others not: each has an error of its own. */
	if (code == RD_KAFKA_RESP_ERR__TIMED_OUT)
		code = RD_KAFKA_RESP_ERR_NO_ERROR;
	for (size_t i = 0; i < n; i++) {
		const rd_kafka_topic_partition_t *e =
			rd_kafka_topic_partition_list_find(list, topic, ranges[i].partition);

		if (e)
			answer_take(&ranges[i], e, at, code);
	}
	rd_kafka_topic_partition_list_destroy(list);
}

int kafka_offsets(rd_kafka_t *rk, const char *topic, const int32_t *partitions, size_t n,
		  int64_t at, int64_t *offsets, struct err *err)
{
	struct kafka_range *ranges = xcalloc(n + 1, sizeof *ranges);

	for (size_t i = 0; i < n; i++)
		ranges[i].partition = partitions[i];
	if (n > 0)
		leaders_check(rk, topic, ranges, n);
	offsets_ask(rk, topic, ranges, n, at);
	err_clear(err);
	for (size_t i = 0; i < n; i++) {
		offsets[i] = ranges[i].high;
		if (err->class == ERR_NONE)
			*err = ranges[i].err;
	}
	free(ranges);
	return err->class == ERR_NONE ? 0 : -1;
}

void kafka_ranges(rd_kafka_t *rk, const char *topic, struct kafka_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		err_clear(&ranges[i].err);
	if (n > 0)
		leaders_check(rk, topic, ranges, n);
	offsets_ask(rk, topic, ranges, n, RD_KAFKA_OFFSET_BEGINNING);
	for (size_t i = 0; i < n; i++)
		ranges[i].low = ranges[i].high;
	offsets_ask(rk, topic, ranges, n, RD_KAFKA_OFFSET_END);
}
