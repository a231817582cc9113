/* SPDX-License-Identifier: MIT */
#include "ownership.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/kafka.h"
#include "common/log.h"

struct ownership {
	struct ownership_settings settings;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue; /* the consumer's, for its io event */
	int fd;
	enum ownership_state state;
	int64_t generation;
	int32_t *partitions;
	size_t n;
};

static int by_number(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static void on_assign(struct ownership *o, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	o->n = (size_t)list->cnt;
	o->partitions = xreallocarray(o->partitions, o->n + 1, sizeof *o->partitions);
	for (int i = 0; i < list->cnt; i++) {
		o->partitions[i] = list->elems[i].partition;
		list->elems[i].offset = RD_KAFKA_OFFSET_END;
	}
	qsort(o->partitions, o->n, sizeof *o->partitions, by_number);
	rd_kafka_assign(rk, list);
	rd_kafka_pause_partitions(rk, list);
	o->generation++;
	o->state = OWNERSHIP_HELD;
}

static void on_revoke(struct ownership *o, rd_kafka_t *rk)
{
	int lost = rd_kafka_assignment_lost(rk);

	if (o->state == OWNERSHIP_HELD) {
		log_info(
			lost ? "partitions lost to the group; nothing is asked for until it gives some again"
			     : "the group shares its partitions out anew",
			L_INT("partitions", o->n));
		o->settings.revoked(o->settings.opaque, lost);
		o->state = OWNERSHIP_NONE;
	}
	rd_kafka_assign(rk, NULL);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
			 rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct ownership *o = opaque;

	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		on_assign(o, rk, list);
		return;
	}
	if (err != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
		log_warn("the group could not agree", L_STR("error", rd_kafka_err2str(err)));
	on_revoke(o, rk);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct ownership *o = opaque;

	kafka_log_error(rk, code, reason);
	if (code == RD_KAFKA_RESP_ERR__FATAL)
		o->state = OWNERSHIP_FENCED;
}

struct ownership *ownership_new(const struct ownership_settings *settings, struct err *err)
{
	char session[24], heartbeat[24], text[256];
	const struct kafka_property role[] = {
		{"group.id", settings->group},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"auto.offset.reset", "latest"},
		{"partition.assignment.strategy", "range"},
		{"session.timeout.ms", session},
		{"heartbeat.interval.ms", heartbeat},
		{"topic.metadata.refresh.interval.ms", "60000"},
		{"allow.auto.create.topics", "false"},
		{NULL, NULL},
	};
	static const char *const fixed[] = {"group.id",           "group.instance.id",
					    "enable.auto.commit", "enable.auto.offset.store",
					    "auto.offset.reset",  "partition.assignment.strategy",
					    "session.timeout.ms", NULL};
	struct ownership *o = xcalloc(1, sizeof *o);
	rd_kafka_conf_t *conf;

	o->settings = *settings;
	o->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	snprintf(session, sizeof session, "%" PRId64, settings->session_timeout_ms);
	/* librdkafka's own 3 s are too long for a session as short: it would end between two
	 * heartbeats. */
	snprintf(heartbeat, sizeof heartbeat, "%" PRId64,
		 settings->session_timeout_ms < 9000 ? settings->session_timeout_ms / 3 : 3000);
	conf = kafka_conf_new(settings->brokers, role, fixed, settings->properties, err);
	if (!conf)
		goto failed;
	/* Whatever the user calls his clients (for quotas): the members have to tell each other by
	 * it. */
	rd_kafka_conf_set(conf, "client.id", settings->client_id, NULL, 0);
	rd_kafka_conf_set_opaque(conf, o);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_error_cb(conf, on_error);
	o->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
	if (!o->rk) {
		rd_kafka_conf_destroy(conf);
		err_set(err, ERR_FATAL, "the Kafka group member cannot be made: %s", text);
		goto failed;
	}
	rd_kafka_poll_set_consumer(o->rk);
	o->queue = rd_kafka_queue_get_consumer(o->rk);
	rd_kafka_queue_io_event_enable(o->queue, o->fd, &(uint64_t){1}, sizeof(uint64_t));
	return o;
failed:
	ownership_free(o);
	return NULL;
}

void ownership_free(struct ownership *o)
{
	if (!o)
		return;
	if (o->rk) {
		rd_kafka_consumer_close(o->rk);
		rd_kafka_queue_destroy(o->queue);
		rd_kafka_destroy(o->rk);
	}
	if (o->fd >= 0)
		close(o->fd);
	free(o->partitions);
	free(o);
}

int ownership_join(struct ownership *o, struct err *err)
{
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(topics, o->settings.topic, RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(o->rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (code)
		return err_set(err, kafka_error_class(code), "cannot join the group %s: %s",
			       o->settings.group, rd_kafka_err2str(code));
	return 0;
}

enum ownership_state ownership_poll(struct ownership *o)
{
	rd_kafka_message_t *m;
	uint64_t drained;

	if (read(o->fd, &drained, sizeof drained) < 0)
		drained = 0; /* nothing to drain */
	while ((m = rd_kafka_consumer_poll(o->rk, 0)) != NULL) {
		if (m->err == RD_KAFKA_RESP_ERR__FATAL)
			o->state = OWNERSHIP_FENCED;
		if (m->err)
			kafka_log_error(o->rk, m->err, rd_kafka_message_errstr(m));
		rd_kafka_message_destroy(m);
	}
	return o->state;
}

int ownership_fd(const struct ownership *o)
{
	return o->fd;
}

int64_t ownership_generation(const struct ownership *o)
{
	return o->generation;
}

const int32_t *ownership_partitions(const struct ownership *o, size_t *n)
{
	*n = o->n;
	return o->partitions;
}

int32_t ownership_partition_of(const char *symbol, int32_t n)
{
	return rd_kafka_msg_partitioner_murmur2(NULL, symbol, strlen(symbol), n, NULL, NULL);
}
