/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_ensure.h"
#include "message.h"
#include "store.h"

enum { ASK_MS = 100, SAY_MS = 10000, DRAIN_MS = 5, FULL_WAIT_MS = 20, GIVE_UP_MS = 2000 };

struct output {
	const struct options *options;
	rd_kafka_t *rk;
	struct store *store; /* NULL: into the topic only */
	struct indicator_message message;
	struct buf text;
	int64_t *outstanding;   /* of the series */
	int64_t unacknowledged; /* by the topic */
	int64_t sent_as[RESULT_UNAVAILABLE + 1];
	int is_broken;
	int has_topic;
	int64_t topic_due_ms;
	struct log_throttle say, say_topic;
};

/* ---------------------------------------------------------------- the topic */

static void report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct output *o = opaque;
	int64_t *outstanding = message->_private;

	(void)rk;
	o->unacknowledged--;
	--*outstanding;
	if (!message->err)
		return;
	o->is_broken = 1;
	if (message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
	    message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
		return;
	LOG_EVERY(&o->say, clock_boot_ms(), SAY_MS, LOG_WARN,
		  "an indicator was not delivered to Kafka",
		  L_STR("error", rd_kafka_err2str(message->err)));
}

static int open_handle(struct output *o, struct err *err)
{
	static const struct kafka_property role[] = {{"enable.idempotence", "true"},
						     {"linger.ms", "5"},
						     {"compression.type", "lz4"},
						     {"message.timeout.ms", "0"},
						     {"queue.buffering.max.messages", "200000"},
						     {"allow.auto.create.topics", "false"},
						     {NULL, NULL}};
	static const char *const fixed[] = {"enable.idempotence",
					    "acks",
					    "request.required.acks",
					    "partitioner",
					    "allow.auto.create.topics",
					    "enable.gapless.guarantee",
					    NULL};
	rd_kafka_conf_t *conf =
		kafka_conf_new(o->options->brokers, role, fixed, &o->options->kafka, err);

	if (!conf)
		return -1;
	rd_kafka_conf_set_opaque(conf, o);
	rd_kafka_conf_set_dr_msg_cb(conf, report);
	rd_kafka_conf_set_error_cb(conf, kafka_on_error);
	o->rk = kafka_client_new(RD_KAFKA_PRODUCER, conf, "producer", err);
	return o->rk ? 0 : -1;
}

static void close_handle(struct output *o)
{
	if (!o->rk)
		return;
	rd_kafka_purge(o->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(o->rk, GIVE_UP_MS); /* every report, so that no counter is left behind */
	rd_kafka_destroy(o->rk);
	o->rk = NULL;
}

int output_has_topic(struct output *o, int64_t now_ms, struct err *err)
{
	const struct kafka_new_topic want = {.name = o->options->output_topic,
					     .partitions = o->options->partitions,
					     .replication = o->options->replication,
					     .retention_ms = o->options->retention_ms};
	int partitions;

	if (o->has_topic || now_ms < o->topic_due_ms)
		return o->has_topic;
	o->topic_due_ms = now_ms + ASK_MS;
	o->has_topic = kafka_topic_ensure(o->rk, &want, &partitions, err) == 0;
	if (!o->has_topic && err->class == ERR_FATAL)
		return -1;
	if (!o->has_topic)
		LOG_EVERY(&o->say_topic, now_ms, SAY_MS, LOG_INFO, "waiting for Kafka",
			  L_STR("error", err->text));
	return o->has_topic;
}

void output_doubt_topic(struct output *o)
{
	o->has_topic = 0;
}

static rd_kafka_resp_err_t produce(struct output *o)
{
	return rd_kafka_producev(o->rk, RD_KAFKA_V_TOPIC(o->options->output_topic),
				 RD_KAFKA_V_KEY(o->message.symbol, strlen(o->message.symbol)),
				 RD_KAFKA_V_VALUE(o->text.data, o->text.len),
				 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
				 RD_KAFKA_V_OPAQUE(o->outstanding), RD_KAFKA_V_END);
}

static void publish(struct output *o)
{
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__BAD_MSG;

	if (o->is_broken)
		return;
	buf_clear(&o->text);
	if (indicator_encode(&o->message, &o->text) == 0) {
		while ((code = produce(o)) == RD_KAFKA_RESP_ERR__QUEUE_FULL && !stop_requested())
			rd_kafka_poll(o->rk, FULL_WAIT_MS);
	}
	if (code) {
		o->is_broken = 1;
		LOG_EVERY(&o->say, clock_boot_ms(), SAY_MS, LOG_WARN,
			  "an indicator could not be published",
			  L_STR("error", rd_kafka_err2str(code)));
		return;
	}
	++*o->outstanding;
	o->unacknowledged++;
	o->sent_as[o->message.result.state]++;
	FAULT("after_send");
}

/* ---------------------------------------------------------------- both */

struct output *output_new(const struct options *options, struct err *err)
{
	struct output *o = xcalloc(1, sizeof *o);
	int is_open;

	o->options = options;
	o->message.source = options->source;
	buf_init(&o->text, INDICATOR_MAX_BYTES);
	is_open = open_handle(o, err) == 0;
	if (is_open && options->store)
		o->store = store_new(options->database, options->topic, err);
	if (is_open && (o->store || !options->store))
		return o;
	output_free(o, 0);
	return NULL;
}

int output_free(struct output *o, int wait_ms)
{
	if (!o)
		return 1;
	close_handle(o);
	if (!store_free(o->store, wait_ms))
		return 0;
	buf_release(&o->text);
	free(o);
	return 1;
}

void output_begin(struct output *o, const char *symbol, const struct interval *interval,
		  int64_t *outstanding)
{
	o->message.symbol = symbol;
	o->message.interval = interval;
	o->outstanding = outstanding;
}

void output_value(void *output, const struct bar *bar, const struct indicator *in,
		  const struct result *r)
{
	struct output *o = output;

	o->message.timestamp_ms = bar->timestamp_ms;
	o->message.indicator = in;
	o->message.result = *r;
	publish(o);
	if (o->store)
		store_add(o->store, &o->message, o->outstanding);
}

void output_moved(struct output *o, const struct consumer_place *places, size_t n)
{
	if (o->store)
		store_moved(o->store, places, n);
}

void output_step(struct output *o, int wait_ms)
{
	rd_kafka_poll(o->rk, wait_ms);
	if (o->store)
		store_step(o->store);
}

int64_t output_outstanding(const struct output *o)
{
	return o->unacknowledged + (o->store ? store_outstanding(o->store) : 0);
}

const char *output_broken(const struct output *o)
{
	if (o->is_broken)
		return "an indicator was not delivered to Kafka";
	return o->store && store_is_lost(o->store) ? "the database did not store what it was given"
						   : NULL;
}

void output_drain(struct output *o, int64_t budget_ms)
{
	int64_t until = clock_boot_ms() + budget_ms;

	while (o->unacknowledged > 0 && !o->is_broken && clock_boot_ms() < until)
		rd_kafka_poll(o->rk, DRAIN_MS);
}

int output_reset(struct output *o, struct err *err)
{
	int rc = 0;

	if (o->unacknowledged > 0 || o->is_broken) {
		close_handle(o);
		o->unacknowledged = 0;
		o->is_broken = 0;
		rc = open_handle(o, err);
	}
	if (o->store)
		store_forget(o->store);
	return rc;
}

int64_t output_sent_as(const struct output *o, enum result_state state)
{
	return o->sent_as[state];
}

int64_t output_sent(const struct output *o)
{
	int64_t n = 0;

	for (enum result_state state = RESULT_FINAL; state <= RESULT_UNAVAILABLE; state++)
		n += o->sent_as[state];
	return n;
}

int output_fails(const struct output *o)
{
	return o->store && store_fails(o->store);
}
