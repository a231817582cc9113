/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/kafka/kafka.h"

enum { TOPIC_MS = 1000, ASK_MS = 3000, SAY_MS = 60000, SAY_BAD_MS = 10000 };

struct feed {
	const struct options *options;
	struct feed_owner owner;
	rd_kafka_t *rk;
	int is_subscribed, is_fenced;
	int64_t topic_due_ms;
	struct log_throttle say_topic, say_bad;
};

/* ---------------------------------------------------------------- the group */

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
			 rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct feed *f = opaque;
	int is_lost = rd_kafka_assignment_lost(rk);

	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		log_info("partitions assigned", L_INT("partitions", list->cnt));
		rd_kafka_assign(rk, list);
		return;
	}
	if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
		log_warn("the group could not agree", L_STR("error", rd_kafka_err2str(code)));
	f->owner.revoked(f->owner.owner, is_lost);
	log_info(is_lost ? "partitions lost" : "partitions given back",
		 L_INT("partitions", list->cnt));
	rd_kafka_assign(rk, NULL);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct feed *f = opaque;

	kafka_log_error(rk, code, reason);
	if (code == RD_KAFKA_RESP_ERR__FATAL)
		f->is_fenced = 1;
}

static rd_kafka_conf_t *configuration(const struct options *o, struct err *err)
{
	static const char *const fixed[] = {"group.id",
					    "enable.auto.commit",
					    "enable.auto.offset.store",
					    "auto.offset.reset",
					    "partition.assignment.strategy",
					    "session.timeout.ms",
					    "isolation.level",
					    NULL};
	char session[24], heartbeat[24];
	const struct kafka_property role[] = {{"group.id", o->group},
					      {"enable.auto.commit", "false"},
					      {"enable.auto.offset.store", "false"},
					      {"auto.offset.reset", "earliest"},
					      {"partition.assignment.strategy", "range"},
					      {"check.crcs", "true"},
					      {"session.timeout.ms", session},
					      {"heartbeat.interval.ms", heartbeat},
					      {"fetch.wait.max.ms", "100"},
					      {"queued.max.messages.kbytes", "8192"},
					      {NULL, NULL}};

	snprintf(session, sizeof session, "%" PRId64, o->session_timeout_ms);
	snprintf(heartbeat, sizeof heartbeat, "%" PRId64,
		 o->session_timeout_ms < 9000 ? o->session_timeout_ms / 3 : 3000);
	return kafka_conf_new(o->brokers, role, fixed, &o->kafka, err);
}

struct feed *feed_new(const struct options *o, struct feed_owner owner, struct err *err)
{
	rd_kafka_conf_t *conf = configuration(o, err);
	struct feed *f;
	char text[512];

	if (!conf)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->options = o;
	f->owner = owner;
	rd_kafka_conf_set_opaque(conf, f);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_error_cb(conf, on_error);
	f->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
	if (!f->rk) {
		rd_kafka_conf_destroy(conf);
		err_set(err, ERR_FATAL, "the Kafka consumer cannot be made: %s", text);
		free(f);
		return NULL;
	}
	rd_kafka_poll_set_consumer(f->rk);
	return f;
}

void feed_close(struct feed *f)
{
	rd_kafka_consumer_close(f->rk);
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	rd_kafka_destroy(f->rk);
	free(f);
}

int feed_is_fenced(const struct feed *f)
{
	return f->is_fenced;
}

static int topic_exists(struct feed *f)
{
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_topic_t *topic = rd_kafka_topic_new(f->rk, f->options->topic, NULL);
	int n = 0;

	if (topic && !rd_kafka_metadata(f->rk, 0, topic, &md, ASK_MS) && md->topic_cnt == 1 &&
	    !md->topics[0].err)
		n = md->topics[0].partition_cnt;
	if (md)
		rd_kafka_metadata_destroy(md);
	if (topic)
		rd_kafka_topic_destroy(topic);
	return n > 0;
}

void feed_step(struct feed *f, int64_t now_ms)
{
	rd_kafka_topic_partition_list_t *topics;
	int64_t skipped;

	if (f->is_subscribed || now_ms < f->topic_due_ms)
		return;
	f->topic_due_ms = now_ms + TOPIC_MS;
	if (!topic_exists(f)) {
		if (log_due(&f->say_topic, now_ms, SAY_MS, &skipped))
			log_warn("the topic of the candles is not there yet; waiting (the producer "
				 "makes it)",
				 L_STR("topic", f->options->topic));
		return;
	}
	topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(topics, f->options->topic, RD_KAFKA_PARTITION_UA);
	f->is_subscribed = !rd_kafka_subscribe(f->rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (f->is_subscribed)
		log_info("subscribed", L_STR("topic", f->options->topic),
			 L_STR("group", f->options->group));
}

/* ---------------------------------------------------------------- messages */

static void read_bar(const struct message *m, struct feed_item *out)
{
	const struct candle *c = &m->candle;

	memcpy(out->symbol, c->symbol, sizeof out->symbol);
	out->interval = c->interval;
	out->in = (struct window_input){
		.bar = {.timestamp_ms = c->timestamp_ms,
			.open = strtod(c->open, NULL),
			.high = strtod(c->high, NULL),
			.low = strtod(c->low, NULL),
			.close = strtod(c->close, NULL),
			.volume = strtod(c->volume, NULL),
			.quote_volume = strtod(c->quote_volume, NULL),
			.revision = c->revision,
			.fetched_ms = m->fetched_at_ms,
			.as_of_ms = m->fetched_at_ms},
		.covers_from_ms = m->covers_from_ms,
		.covers_to_ms = m->covers_to_ms,
	};
}

static int refuse(struct feed *f, const rd_kafka_message_t *k, const struct err *why)
{
	int64_t skipped;

	if (log_due(&f->say_bad, clock_boot_ms(), SAY_BAD_MS, &skipped))
		log_warn("a message is not a candle; it is passed over", L_STR("error", why->text),
			 L_INT("partition", k->partition), L_INT("offset", k->offset),
			 L_INT("suppressed", skipped));
	return 0;
}

static int read_message(struct feed *f, const rd_kafka_message_t *k, struct feed_item *out)
{
	struct message m;
	struct err why = {0};

	if (k->err || k->len == 0)
		return 0;
	if (message_decode(k->payload, k->len, &m, &why) != MESSAGE_OK)
		return refuse(f, k, &why);
	read_bar(&m, out);
	return 1;
}

int feed_poll(struct feed *f, int wait_ms, struct feed_item *out)
{
	rd_kafka_message_t *k = rd_kafka_consumer_poll(f->rk, wait_ms);
	int got = 0;

	if (!k)
		return 0;
	if (!k->err) {
		out->partition = k->partition;
		out->offset = k->offset;
		got = read_message(f, k, out);
	}
	rd_kafka_message_destroy(k);
	return got;
}

void feed_commit(struct feed *f, const struct feed_place *places, size_t n, int is_last)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n + 1);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, f->options->topic, places[i].partition)
			->offset = places[i].next;
	code = n ? rd_kafka_commit(f->rk, list, !is_last) : RD_KAFKA_RESP_ERR_NO_ERROR;
	if (code)
		log_debug("offsets not committed; the next commit covers them",
			  L_STR("error", rd_kafka_err2str(code)));
	rd_kafka_topic_partition_list_destroy(list);
}
