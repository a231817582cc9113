/* SPDX-License-Identifier: MIT */
#include "producer/kafka/group.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/kafka/consumer.h"

struct group {
	const struct options *options;
	void (*revoked)(void *opaque, int lost);
	void *opaque;
	struct consumer *consumer;
	rd_kafka_queue_t *queue; /* its, for the io event */
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

static void take_given(struct group *g)
{
	const int32_t *ids;

	g->n = consumer_given(g->consumer, &ids);
	g->partitions = xreallocarray(g->partitions, g->n + 1, sizeof *g->partitions);
	memcpy(g->partitions, ids, g->n * sizeof *ids);
	qsort(g->partitions, g->n, sizeof *g->partitions, by_number);
	consumer_accept(g->consumer);
	g->generation++;
	g->state = GROUP_ASSIGNED;
}

static void lose(struct group *g, int lost)
{
	if (g->state != GROUP_ASSIGNED)
		return;
	log_info(
		lost ? "partitions lost to the group; nothing is asked for until it gives some again"
		     : "the group assigns its partitions again",
		L_INT("partitions", g->n));
	g->revoked(g->opaque, lost);
	g->state = GROUP_NONE;
}

struct group *group_new(const struct options *options, void (*revoked)(void *opaque, int lost),
			void *opaque, struct err *err)
{
	const struct consumer_settings settings = {
		.brokers = options->brokers,
		.topic = options->topic,
		.group = options->group,
		/* Whatever the user calls his clients (for quotas): the members have to tell each
		 * other by it. */
		.client_id = options->client_id,
		.is_client_id_fixed = 1,
		.session_timeout_ms = options->session_timeout_ms,
		/* (it reads nothing) */
		.queued_messages = 1,
		.fetch_bytes = 1000000,
		.partition_fetch_bytes = 1000000,
		.user = &options->kafka,
		.instance_id = "",
	};
	struct consumer *consumer = consumer_new(&settings, CONSUMER_MEMBER, err);
	struct group *g;

	if (!consumer)
		return NULL;
	g = xcalloc(1, sizeof *g);
	*g = (struct group){
		.options = options, .revoked = revoked, .opaque = opaque, .consumer = consumer};
	g->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	g->queue = rd_kafka_queue_get_consumer(consumer_handle(consumer));
	rd_kafka_queue_io_event_enable(g->queue, g->fd, &(uint64_t){1}, sizeof(uint64_t));
	return g;
}

void group_free(struct group *g)
{
	if (!g)
		return;
	lose(g, consumer_has_lost_group(g->consumer));
	consumer_close(g->consumer);
	rd_kafka_queue_destroy(g->queue);
	consumer_free(g->consumer);
	close(g->fd);
	free(g->partitions);
	free(g);
}

int group_join(struct group *g, struct err *err)
{
	return consumer_subscribe(g->consumer, err);
}

enum group_state group_poll(struct group *g)
{
	const rd_kafka_message_t *m;
	enum consumer_news news;
	uint64_t drained;

	if (read(g->fd, &drained, sizeof drained) < 0)
		drained = 0; /* nothing to drain */
	while ((news = consumer_poll(g->consumer, 0, &m)) != CONSUMER_NOTHING) {
		if (news == CONSUMER_REPLACED)
			return g->state = GROUP_FENCED;
		if (news == CONSUMER_ASSIGNED)
			take_given(g);
		if (news == CONSUMER_REVOKED || news == CONSUMER_LOST) {
			lose(g, news == CONSUMER_LOST);
			consumer_give_back(g->consumer);
		}
	}
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
	return consumer_topic_partitions(g->consumer, NULL);
}
