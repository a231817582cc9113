/* SPDX-License-Identifier: MIT */
#include "producer/kafka/group.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_topic.h"

struct group {
	const struct options *options;
	void (*revoked)(void *opaque, int lost);
	void *opaque;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue; /* the consumer's, for its io event */
	int fd;
	enum group_state state;
	int64_t generation;
	int32_t *partitions;
	size_t n;
};

static int by_number(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static void on_assign(struct group *g, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	g->n = (size_t)list->cnt;
	g->partitions = xreallocarray(g->partitions, g->n + 1, sizeof *g->partitions);
	for (int i = 0; i < list->cnt; i++) {
		g->partitions[i] = list->elems[i].partition;
		list->elems[i].offset = RD_KAFKA_OFFSET_END;
	}
	qsort(g->partitions, g->n, sizeof *g->partitions, by_number);
	rd_kafka_assign(rk, list);
	rd_kafka_pause_partitions(rk, list);
	g->generation++;
	g->state = GROUP_ASSIGNED;
}

static void on_revoke(struct group *g, rd_kafka_t *rk)
{
	int lost = rd_kafka_assignment_lost(rk);

	if (g->state == GROUP_ASSIGNED) {
		log_info(
			lost ? "partitions lost to the group; nothing is asked for until it gives some again"
			     : "the group assigns its partitions again",
			L_INT("partitions", g->n));
		g->revoked(g->opaque, lost);
		g->state = GROUP_NONE;
	}
	rd_kafka_assign(rk, NULL);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
			 rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct group *g = opaque;

	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		on_assign(g, rk, list);
		return;
	}
	if (err != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
		log_warn("the group could not agree", L_STR("error", rd_kafka_err2str(err)));
	on_revoke(g, rk);
}

struct group *group_new(const struct options *options, void (*revoked)(void *opaque, int lost),
			void *opaque, struct err *err)
{
	char session[24];
	const struct kafka_property role[] = {
		{"group.id", options->group},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"auto.offset.reset", "latest"},
		{"partition.assignment.strategy", "range"},
		{"session.timeout.ms", session},
		{"allow.auto.create.topics", "false"},
		{NULL, NULL},
	};
	static const char *const fixed[] = {"group.id",           "group.instance.id",
					    "enable.auto.commit", "enable.auto.offset.store",
					    "auto.offset.reset",  "partition.assignment.strategy",
					    "session.timeout.ms", NULL};
	struct group *g = xcalloc(1, sizeof *g);
	rd_kafka_conf_t *conf;

	g->options = options;
	g->revoked = revoked;
	g->opaque = opaque;
	g->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	snprintf(session, sizeof session, "%" PRId64, options->session_timeout_ms);
	conf = kafka_conf_new(options->brokers, role, fixed, &options->kafka, err);
	if (!conf)
		goto failed;
	/* Whatever the user calls his clients (for quotas): the members have to tell each other by
	 * it. */
	rd_kafka_conf_set(conf, "client.id", options->client_id, NULL, 0);
	rd_kafka_conf_set_opaque(conf, g);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_error_cb(conf, kafka_on_error);
	g->rk = kafka_client_new(RD_KAFKA_CONSUMER, conf, "group member", err);
	if (!g->rk)
		goto failed;
	rd_kafka_poll_set_consumer(g->rk);
	g->queue = rd_kafka_queue_get_consumer(g->rk);
	rd_kafka_queue_io_event_enable(g->queue, g->fd, &(uint64_t){1}, sizeof(uint64_t));
	return g;
failed:
	group_free(g);
	return NULL;
}

void group_free(struct group *g)
{
	if (!g)
		return;
	if (g->rk) {
		rd_kafka_consumer_close(g->rk);
		rd_kafka_queue_destroy(g->queue);
		kafka_client_free(g->rk);
	}
	if (g->fd >= 0)
		close(g->fd);
	free(g->partitions);
	free(g);
}

int group_join(struct group *g, struct err *err)
{
	rd_kafka_resp_err_t code = kafka_subscribe(g->rk, g->options->topic);

	if (code)
		return err_set(err, kafka_error_class(code), "cannot join the group %s: %s",
			       g->options->group, rd_kafka_err2str(code));
	return 0;
}

enum group_state group_poll(struct group *g)
{
	rd_kafka_message_t *m;
	uint64_t drained;

	if (read(g->fd, &drained, sizeof drained) < 0)
		drained = 0; /* nothing to drain */
	while ((m = rd_kafka_consumer_poll(g->rk, 0)) != NULL) {
		if (m->err)
			kafka_log_error(g->rk, m->err, rd_kafka_message_errstr(m));
		rd_kafka_message_destroy(m);
	}
	if (rd_kafka_fatal_error(g->rk, NULL, 0))
		g->state = GROUP_FENCED;
	return g->state;
}

int group_fd(const struct group *g)
{
	return g->fd;
}

int64_t group_generation(const struct group *g)
{
	return g->generation;
}

const int32_t *group_partitions(const struct group *g, size_t *n)
{
	*n = g->n;
	return g->partitions;
}

int group_partitions_in_all(struct group *g)
{
	return kafka_partition_count(g->rk, g->options->topic, NULL);
}
