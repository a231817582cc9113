/* SPDX-License-Identifier: MIT */
#include "arrivals.h"

#include "common/base/log.h"
#include "common/kafka/consumer.h"

struct arrival arrival_of(const rd_kafka_message_t *m)
{
	struct arrival a = {.partition = m->partition, .offset = m->offset, .at_ms = -1};

	if (m->err) /* its payload is a text about that */
		return a;
	a.key = m->key;
	a.key_len = m->key_len;
	a.value = m->payload;
	a.value_len = m->len;
	a.appended_ms = consumer_appended_ms(m);
	if (a.appended_ms > 0)
		a.at_ms = a.appended_ms;
	return a;
}

/* What lies between `next` and that offset carries no message. */
static struct arrival nothing_before(const struct partition *p, int64_t offset)
{
	return (struct arrival){
		.partition = p->id, .from = p->next, .next = offset, .dead_run = p->dead_run};
}

unsigned arrivals_message(const struct feed_kind *kind, const void *self,
			  const struct partitions *ps, struct arrival *a)
{
	const struct partition *p = partitions_find(ps, a->partition);

	switch (partition_judge(p, a->offset)) {
	case ARRIVES_IGNORED:
		return FOLLOW_NOTHING;
	case ARRIVES_BACK:
		log_warn("the topic does not go on where it should; looking for the place to go on",
			 L_INT("partition", a->partition), L_INT("expected", p->next),
			 L_INT("offset", a->offset));
		return FOLLOW_RESTART;
	case ARRIVES_NEXT:
		break;
	}
	if (a->offset >= p->end) {
		*a = nothing_before(p, p->end);
		return FOLLOW_NOTHING;
	}
	a->from = p->next;
	a->next = a->offset + 1;
	a->has_message = 1;
	a->dead_run = p->dead_run;
	a->wanted = !kind->wants || kind->wants(self, a);
	if (a->wanted && partition_skips(p, a)) {
		a->wanted = 0;
		log_warn("a message that was skipped by hand is passed",
			 L_INT("partition", a->partition), L_INT("offset", a->offset));
	}
	return FOLLOW_NOTHING;
}

unsigned arrivals_end(const struct feed_kind *kind, void *self, const struct partitions *ps,
		      struct arrival *a)
{
	const struct partition *p = partitions_find(ps, a->partition);
	unsigned follow = FOLLOW_NOTHING;

	if (partition_judge(p, a->offset) != ARRIVES_NEXT)
		return FOLLOW_NOTHING;
	if (a->offset < p->end && kind->short_of_end)
		follow = kind->short_of_end(self, p, a->offset);
	if (follow == FOLLOW_NOTHING)
		*a = nothing_before(p, a->offset < p->end ? a->offset : p->end);
	return follow;
}

unsigned arrivals_out_of_range(const struct partitions *ps, const struct arrival *a)
{
	const struct partition *p = partitions_find(ps, a->partition);

	if (p == NULL || p->state != PARTITION_READING)
		return FOLLOW_NOTHING;
	log_warn("the topic does not have what comes next (any more); looking for the place to go "
		 "on",
		 L_INT("partition", p->id), L_INT("expected", p->next));
	return FOLLOW_RESTART;
}

unsigned arrivals_gone(const struct partitions *ps)
{
	if (partitions_count(ps) == 0 || partitions_are_starting(ps))
		return FOLLOW_NOTHING;
	log_warn("the topic was deleted, or has fewer partitions; looking for the place to go on");
	return FOLLOW_RESTART;
}
