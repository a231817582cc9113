/* SPDX-License-Identifier: MIT */
#include "producer/kafka/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_topic.h"
#include "producer/kafka/room.h"
#include "producer/series/series.h"

enum {
	RECREATED_MAX = 3, /* within RECREATED_WINDOW_MS: a person should look */
	RECREATED_WINDOW_MS = 10 * 60 * 1000,
	GIVE_UP_MS = 2000,
	SAY_MS = 10000,
	REFUSED_FIRST_MS = 2000, /* of the topic as a whole */
	REFUSED_MAX_MS = 60000,
	SAY_REFUSED_MS = 600000
};

struct publisher {
	const struct options *options;
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;
	rd_kafka_queue_t *queue; /* the main queue, for its io event */
	int fd;
	struct room *room;
	int64_t served_boot_ms; /* when the reports began that are served */
	struct publisher_stats stats;
	struct message message; /* the last one that was sent */
	struct buf value;
	int64_t recreated_ms[RECREATED_MAX];
	int is_refused; /* by the topic as a whole, since the last delivery */
	struct backoff refused_pause;
	int64_t refused_boot_ms; /* nothing is fetched before */
	int topic_read_again;    /* since then */
	struct log_throttle failures, full, refused, unpublished;
};

/* What a message's report is about. */
struct ticket {
	struct series *series;
	int32_t partition;
	int64_t timestamp_ms, covers_from_ms, covers_to_ms;
};

void publisher_partitions(struct publisher *p, int32_t n)
{
	room_partitions(p->room, n);
}

/* partition: one of those that do not take any. */
static void full_say(struct publisher *p, int32_t partition, int64_t boot_ms)
{
	LOG_EVERY(
		&p->full, boot_ms, SAY_MS, LOG_WARN,
		"Kafka does not take the messages as fast as they come, or is away; not fetching more",
		L_INT("waiting_messages", room_outstanding(p->room)),
		L_INT("partition", partition));
}

static void stalled_say(struct publisher *p)
{
	int64_t boot = clock_boot_ms();

	for (int32_t i = 0; (i = room_stalled(p->room, i, boot)) >= 0; i++)
		full_say(p, i, boot);
}

int publisher_has_room(struct publisher *p, int64_t messages)
{
	if (room_left(p->room) >= messages)
		return 1;
	full_say(p, room_fullest(p->room), clock_boot_ms());
	return 0;
}

int publisher_takes(const struct publisher *p, const char *symbol, int64_t boot_ms)
{
	return room_takes(p->room, symbol, boot_ms);
}

/* Errors of the topic and of us, whatever the partition. */
static int is_refusal(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
	case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
		return 1;
	default:
		return 0;
	}
}

static void refused(struct publisher *p, rd_kafka_resp_err_t code)
{
	int64_t boot = clock_boot_ms();

	/* Those that were sent together make one pause. */
	if (!p->is_refused || boot >= p->refused_boot_ms)
		p->refused_boot_ms = boot + backoff_next_ms(&p->refused_pause, backoff_random());
	p->is_refused = 1;
	p->topic_read_again = 0;
	LOG_EVERY(
		&p->refused, boot, SAY_REFUSED_MS, LOG_ERROR,
		"Kafka refuses what is published; nothing is fetched but a page now and then, to try",
		L_STR("topic", p->options->topic), L_STR("error", rd_kafka_err2str(code)));
}

static void refusal_ended(struct publisher *p)
{
	if (!p->is_refused)
		return;
	p->is_refused = 0;
	backoff_reset(&p->refused_pause);
	p->refused = (struct log_throttle){0};
	log_info("Kafka takes what is published again", L_STR("topic", p->options->topic));
}

/* librdkafka refuses by itself what a broker has refused, until it reads of the topic again; that
 * is at the end of the pause, and not some time in the next minute. */
static void topic_read_again(struct publisher *p)
{
	struct err err;

	if (!p->is_refused || p->topic_read_again || clock_boot_ms() < p->refused_boot_ms)
		return;
	p->topic_read_again = 1;
	if (kafka_partition_count(p->rk, p->options->topic, &err) < 0)
		log_debug("the topic cannot be read", L_STR("error", err.text));
}

int64_t publisher_pages(const struct publisher *p, int64_t boot_ms)
{
	if (!p->is_refused)
		return INT64_MAX;
	return boot_ms >= p->refused_boot_ms && p->topic_read_again &&
	       room_outstanding(p->room) == 0;
}

/* What goes together in a request counts as one message to the broker. */
static const char *failure(rd_kafka_resp_err_t code)
{
	if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		return "Broker: Message size too large (raise max.message.bytes of the topic, or "
		       "let less go together: -X batch.size=...)";
	return rd_kafka_err2str(code);
}

/* level, said: for what fails by itself, and not with the topic as a whole. */
static void failed(struct publisher *p, const struct ticket *t, rd_kafka_resp_err_t code,
		   struct log_throttle *throttle, enum log_level level, const char *said,
		   const char *cause)
{
	p->stats.failed++;
	series_failed(t->series, t->timestamp_ms, t->covers_from_ms, t->covers_to_ms);
	if (is_refusal(code))
		refused(p, code);
	else
		LOG_EVERY(throttle, clock_boot_ms(), SAY_MS, level, said, L_SERIES(t->series),
			  L_TIME("timestamp", t->timestamp_ms), L_STR("error", cause));
}

static void report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct publisher *p = opaque;
	struct ticket *t = message->_private;
	(void)rk;
	FAULT("after_delivery");
	room_reported(p->room, t->partition, message->err != 0, p->served_boot_ms);
	if (message->err) {
		failed(p, t, message->err, &p->failures,
		       kafka_error_class(message->err) == ERR_FATAL ? LOG_ERROR : LOG_WARN,
		       "not delivered to Kafka; what it covered will be fetched again",
		       failure(message->err));
	} else {
		p->stats.delivered++;
		refusal_ended(p);
		series_delivered(t->series, t->covers_from_ms, t->covers_to_ms);
	}
	free(t);
}

static int on_stats(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
	struct publisher *p = opaque;

	(void)rk;
	if (kafka_stats_read(json, len, &p->stats.kafka))
		log_debug("the Kafka client's statistics cannot be read");
	return 0;
}

static int open_handle(struct publisher *p, struct err *err)
{
	char queue_messages[24];
	const struct kafka_property role[] = {{"enable.idempotence", "true"},
					      {"linger.ms", "20"},
					      {"statistics.interval.ms", KAFKA_STATS_MS},
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

	snprintf(queue_messages, sizeof queue_messages, "%lld",
		 (long long)p->options->queue_messages);
	conf = kafka_conf_new(p->options->brokers, role, fixed, &p->options->kafka, err);
	if (!conf)
		return -1;
	rd_kafka_conf_set_opaque(conf, p);
	rd_kafka_conf_set_dr_msg_cb(conf, report);
	rd_kafka_conf_set_error_cb(conf, kafka_on_error);
	rd_kafka_conf_set_stats_cb(conf, on_stats);
	p->rk = kafka_client_new(RD_KAFKA_PRODUCER, conf, "producer", err);
	if (!p->rk)
		return -1;
	p->queue = rd_kafka_queue_get_main(p->rk);
	rd_kafka_queue_io_event_enable(p->queue, p->fd, &(uint64_t){1}, sizeof(uint64_t));
	p->topic = rd_kafka_topic_new(p->rk, p->options->topic, NULL);
	if (!p->topic)
		return err_set(err, ERR_FATAL, "Kafka's client refuses the topic %s: %s",
			       p->options->topic, rd_kafka_err2str(rd_kafka_last_error()));
	return 0;
}

static void close_handle(struct publisher *p)
{
	if (!p->rk)
		return;
	rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	publisher_drain(p, GIVE_UP_MS); /* every report, so that no ticket stays */
	rd_kafka_queue_destroy(p->queue);
	if (p->topic)
		rd_kafka_topic_destroy(p->topic);
	rd_kafka_destroy(p->rk);
	p->rk = NULL;
	p->topic = NULL;
	p->queue = NULL;
}

struct publisher *publisher_new(const struct options *options, struct err *err)
{
	struct publisher *p = xcalloc(1, sizeof *p);

	p->options = options;
	backoff_init(&p->refused_pause, REFUSED_FIRST_MS, REFUSED_MAX_MS);
	p->room = room_new(options->queue_messages);
	buf_init(&p->value, MESSAGE_MAX_BYTES);
	snprintf(p->message.source, sizeof p->message.source, "%s", options->source);
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
	room_free(p->room);
	free(p);
}

int64_t publisher_outstanding(const struct publisher *p)
{
	return room_outstanding(p->room);
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

void publisher_send(struct publisher *p, struct series *s, const struct publication *pub,
		    int64_t fetched_at_ms)
{
	struct message *m = &p->message;
	struct ticket *ticket = xmalloc(sizeof *ticket);
	struct err err = {0};
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__BAD_MSG;

	m->candle = pub->candle;
	m->covers_from_ms = pub->covers_from_ms;
	m->covers_to_ms = pub->covers_to_ms;
	m->fetched_at_ms = fetched_at_ms;
	m->origin = pub->origin;
	*ticket = (struct ticket){s, room_partition_of(p->room, pub->candle.symbol),
				  pub->candle.timestamp_ms, pub->covers_from_ms, pub->covers_to_ms};
	buf_clear(&p->value);
	if (message_validate(m, &err) == 0 && message_encode(m, &p->value) == 0)
		code = rd_kafka_produce(p->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
					p->value.data, p->value.len, m->candle.symbol,
					strlen(m->candle.symbol), ticket)
			       ? rd_kafka_last_error()
			       : RD_KAFKA_RESP_ERR_NO_ERROR;
	if (code) {
		failed(p, ticket, code, &p->unpublished, LOG_ERROR,
		       "a candle could not be published; its interval stays a gap",
		       err.text[0] ? err.text : rd_kafka_err2str(code));
		free(ticket);
		return;
	}
	room_sent(p->room, ticket->partition, clock_boot_ms());
	p->stats.sent++;
}

/* After a fatal error: a new handle; everything outstanding has been reported as failed. */
static int recreate(struct publisher *p, struct err *err)
{
	char text[256];
	rd_kafka_resp_err_t code = rd_kafka_fatal_error(p->rk, text, sizeof text);
	int64_t now = clock_boot_ms(), *slot = &p->recreated_ms[p->stats.recreated % RECREATED_MAX];

	log_warn("the idempotent producer failed and is recreated",
		 L_STR("code", rd_kafka_err2name(code)), L_STR("error", text));
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
	eventfd_t drained;

	eventfd_read(p->fd, &drained);
	p->served_boot_ms = clock_boot_ms();
	rd_kafka_poll(p->rk, 0);
	stalled_say(p);
	topic_read_again(p);
	if (rd_kafka_fatal_error(p->rk, NULL, 0))
		return recreate(p, err);
	return 0;
}

int64_t publisher_drain(struct publisher *p, int64_t deadline_ms)
{
	p->served_boot_ms = clock_boot_ms();
	rd_kafka_flush(p->rk, (int)deadline_ms);
	return room_outstanding(p->room);
}
