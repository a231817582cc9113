/* SPDX-License-Identifier: MIT */
#include "consumer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/kafka.h"

/* Messages that are read ahead; then fetching stops. */
#define QUEUED      10000
#define QUEUED_TEXT "10000"

enum { ASK_MS = 3000, WAKE_WAIT_MS = 100, WAKE_MS = 20, WAKE_FAILED_MS = 1000 };

/* Where fetching has stopped because enough is queued, librdkafka looks again after a second (issue
 * 2879 of confluentinc/librdkafka), in which a fast writer reads ten times as much. Since 2.2 that
 * second is a property. */
static int full_queue_is_slow(void)
{
	return rd_kafka_version() < 0x02020000;
}

rd_kafka_t *consumer_new(const struct options *o,
			 void (*on_rebalance)(rd_kafka_t *, rd_kafka_resp_err_t,
					      rd_kafka_topic_partition_list_t *, void *),
			 void (*on_error)(rd_kafka_t *, int, const char *, void *), void *opaque,
			 struct err *err)
{
	char session[24], heartbeat[24], text[512];
	int in_group = on_rebalance != NULL;
	const struct kafka_property role[] = {
		{"group.id", in_group ? o->group : "gapless-replay"},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"auto.offset.reset", "earliest"},
		{"partition.assignment.strategy", "range"},
		{"enable.partition.eof", in_group ? "false" : "true"},
		{"check.crcs", "true"},
		{"session.timeout.ms", session},
		{"heartbeat.interval.ms", heartbeat},
		{"topic.metadata.refresh.interval.ms", "60000"},
		{"fetch.wait.max.ms", "100"},
		{"queued.max.messages.kbytes", "8192"},
		{"queued.min.messages", QUEUED_TEXT},
		/* (an old one gets what it has by default) */
		{full_queue_is_slow() ? "fetch.error.backoff.ms" : "fetch.queue.backoff.ms",
		 full_queue_is_slow() ? "500" : "20"},
		{in_group && o->group_instance_id != NULL ? "group.instance.id" : NULL,
		 o->group_instance_id},
		{NULL, NULL},
	};
	/* What these promise, the code relies on. */
	static const char *const fixed[] = {
		"group.id",
		"group.instance.id",
		"enable.auto.commit",
		"enable.auto.offset.store",
		"auto.commit.interval.ms",
		"auto.offset.reset",
		"partition.assignment.strategy",
		"enable.partition.eof",
		"session.timeout.ms",
		"isolation.level",
		NULL,
	};
	rd_kafka_conf_t *conf;
	rd_kafka_t *rk;

	snprintf(session, sizeof(session), "%" PRId64, o->session_timeout_ms);
	/* librdkafka's own 3 s are too long for a session as short: it would end between two
	 * heartbeats. */
	snprintf(heartbeat, sizeof(heartbeat), "%" PRId64,
		 o->session_timeout_ms < 9000 ? o->session_timeout_ms / 3 : 3000);
	conf = kafka_conf_new(o->brokers, role, fixed, &o->kafka, err);
	if (conf == NULL)
		return NULL;
	rd_kafka_conf_set_opaque(conf, opaque);
	if (in_group)
		rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
	if (rk == NULL) {
		rd_kafka_conf_destroy(conf);
		err_set(err, ERR_FATAL, "the Kafka consumer cannot be made: %s", text);
		return NULL;
	}
	rd_kafka_poll_set_consumer(rk);
	return rk;
}

int consumer_topic_partitions(rd_kafka_t *rk, const char *topic, struct err *err)
{
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
	rd_kafka_resp_err_t code;
	int n = 0;

	if (rkt == NULL)
		return err_set(err, ERR_RETRY, "the topic %s: %s", topic,
			       rd_kafka_err2str(rd_kafka_last_error()));
	code = rd_kafka_metadata(rk, 0, rkt, &md, ASK_MS);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR && md->topic_cnt == 1)
		code = md->topics[0].err;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		n = md->topics[0].partition_cnt;
	else if (code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART &&
		 code != RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
		n = err_set(err, kafka_error_class(code), "the topic %s: %s", topic,
			    rd_kafka_err2str(code));
	if (md != NULL)
		rd_kafka_metadata_destroy(md);
	rd_kafka_topic_destroy(rkt);
	return n;
}

int consumer_subscribe(rd_kafka_t *rk, const char *topic, struct err *err)
{
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, kafka_error_class(code), "cannot subscribe to the topic %s: %s", topic,
		       rd_kafka_err2str(code));
}

static rd_kafka_topic_partition_list_t *list_of(const char *topic, const struct assigned *a,
						int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)a->n + 1);

	for (size_t i = 0; i < a->n; i++)
		rd_kafka_topic_partition_list_add(list, topic, a->v[i].id)->offset = offset;
	return list;
}

static void list_free(rd_kafka_topic_partition_list_t *list)
{
	if (list != NULL)
		rd_kafka_topic_partition_list_destroy(list);
}

/* One end of all partitions. With the logical offsets in place of times this is the request behind
 * rd_kafka_query_watermark_offsets(), but for all partitions at once and with a limit that holds
 * (librdkafka 2.0.2 ignores the other one's). An element that comes back unchanged was not
 * answered. */
static int ask_end(rd_kafka_t *rk, const char *topic, const struct assigned *a, int64_t which,
		   rd_kafka_topic_partition_list_t **out, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = list_of(topic, a, which);
	rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(rk, list, ASK_MS);

	for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
		code = list->elems[i].err;
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR && list->elems[i].offset < 0)
			code = RD_KAFKA_RESP_ERR__TIMED_OUT;
	}
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		*out = list;
		return 0;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return err_set(err, kafka_error_class(code),
		       "the offsets of the topic %s cannot be asked for: %s", topic,
		       rd_kafka_err2str(code));
}

static int ask_committed(rd_kafka_t *rk, const char *topic, const struct assigned *a,
			 rd_kafka_topic_partition_list_t **out, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = list_of(topic, a, RD_KAFKA_OFFSET_INVALID);
	rd_kafka_resp_err_t code = rd_kafka_committed(rk, list, ASK_MS);

	for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		code = list->elems[i].err;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		*out = list;
		return 0;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return err_set(err, kafka_error_class(code),
		       "the committed offsets of the group cannot be asked for: %s",
		       rd_kafka_err2str(code));
}

static int64_t offset_of(const rd_kafka_topic_partition_list_t *list, const char *topic,
			 int32_t partition)
{
	const rd_kafka_topic_partition_t *e =
		rd_kafka_topic_partition_list_find(list, topic, partition);

	return e != NULL && e->offset >= 0 ? e->offset : START_NONE;
}

int consumer_facts(rd_kafka_t *rk, const char *topic, const struct assigned *a,
		   struct start_facts *facts, struct err *err)
{
	rd_kafka_topic_partition_list_t *committed = NULL, *low = NULL, *high = NULL;
	int rc = -1;

	if (ask_committed(rk, topic, a, &committed, err) != 0 ||
	    ask_end(rk, topic, a, RD_KAFKA_OFFSET_BEGINNING, &low, err) != 0 ||
	    ask_end(rk, topic, a, RD_KAFKA_OFFSET_END, &high, err) != 0)
		goto out;
	for (size_t i = 0; i < a->n; i++) {
		facts[i].committed = offset_of(committed, topic, a->v[i].id);
		facts[i].low = offset_of(low, topic, a->v[i].id);
		facts[i].high = offset_of(high, topic, a->v[i].id);
	}
	rc = 0;
out:
	list_free(committed);
	list_free(low);
	list_free(high);
	return rc;
}

/* The first offset of a time, of all partitions; the end's where there is none. A time comes back
 * as it went where the broker did not answer. */
static int ask_time(rd_kafka_t *rk, const char *topic, const struct assigned *a, int64_t from_ms,
		    struct replay_part *parts, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = list_of(topic, a, from_ms);
	rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(rk, list, ASK_MS);

	for (size_t i = 0; i < a->n && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
		const rd_kafka_topic_partition_t *e =
			rd_kafka_topic_partition_list_find(list, topic, a->v[i].id);

		code = e->err;
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR && e->offset == from_ms &&
		    from_ms > parts[i].high)
			code = RD_KAFKA_RESP_ERR__TIMED_OUT;
		parts[i].from = e->offset < 0 ? parts[i].high : e->offset;
	}
	list_free(list);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, kafka_error_class(code),
		       "the offsets of the topic %s cannot be asked for: %s", topic,
		       rd_kafka_err2str(code));
}

int consumer_bounds(rd_kafka_t *rk, const char *topic, const struct assigned *a, int64_t from_ms,
		    struct replay_part *parts, struct err *err)
{
	rd_kafka_topic_partition_list_t *low = NULL, *high = NULL;
	int rc = -1;

	if (ask_end(rk, topic, a, RD_KAFKA_OFFSET_BEGINNING, &low, err) != 0 ||
	    ask_end(rk, topic, a, RD_KAFKA_OFFSET_END, &high, err) != 0)
		goto out;
	for (size_t i = 0; i < a->n; i++) {
		parts[i].partition = a->v[i].id;
		parts[i].low = parts[i].from = offset_of(low, topic, a->v[i].id);
		parts[i].high = offset_of(high, topic, a->v[i].id);
	}
	/* Nothing in a topic is older than 1970; negative numbers are not times to librdkafka. */
	rc = from_ms > 0 ? ask_time(rk, topic, a, from_ms, parts, err) : 0;
out:
	list_free(low);
	list_free(high);
	return rc;
}

int consumer_assign(rd_kafka_t *rk, const char *topic, const struct assigned *a, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)a->n + 1);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].state != PARTITION_DONE)
			rd_kafka_topic_partition_list_add(list, topic, a->v[i].id)->offset =
				a->v[i].next;
	}
	code = rd_kafka_assign(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, kafka_error_class(code), "the partitions cannot be assigned: %s",
		       rd_kafka_err2str(code));
}

/* The list of those that read, or of all. */
static rd_kafka_topic_partition_list_t *list_reading(const char *topic, const struct assigned *a,
						     int all)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)a->n + 1);

	for (size_t i = 0; i < a->n; i++) {
		if (all || a->v[i].state == PARTITION_READING)
			rd_kafka_topic_partition_list_add(list, topic, a->v[i].id);
	}
	return list;
}

void consumer_pause(rd_kafka_t *rk, const char *topic, const struct assigned *a)
{
	rd_kafka_topic_partition_list_t *list = list_reading(topic, a, 0);

	rd_kafka_pause_partitions(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

void consumer_resume(rd_kafka_t *rk, const char *topic, const struct assigned *a, int all)
{
	rd_kafka_topic_partition_list_t *list = list_reading(topic, a, all);

	rd_kafka_resume_partitions(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

void consumer_pause_one(rd_kafka_t *rk, const char *topic, int32_t partition)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, topic, partition);
	rd_kafka_pause_partitions(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

enum err_class consumer_commit(rd_kafka_t *rk, const char *topic, const struct batch *stored,
			       struct err *err)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)stored->parts_n + 1);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < stored->parts_n; i++)
		rd_kafka_topic_partition_list_add(list, topic, stored->parts[i].partition)->offset =
			stored->parts[i].next;
	code = rd_kafka_commit(rk, list, 0);
	rd_kafka_topic_partition_list_destroy(list);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return ERR_NONE;
	err_set(err, ERR_RETRY, "%s", rd_kafka_err2str(code));
	if (code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID || code == RD_KAFKA_RESP_ERR__FATAL)
		return ERR_FATAL;
	return ERR_RETRY;
}

static int has_more(rd_kafka_t *rk, const char *topic, const struct assigned *a)
{
	for (size_t i = 0; i < a->n; i++) {
		int64_t low, high;

		if (a->v[i].state == PARTITION_READING &&
		    rd_kafka_get_watermark_offsets(rk, topic, a->v[i].id, &low, &high) ==
			    RD_KAFKA_RESP_ERR_NO_ERROR &&
		    high > a->v[i].next)
			return 1;
	}
	return 0;
}

static size_t queued(rd_kafka_t *rk)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
	size_t n = queue ? rd_kafka_queue_length(queue) : 0;

	if (queue)
		rd_kafka_queue_destroy(queue);
	return n;
}

/* A request of any kind wakes the thread of the broker that it goes to, which then looks at the
 * queue. */
int consumer_keep_fetching(rd_kafka_t *rk, const char *topic, const struct assigned *a)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t code;

	if (!full_queue_is_slow() || queued(rk) >= QUEUED || !has_more(rk, topic, a))
		return WAKE_MS;
	list = list_reading(topic, a, 0);
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = RD_KAFKA_OFFSET_END;
	code = rd_kafka_offsets_for_times(rk, list, WAKE_WAIT_MS);
	rd_kafka_topic_partition_list_destroy(list);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? WAKE_MS : WAKE_FAILED_MS;
}

int64_t consumer_lag(rd_kafka_t *rk, const char *topic, const struct assigned *a)
{
	int64_t lag = 0;

	for (size_t i = 0; i < a->n; i++) {
		int64_t low, high;

		if (rd_kafka_get_watermark_offsets(rk, topic, a->v[i].id, &low, &high) ==
			    RD_KAFKA_RESP_ERR_NO_ERROR &&
		    high > a->v[i].next)
			lag += high - a->v[i].next;
	}
	return lag;
}

int consumer_is_behind_beginning(rd_kafka_t *rk, const char *topic, const struct assigned *a)
{
	for (size_t i = 0; i < a->n; i++) {
		int64_t low, high;

		if (a->v[i].state == PARTITION_READING &&
		    rd_kafka_get_watermark_offsets(rk, topic, a->v[i].id, &low, &high) ==
			    RD_KAFKA_RESP_ERR_NO_ERROR &&
		    low > a->v[i].next)
			return 1;
	}
	return 0;
}
