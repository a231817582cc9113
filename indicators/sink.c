/* SPDX-License-Identifier: MIT */
#include "sink.h"

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

enum { SAY_MS = 10000, FULL_WAIT_MS = 20, GIVE_UP_MS = 2000 };

struct sink {
	const struct options *options;
	rd_kafka_t *rk;
	struct buf value;
	int64_t outstanding, sent, sent_as[RESULT_UNAVAILABLE + 1];
	int is_broken;
	struct log_throttle say;
};

static void report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct sink *s = opaque;
	int64_t *outstanding = message->_private;

	(void)rk;
	s->outstanding--;
	--*outstanding;
	if (!message->err)
		return;
	s->is_broken = 1;
	if (message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
	    message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
		return;
	LOG_EVERY(&s->say, clock_boot_ms(), SAY_MS, LOG_WARN,
		  "an indicator was not delivered to Kafka",
		  L_STR("error", rd_kafka_err2str(message->err)));
}

static int open_handle(struct sink *s, struct err *err)
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
		kafka_conf_new(s->options->brokers, role, fixed, &s->options->kafka, err);

	if (!conf)
		return -1;
	rd_kafka_conf_set_opaque(conf, s);
	rd_kafka_conf_set_dr_msg_cb(conf, report);
	rd_kafka_conf_set_error_cb(conf, kafka_on_error);
	s->rk = kafka_client_new(RD_KAFKA_PRODUCER, conf, "producer", err);
	return s->rk ? 0 : -1;
}

static void close_handle(struct sink *s)
{
	if (!s->rk)
		return;
	rd_kafka_purge(s->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(s->rk, GIVE_UP_MS); /* every report, so that no counter is left behind */
	rd_kafka_destroy(s->rk);
	s->rk = NULL;
}

struct sink *sink_new(const struct options *o, struct err *err)
{
	struct sink *s = xcalloc(1, sizeof *s);

	s->options = o;
	buf_init(&s->value, INDICATOR_MAX_BYTES);
	if (open_handle(s, err) == 0)
		return s;
	free(s);
	return NULL;
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	close_handle(s);
	buf_release(&s->value);
	free(s);
}

int sink_reset(struct sink *s, struct err *err)
{
	close_handle(s);
	s->outstanding = 0;
	s->is_broken = 0;
	return open_handle(s, err);
}

int sink_topic_ensure(struct sink *s, struct err *err)
{
	const struct options *o = s->options;
	const struct kafka_new_topic want = {.name = o->output_topic,
					     .partitions = o->partitions,
					     .replication = o->replication,
					     .retention_ms = o->retention_ms};
	int partitions;

	return kafka_topic_ensure(s->rk, &want, &partitions, err);
}

static rd_kafka_resp_err_t produce(struct sink *s, const struct indicator_message *m,
				   int64_t *outstanding)
{
	return rd_kafka_producev(s->rk, RD_KAFKA_V_TOPIC(s->options->output_topic),
				 RD_KAFKA_V_KEY(m->symbol, strlen(m->symbol)),
				 RD_KAFKA_V_VALUE(s->value.data, s->value.len),
				 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
				 RD_KAFKA_V_OPAQUE(outstanding), RD_KAFKA_V_END);
}

void sink_send(struct sink *s, const struct indicator_message *m, int64_t *outstanding)
{
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__BAD_MSG;

	if (s->is_broken)
		return;
	buf_clear(&s->value);
	if (indicator_encode(m, &s->value) == 0) {
		while ((code = produce(s, m, outstanding)) == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
		       !stop_requested())
			rd_kafka_poll(s->rk, FULL_WAIT_MS);
	}
	if (code) {
		s->is_broken = 1;
		LOG_EVERY(&s->say, clock_boot_ms(), SAY_MS, LOG_WARN,
			  "an indicator could not be published",
			  L_STR("error", rd_kafka_err2str(code)));
		return;
	}
	++*outstanding;
	s->outstanding++;
	s->sent++;
	s->sent_as[m->result.state]++;
	FAULT("after_send");
}

void sink_poll(struct sink *s, int wait_ms)
{
	rd_kafka_poll(s->rk, wait_ms);
}

int64_t sink_outstanding(const struct sink *s)
{
	return s->outstanding;
}

int64_t sink_sent(const struct sink *s)
{
	return s->sent;
}

int64_t sink_sent_as(const struct sink *s, enum result_state state)
{
	return s->sent_as[state];
}

int sink_is_broken(const struct sink *s)
{
	return s->is_broken;
}
