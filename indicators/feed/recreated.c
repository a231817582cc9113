/* SPDX-License-Identifier: MIT */
#include "recreated.h"

#include "common/base/log.h"
#include "common/kafka/kafka_topic.h"
#include "topic.h"

/* Kafka's search by time counts what was aborted, and the marks of transactions, too: so a message
 * that a consumer gets has to be newer. */
static int is_recreated(const struct options *o, const struct part *p, rd_kafka_t *rk,
			int *recreated, struct err *err)
{
	struct consumer_place at = {.partition = p->id};
	int64_t at_ms;

	*recreated = 0;
	if (p->is_out || p->read_ms < 0 || p->committed <= p->low || p->committed > p->high)
		return 0;
	if (kafka_offsets(rk, o->topic, &p->id, 1, p->read_ms + 1, &at.offset, err) != 0)
		return -1;
	if (at.offset < 0 || at.offset >= p->committed)
		return 0;
	if (topic_time_at(o, &at, &at_ms) != 0)
		return err_set(err, ERR_RETRY, "partition %d of topic %s cannot be read",
			       (int)p->id, o->topic);
	*recreated = at.offset < p->committed && at_ms > p->read_ms;
	return 0;
}

int recreated_forget(const struct options *o, struct offsets *offsets, rd_kafka_t *rk,
		     struct err *err)
{
	size_t n;
	const struct part *parts = offsets_parts(offsets, &n);
	int recreated;

	for (size_t i = 0; i < n; i++) {
		if (is_recreated(o, &parts[i], rk, &recreated, err) != 0)
			return -1;
		if (!recreated)
			continue;
		log_warn(
			"messages before the group's offset are newer than what was read last: the "
			"topic was recreated or lost its end, and has grown beyond it; reading it "
			"from its beginning",
			L_INT("partition", parts[i].id), L_INT("committed", parts[i].committed));
		offsets_forget(offsets, parts[i].id);
	}
	return 0;
}
