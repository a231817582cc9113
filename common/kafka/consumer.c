/* SPDX-License-Identifier: MIT */
#include "common/kafka/consumer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_topic.h"

enum { HALTS_MS = 10000, FIRST_MS = 3000, POLL_MS = 100 };

struct consumer {
	rd_kafka_t *rk;
	const char *topic, *group;
	rd_kafka_message_t *message; /* of the last poll */
	enum consumer_news news;     /* of the group, not polled yet; CONSUMER_NOTHING: none */
	int asked;                   /* the group waits for an answer to its news */
	int32_t *given;
	size_t given_n;
	int replaced, gone, closing;
	int64_t halts_due_ms;
	struct kafka_stats stats;
};

typedef rd_kafka_topic_partition_list_t list;

/* ---------------------------------------------------------------- making it */

/* The group's news are kept for the end of the poll: they are answered from there, as librdkafka
 * allows, since what comes before the answer takes its time. Only a consumer that is being closed
 * answers at once. */
static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, list *given, void *opaque)
{
	struct consumer *c = opaque;

	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		c->given = xreallocarray(c->given, (size_t)given->cnt + 1, sizeof(*c->given));
		c->given_n = (size_t)given->cnt;
		for (size_t i = 0; i < c->given_n; i++)
			c->given[i] = given->elems[i].partition;
		c->news = CONSUMER_ASSIGNED;
	} else {
		if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
			log_warn("the group could not agree",
				 L_STR("error", rd_kafka_err2str(code)));
		FAULT("in_revoke");
		c->news = rd_kafka_assignment_lost(rk) ? CONSUMER_LOST : CONSUMER_REVOKED;
	}
	c->asked = 1;
	if (c->closing)
		consumer_give_back(c);
	else
		rd_kafka_yield(rk);
}

/* What librdkafka says of a topic or partition that was deleted under it comes here, or as an error
 * in a message's place. */
static void notice(struct consumer *c, rd_kafka_resp_err_t code)
{
	c->replaced |= code == RD_KAFKA_RESP_ERR__FATAL;
	c->gone |= code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
		   code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
		   code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	kafka_log_error(rk, code, reason);
	notice(opaque, (rd_kafka_resp_err_t)code);
}

static int on_stats(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
	struct consumer *c = opaque;

	(void)rk;
	if (kafka_stats_read(json, len, &c->stats) != 0)
		log_debug("the Kafka client's statistics cannot be read");
	return 0;
}

int consumer_is_slow(void)
{
	return rd_kafka_version() < 0x02020000;
}

static const char *number(int64_t value, char out[24])
{
	snprintf(out, 24, "%" PRId64, value);
	return out;
}

static rd_kafka_conf_t *conf_new(const struct consumer_settings *s, enum consumer_role role,
				 struct err *err)
{
	char n[4][24];
	int has_id = s->instance_id != NULL && *s->instance_id != '\0';
	const struct kafka_property ours[] = {
		{"group.id", s->group},
		{"client.id", s->client_id},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"auto.offset.reset", "error"},
		{"partition.assignment.strategy", "range"},
		{"enable.partition.eof", "true"},
		{"isolation.level", role == CONSUMER_ASKS ? "read_uncommitted" : "read_committed"},
		{"check.crcs", "true"},
		{"session.timeout.ms", number(s->session_timeout_ms, n[0])},
		{"fetch.wait.max.ms", "100"},
		{"statistics.interval.ms", KAFKA_STATS_MS},
		{"fetch.max.bytes", number(s->fetch_bytes, n[1])},
		{"max.partition.fetch.bytes", number(s->partition_fetch_bytes, n[2])},
		{"queued.max.messages.kbytes", "8192"},
		{"queued.min.messages", number(s->queued_messages, n[3])},
		/* (an old one gets what it has by default) */
		{consumer_is_slow() ? "fetch.error.backoff.ms" : "fetch.queue.backoff.ms",
		 consumer_is_slow() ? "500" : "20"},
		{role == CONSUMER_MEMBER && has_id ? "group.instance.id" : NULL, s->instance_id},
		{NULL, NULL},
	};
	/* What these promise, the programs rely on. */
	const char *const fixed[] = {
		"group.id",
		"enable.auto.commit",
		"enable.auto.offset.store",
		"auto.commit.interval.ms",
		"auto.offset.reset",
		"partition.assignment.strategy",
		"enable.partition.eof",
		"session.timeout.ms",
		"isolation.level",
		s->instance_id != NULL ? "group.instance.id" : NULL,
		NULL,
	};

	rd_kafka_conf_t *conf;

	conf = kafka_conf_new(s->brokers, ours, fixed, s->user, err);
	if (conf != NULL && s->is_client_id_fixed)
		rd_kafka_conf_set(conf, "client.id", s->client_id, NULL, 0);
	return conf;
}

struct consumer *consumer_new(const struct consumer_settings *s, enum consumer_role role,
			      struct err *err)
{
	rd_kafka_conf_t *conf = conf_new(s, role, err);
	struct consumer *c;

	if (conf == NULL)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->topic = s->topic;
	c->group = s->group;
	rd_kafka_conf_set_opaque(conf, c);
	if (role == CONSUMER_MEMBER)
		rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	if (role != CONSUMER_ASKS) {
		rd_kafka_conf_set_error_cb(conf, on_error);
		rd_kafka_conf_set_stats_cb(conf, on_stats);
	}
	c->rk = kafka_client_new(RD_KAFKA_CONSUMER, conf, "consumer", err);
	if (c->rk == NULL) {
		free(c);
		return NULL;
	}
	rd_kafka_poll_set_consumer(c->rk);
	return c;
}

static void drop_message(struct consumer *c)
{
	if (c->message != NULL)
		rd_kafka_message_destroy(c->message);
	c->message = NULL;
}

void consumer_close(struct consumer *c)
{
	drop_message(c);
	c->closing = 1;
	if (c->asked)
		consumer_give_back(c);
	rd_kafka_consumer_close(c->rk);
}

void consumer_free(struct consumer *c)
{
	if (c == NULL)
		return;
	drop_message(c);
	kafka_client_free(c->rk);
	free(c->given);
	free(c);
}

/* ---------------------------------------------------------------- what comes */

static enum consumer_news news_of_error(struct consumer *c, const rd_kafka_message_t *m)
{
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return CONSUMER_EOF;
	if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
		return CONSUMER_OUT_OF_RANGE;
	notice(c, m->err);
	kafka_log_error(c->rk, m->err, rd_kafka_message_errstr(m));
	return CONSUMER_OTHER;
}

static int is_of_group(enum consumer_news news)
{
	return news == CONSUMER_ASSIGNED || news == CONSUMER_REVOKED || news == CONSUMER_LOST;
}

enum consumer_news consumer_poll(struct consumer *c, int wait_ms, const rd_kafka_message_t **m)
{
	enum consumer_news news = CONSUMER_NOTHING;

	drop_message(c);
	if (c->news == CONSUMER_NOTHING && !c->replaced)
		c->message = rd_kafka_consumer_poll(c->rk, wait_ms);
	*m = c->message;
	if (c->message != NULL) {
		news = c->message->err ? news_of_error(c, c->message) : CONSUMER_MESSAGE;
	} else if (c->news != CONSUMER_NOTHING) {
		news = c->news;
		c->news = CONSUMER_NOTHING;
	}
	if (c->gone && !is_of_group(news)) { /* a message is read again */
		news = CONSUMER_GONE;
		c->gone = 0;
	}
	return c->replaced ? CONSUMER_REPLACED : news;
}

enum consumer_news consumer_first(struct consumer *c, struct consumer_place place,
				  const rd_kafka_message_t **m)
{
	int64_t until_ms = clock_boot_ms() + FIRST_MS;
	enum consumer_news news = CONSUMER_NOTHING;
	struct err err;

	if (c == NULL || consumer_assign(c, &place, 1, &err) != 0)
		return news;
	do
		news = consumer_poll(c, POLL_MS, m);
	while (news != CONSUMER_MESSAGE && news != CONSUMER_EOF && clock_boot_ms() < until_ms);
	return news;
}

int64_t consumer_appended_ms(const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
	int64_t ms = rd_kafka_message_timestamp(m, &type);

	return ms > 0 ? ms : 0;
}

/* ---------------------------------------------------------------- topic and group */

rd_kafka_t *consumer_handle(const struct consumer *c)
{
	return c->rk;
}

const char *consumer_topic(const struct consumer *c)
{
	return c->topic;
}

const struct kafka_stats *consumer_stats(const struct consumer *c)
{
	return &c->stats;
}

int consumer_topic_partitions(struct consumer *c, struct err *err)
{
	return kafka_partition_count(c->rk, c->topic, err);
}

int consumer_subscribe(struct consumer *c, struct err *err)
{
	list *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(topics, c->topic, RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(c->rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(err, kafka_error_class(code), "cannot subscribe to the topic %s: %s",
			       c->topic, rd_kafka_err2str(code));
	log_info("subscribed", L_STR("topic", c->topic), L_STR("group", c->group));
	return 0;
}

size_t consumer_given(const struct consumer *c, const int32_t **ids)
{
	*ids = c->given;
	return c->given_n;
}

/* Nothing is read before it can be used: all are accepted, none is assigned. A pause of before
 * outlives a rebalance, so it ends here; never after an assign: librdkafka can drop the start of a
 * fetch that such a call overtakes, and the partition would stay unread for ever. */
void consumer_accept(struct consumer *c)
{
	list *none = rd_kafka_topic_partition_list_new(1);

	consumer_pause(c, c->given, c->given_n, 0);
	rd_kafka_assign(c->rk, none);
	rd_kafka_topic_partition_list_destroy(none);
	c->asked = 0;
}

void consumer_give_back(struct consumer *c)
{
	rd_kafka_assign(c->rk, NULL);
	c->asked = 0;
}

int consumer_has_lost_group(const struct consumer *c)
{
	return rd_kafka_assignment_lost(c->rk);
}

/* ---------------------------------------------------------------- partitions */

int consumer_assign(struct consumer *c, const struct consumer_place *from, size_t n,
		    struct err *err)
{
	list *l = rd_kafka_topic_partition_list_new((int)n + 1);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(l, c->topic, from[i].partition)->offset =
			from[i].offset;
	code = rd_kafka_assign(c->rk, l);
	rd_kafka_topic_partition_list_destroy(l);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, kafka_error_class(code), "the partitions cannot be assigned: %s",
		       rd_kafka_err2str(code));
}

void consumer_pause(struct consumer *c, const int32_t *ids, size_t n, int is_paused)
{
	list *l = rd_kafka_topic_partition_list_new((int)n + 1);

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(l, c->topic, ids[i]);
	if (is_paused)
		rd_kafka_pause_partitions(c->rk, l);
	else
		rd_kafka_resume_partitions(c->rk, l);
	rd_kafka_topic_partition_list_destroy(l);
}

int64_t consumer_messages_from(const struct consumer *c, int32_t partition, int64_t offset)
{
	int64_t low, high;

	if (rd_kafka_get_watermark_offsets(c->rk, c->topic, partition, &low, &high) !=
		    RD_KAFKA_RESP_ERR_NO_ERROR ||
	    high <= offset)
		return 0;
	return high - offset;
}

int consumer_has_lost_halt(struct consumer *c, const struct consumer_place *halts, size_t n,
			   int64_t now_ms)
{
	struct kafka_range *ends;
	int is_lost = 0;

	if (n == 0 || now_ms < c->halts_due_ms)
		return 0;
	ends = xcalloc(n, sizeof(*ends));
	for (size_t i = 0; i < n; i++)
		ends[i].partition = halts[i].partition;
	kafka_ranges(c->rk, c->topic, ends, n);
	c->halts_due_ms = clock_boot_ms() + HALTS_MS;
	for (size_t i = 0; i < n; i++) {
		int64_t offset = halts[i].offset;

		if (ends[i].err.class != ERR_NONE ||
		    (offset >= ends[i].low && offset < ends[i].high))
			continue;
		log_warn("the message that halts a partition is not in the topic any more; "
			 "reading goes on",
			 L_INT("partition", ends[i].partition), L_INT("offset", offset));
		is_lost = 1;
	}
	free(ends);
	return is_lost;
}
