/* SPDX-License-Identifier: MIT */
#include "producer/kafka/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/kafka.h"
#include "common/log.h"
#include "producer/series/series.h"

enum {
	RECREATED_MAX = 3, /* within RECREATED_WINDOW_MS: a person should look */
	RECREATED_WINDOW_MS = 10 * 60 * 1000,
	GIVE_UP_MS = 2000
};

struct publisher {
	const struct options *options;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue; /* the main queue, for its io event */
	int fd;
	int64_t outstanding;
	struct publisher_stats stats;
	struct buf value;
	int64_t recreated_ms[RECREATED_MAX];
	struct log_throttle failures;
};

/* What a message's report is about. */
struct ticket {
	struct series *series;
	int64_t timestamp_ms, covers_from_ms, covers_to_ms;
};

static void report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct publisher *p = opaque;
	struct ticket *t = message->_private;
	int64_t skipped;

	(void)rk;
	FAULT("after_delivery");
	p->outstanding--;
	if (message->err) {
		p->stats.failed++;
		series_failed(t->series, t->timestamp_ms, t->covers_from_ms, t->covers_to_ms);
		if (log_due(&p->failures, clock_boot_ms(), 10000, &skipped))
			log_warn("not delivered to Kafka; what it covered will be fetched again",
				 L_SERIES(t->series), L_TIME("timestamp", t->timestamp_ms),
				 L_STR("error", rd_kafka_err2str(message->err)),
				 L_INT("suppressed", skipped));
	} else {
		p->stats.delivered++;
		series_delivered(t->series, t->covers_from_ms, t->covers_to_ms);
	}
	free(t);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	(void)opaque;
	kafka_log_error(rk, code, reason);
}

static int open_handle(struct publisher *p, struct err *err)
{
	char queue_messages[24];
	const struct kafka_property role[] = {{"enable.idempotence", "true"},
					      {"linger.ms", "20"},
					      {"compression.type", "lz4"},
					      {"queue.buffering.max.messages", queue_messages},
					      {"allow.auto.create.topics", "false"},
					      {NULL, NULL}};
	static const char *const fixed[] = {
		"enable.idempotence",           "acks",
		"request.required.acks",        "partitioner",
		"allow.auto.create.topics",     "enable.gapless.guarantee",
		"queue.buffering.max.messages", NULL};
	rd_kafka_conf_t *conf;
	char text[256];

	snprintf(queue_messages, sizeof queue_messages, "%lld",
		 (long long)p->options->queue_messages);
	conf = kafka_conf_new(p->options->brokers, role, fixed, &p->options->kafka, err);
	if (!conf)
		return -1;
	rd_kafka_conf_set_opaque(conf, p);
	rd_kafka_conf_set_dr_msg_cb(conf, report);
	rd_kafka_conf_set_error_cb(conf, on_error);
	p->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (!p->rk) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, ERR_FATAL, "the Kafka producer cannot be made: %s", text);
	}
	p->queue = rd_kafka_queue_get_main(p->rk);
	rd_kafka_queue_io_event_enable(p->queue, p->fd, &(uint64_t){1}, sizeof(uint64_t));
	return 0;
}

static void close_handle(struct publisher *p)
{
	if (!p->rk)
		return;
	rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(p->rk, GIVE_UP_MS); /* every report, so that no ticket stays */
	rd_kafka_queue_destroy(p->queue);
	rd_kafka_destroy(p->rk);
	p->rk = NULL;
	p->queue = NULL;
}

struct publisher *publisher_new(const struct options *options, struct err *err)
{
	struct publisher *p = xcalloc(1, sizeof *p);

	p->options = options;
	buf_init(&p->value, MESSAGE_MAX_BYTES);
	p->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (p->fd < 0) {
		err_set(err, ERR_FATAL,
			"no file descriptor for an eventfd: raise the limit of open files");
	} else if (open_handle(p, err) == 0) {
		return p;
	}
	publisher_free(p);
	return NULL;
}

void publisher_free(struct publisher *p)
{
	if (!p)
		return;
	close_handle(p);
	if (p->fd >= 0)
		close(p->fd);
	buf_release(&p->value);
	free(p);
}

int64_t publisher_outstanding(const struct publisher *p)
{
	return p->outstanding;
}

int64_t publisher_room(const struct publisher *p)
{
	return p->options->queue_messages - p->outstanding;
}

int publisher_fd(const struct publisher *p)
{
	return p->fd;
}

rd_kafka_t *publisher_handle(struct publisher *p)
{
	return p->rk;
}

struct publisher_stats publisher_stats(const struct publisher *p)
{
	return p->stats;
}

static rd_kafka_resp_err_t send_value(struct publisher *p, const struct publication *pub,
				      struct ticket *ticket)
{
	return rd_kafka_producev(p->rk, RD_KAFKA_V_TOPIC(p->options->topic),
				 RD_KAFKA_V_KEY(pub->candle.symbol, strlen(pub->candle.symbol)),
				 RD_KAFKA_V_VALUE(p->value.data, p->value.len),
				 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
				 RD_KAFKA_V_OPAQUE(ticket), RD_KAFKA_V_END);
}

void publisher_send(struct publisher *p, struct series *s, const struct publication *pub,
		    int64_t fetched_at_ms)
{
	struct message m = {.candle = pub->candle,
			    .covers_from_ms = pub->covers_from_ms,
			    .covers_to_ms = pub->covers_to_ms,
			    .fetched_at_ms = fetched_at_ms,
			    .origin = pub->origin};
	struct ticket *ticket = xmalloc(sizeof *ticket);
	struct err err = {0};
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__BAD_MSG;

	snprintf(m.source, sizeof m.source, "%s", p->options->source);
	*ticket = (struct ticket){s, pub->candle.timestamp_ms, pub->covers_from_ms,
				  pub->covers_to_ms};
	buf_clear(&p->value);
	if (message_validate(&m, &err) == 0 && message_encode(&m, &p->value) == 0)
		code = send_value(p, pub, ticket);
	if (code) {
		p->stats.failed++;
		log_error("a candle could not be published; its interval stays a gap", L_SERIES(s),
			  L_TIME("timestamp", pub->candle.timestamp_ms),
			  L_STR("error", err.text[0] ? err.text : rd_kafka_err2str(code)));
		series_failed(s, pub->candle.timestamp_ms, pub->covers_from_ms, pub->covers_to_ms);
		free(ticket);
		return;
	}
	p->outstanding++;
	p->stats.sent++;
}

/* After a fatal error: a new handle; everything outstanding has been reported as failed. */
static int recreate(struct publisher *p, struct err *err)
{
	char text[256];
	rd_kafka_resp_err_t code = rd_kafka_fatal_error(p->rk, text, sizeof text);
	int64_t now = clock_boot_ms(), *slot = &p->recreated_ms[p->stats.recreated % RECREATED_MAX];

	log_warn("the idempotent producer failed and is recreated",
		 L_STR("error", rd_kafka_err2name(code)), L_STR("error", text));
	if (*slot && now - *slot < RECREATED_WINDOW_MS)
		return err_set(
			err, ERR_FATAL,
			"the idempotent producer failed more than %d times in %d minutes: %s",
			RECREATED_MAX, RECREATED_WINDOW_MS / 60000, text);
	*slot = now;
	p->stats.recreated++;
	close_handle(p);
	return open_handle(p, err);
}

int publisher_poll(struct publisher *p, struct err *err)
{
	uint64_t drained;

	if (read(p->fd, &drained, sizeof drained) < 0)
		drained = 0; /* nothing to drain */
	rd_kafka_poll(p->rk, 0);
	if (rd_kafka_fatal_error(p->rk, NULL, 0))
		return recreate(p, err);
	return 0;
}

int64_t publisher_drain(struct publisher *p, int64_t deadline_ms)
{
	rd_kafka_flush(p->rk, (int)deadline_ms);
	return p->outstanding;
}
