/* SPDX-License-Identifier: MIT */
#include "consumer.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_source.h"
#include "common/kafka/kafka_topic.h"
#include "consumer_conf.h"
#include "strangers.h"

struct consumer {
	rd_kafka_t *rk;
	const char *topic;           /* the settings' */
	rd_kafka_message_t *message; /* of the last poll */
	enum consumer_news news;     /* of the group, not polled yet; CONSUMER_NOTHING: none */
	int asked;                   /* the group waits for an answer to its news */
	int32_t *given;
	size_t given_n;
	int replaced, gone, closing;
	struct kafka_stats stats;
	struct strangers *strangers; /* NULL: it is in no group */
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
		strangers_soon(c->strangers);
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
	switch (code) {
	case RD_KAFKA_RESP_ERR__FATAL:
		c->replaced = 1;
		break;
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		c->gone = 1;
		break;
	default:
		break;
	}
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

static struct consumer *make(const struct options *o, int in_group, int all, struct err *err)
{
	rd_kafka_conf_t *conf = consumer_conf_new(o, in_group, all, err);
	struct consumer *c;
	char client_id[256] = "";

	if (conf == NULL)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->topic = o->topic;
	rd_kafka_conf_set_opaque(conf, c);
	if (in_group)
		rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	if (!all) { /* else nobody polls it */
		rd_kafka_conf_set_error_cb(conf, on_error);
		rd_kafka_conf_set_stats_cb(conf, on_stats);
	}
	rd_kafka_conf_get(conf, "client.id", client_id, &(size_t){sizeof(client_id)});
	c->rk = kafka_client_new(RD_KAFKA_CONSUMER, conf, "consumer", err);
	if (c->rk == NULL) {
		free(c);
		return NULL;
	}
	rd_kafka_poll_set_consumer(c->rk);
	if (in_group)
		c->strangers = strangers_new(c->rk, o->topic, o->group, client_id);
	return c;
}

struct consumer *consumer_new(const struct options *o, int in_group, struct err *err)
{
	return make(o, in_group, 0, err);
}

struct consumer *consumer_new_to_ask(const struct options *o, struct err *err)
{
	return make(o, 0, 1, err);
}

int consumer_check_source(const struct options *o, struct err *err)
{
	struct consumer *c = consumer_new(o, 0, err);
	char other[SOURCE_BYTES];
	int rc = c != NULL ? 0 : -1;

	if (c != NULL && kafka_source_is_other(c->rk, o->topic, o->source, other))
		rc = err_set(
			err, ERR_INPUT,
			"the topic %s carries candles of the source \"%s\", not of \"%s\" (--source): "
			"one topic and one table hold one source; use that source, or another topic "
			"and database",
			o->topic, other, o->source);
	consumer_free(c);
	return rc;
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
	strangers_free(c->strangers);
	kafka_client_free(c->rk);
	free(c->given);
	free(c);
}

/* ---------------------------------------------------------------- what comes */

static enum consumer_news news_of_error(struct consumer *c, const rd_kafka_message_t *m)
{
	switch (m->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		return CONSUMER_EOF;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		return CONSUMER_OUT_OF_RANGE;
	default:
		break;
	}
	notice(c, m->err);
	kafka_log_error(c->rk, m->err, rd_kafka_message_errstr(m));
	return CONSUMER_OTHER;
}

static struct arrival arrival_of(const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
	int64_t ms = rd_kafka_message_timestamp(m, &type);
	struct arrival a = {.partition = m->partition, .offset = m->offset, .at_ms = -1};

	if (m->err) /* its payload is a text about that */
		return a;
	a.key = m->key;
	a.key_len = m->key_len;
	a.value = m->payload;
	a.value_len = m->len;
	a.appended_ms = ms > 0 ? ms : 0;
	if (type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME)
		a.at_ms = ms;
	return a;
}

static int is_of_group(enum consumer_news news)
{
	return news == CONSUMER_ASSIGNED || news == CONSUMER_REVOKED || news == CONSUMER_LOST;
}

enum consumer_news consumer_poll(struct consumer *c, int wait_ms, struct arrival *a)
{
	enum consumer_news news = CONSUMER_NOTHING;

	drop_message(c);
	if (c->news == CONSUMER_NOTHING && !c->replaced)
		c->message = rd_kafka_consumer_poll(c->rk, wait_ms);
	if (c->message != NULL) {
		*a = arrival_of(c->message);
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

/* ---------------------------------------------------------------- topic and group */

rd_kafka_t *consumer_handle(const struct consumer *c)
{
	return c->rk;
}

const char *consumer_topic(const struct consumer *c)
{
	return c->topic;
}

int consumer_topic_partitions(struct consumer *c, struct err *err)
{
	return kafka_partition_count(c->rk, c->topic, err);
}

int consumer_subscribe(struct consumer *c, struct err *err)
{
	rd_kafka_resp_err_t code = kafka_subscribe(c->rk, c->topic);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, kafka_error_class(code), "cannot subscribe to the topic %s: %s",
		       c->topic, rd_kafka_err2str(code));
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
	list *given = rd_kafka_topic_partition_list_new((int)c->given_n + 1);

	for (size_t i = 0; i < c->given_n; i++)
		rd_kafka_topic_partition_list_add(given, c->topic, c->given[i]);
	rd_kafka_resume_partitions(c->rk, given);
	rd_kafka_topic_partition_list_destroy(given);
	given = rd_kafka_topic_partition_list_new(1);
	rd_kafka_assign(c->rk, given);
	rd_kafka_topic_partition_list_destroy(given);
	c->asked = 0;
}

void consumer_give_back(struct consumer *c)
{
	rd_kafka_assign(c->rk, NULL);
	c->asked = 0;
}

int consumer_look_for_strangers(struct consumer *c, int64_t now_ms)
{
	strangers_look(c->strangers, now_ms);
	return strangers_were_there(c->strangers);
}

int consumer_strangers(const struct consumer *c)
{
	return c->strangers == NULL ? 0 : strangers_count(c->strangers);
}

int64_t *consumer_group_offsets(struct consumer *c, size_t *n)
{
	return c->strangers == NULL ? NULL : strangers_committed(c->strangers, n);
}

const struct kafka_stats *consumer_stats(const struct consumer *c)
{
	return &c->stats;
}

/* ---------------------------------------------------------------- partitions */

int consumer_assign(struct consumer *c, const struct partitions *ps, struct err *err)
{
	size_t n = partitions_count(ps);
	list *l = rd_kafka_topic_partition_list_new((int)n + 1);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < n; i++) {
		const struct partition *p = partitions_at(ps, i);

		if (p->state != PARTITION_DONE && p->state != PARTITION_UNREAD)
			rd_kafka_topic_partition_list_add(l, c->topic, p->id)->offset = p->next;
	}
	code = rd_kafka_assign(c->rk, l);
	rd_kafka_topic_partition_list_destroy(l);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, kafka_error_class(code), "the partitions cannot be assigned: %s",
		       rd_kafka_err2str(code));
}

/* All that are reading, or every one. */
static list *list_of(const struct consumer *c, const struct partitions *ps, int every)
{
	size_t n = partitions_count(ps);
	list *l = rd_kafka_topic_partition_list_new((int)n + 1);

	for (size_t i = 0; i < n; i++) {
		const struct partition *p = partitions_at(ps, i);

		if (every || p->state == PARTITION_READING)
			rd_kafka_topic_partition_list_add(l, c->topic, p->id);
	}
	return l;
}

static void apply(rd_kafka_resp_err_t (*what)(rd_kafka_t *, list *), struct consumer *c, list *l)
{
	what(c->rk, l);
	rd_kafka_topic_partition_list_destroy(l);
}

void consumer_pause(struct consumer *c, const struct partitions *ps)
{
	apply(rd_kafka_pause_partitions, c, list_of(c, ps, 0));
}

void consumer_resume(struct consumer *c, const struct partitions *ps, int every)
{
	apply(rd_kafka_resume_partitions, c, list_of(c, ps, every));
}

void consumer_pause_one(struct consumer *c, int32_t partition)
{
	list *l = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(l, c->topic, partition);
	apply(rd_kafka_pause_partitions, c, l);
}
