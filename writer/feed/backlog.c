/* SPDX-License-Identifier: MIT */
#include "backlog.h"

#include "common/base/least.h"
#include "topic.h"

/* Between two looks at the queue; after one that woke the client. What one fetch brings is stored
 * within 15 ms, where all of it is there already. */
enum { LOOK_MS = 2, WAKE_MS = 5 };

int64_t backlog_coming(const struct consumer *c, const struct partition *p)
{
	int64_t there =
		p->state == PARTITION_READING ? consumer_messages_from(c, p->id, p->next) : 0;

	return least(there, p->end - p->next);
}

static int64_t queued(rd_kafka_t *rk)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
	int64_t n = queue ? (int64_t)rd_kafka_queue_length(queue) : 0;

	if (queue)
		rd_kafka_queue_destroy(queue);
	return n;
}

/* More than what is queued. */
static int has_more(const struct consumer *c, const struct partitions *ps, int64_t queued)
{
	int64_t more = 0;

	for (size_t i = 0; i < partitions_count(ps); i++)
		more += backlog_coming(c, partitions_at(ps, i));
	return more > queued;
}

/* A request of any kind wakes the thread of the broker that it goes to, which then looks at the
 * queue. Its answer is of no interest, and would come only after that of the fetch before it: so it
 * is not waited for, for which librdkafka is prepared. */
int backlog_fetch(const struct consumer *c, const struct partitions *ps)
{
	int64_t waiting = queued(consumer_handle(c));
	rd_kafka_topic_partition_list_t *list;

	if (!consumer_is_slow() || waiting >= TOPIC_QUEUED || !has_more(c, ps, waiting))
		return LOOK_MS;
	list = rd_kafka_topic_partition_list_new(1);
	for (size_t i = 0; i < partitions_count(ps); i++) {
		const struct partition *p = partitions_at(ps, i);

		if (p->state == PARTITION_READING)
			rd_kafka_topic_partition_list_add(list, consumer_topic(c), p->id)->offset =
				RD_KAFKA_OFFSET_END;
	}
	rd_kafka_offsets_for_times(consumer_handle(c), list, 0);
	rd_kafka_topic_partition_list_destroy(list);
	return WAKE_MS;
}
