/* SPDX-License-Identifier: MIT */
#include "offsets.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/kafka/kafka_topic.h"

enum { HOUR_MS = 3600000 };

struct offsets {
	const char *topic;
	int64_t topic_hours;
	struct part *parts;
	size_t n;
	int64_t *ends; /* of all partitions of the topic */
	size_t ends_n;
	int group_is_new;
};

struct offsets *offsets_new(const char *topic, int64_t topic_hours)
{
	struct offsets *o = xcalloc(1, sizeof *o);

	o->topic = topic;
	o->topic_hours = topic_hours;
	return o;
}

void offsets_free(struct offsets *o)
{
	free(o->parts);
	free(o->ends);
	free(o);
}

void offsets_set(struct offsets *o, const int32_t *ids, size_t n)
{
	o->parts = xreallocarray(o->parts, n + 1, sizeof *o->parts);
	o->n = n;
	for (size_t i = 0; i < n; i++)
		o->parts[i] = (struct part){.id = ids[i]};
}

const struct part *offsets_parts(const struct offsets *o, size_t *n)
{
	*n = o->n;
	return o->parts;
}

const struct part *offsets_part(const struct offsets *o, int32_t id)
{
	for (size_t i = 0; i < o->n; i++) {
		if (o->parts[i].id == id)
			return &o->parts[i];
	}
	return NULL;
}

const int64_t *offsets_ends(const struct offsets *o, size_t *n)
{
	*n = o->ends_n;
	return o->ends;
}

int offsets_group_is_new(const struct offsets *o)
{
	return o->group_is_new;
}

/* Of all partitions: the ends, and what is committed. Whether the group is new shows in none of
 * them alone. */
static int ask_all(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	int n = kafka_partition_count(rk, o->topic, err), rc;
	int64_t *committed;
	int32_t *ids;

	if (n <= 0)
		return -1;
	ids = xcalloc((size_t)n, sizeof *ids);
	committed = xcalloc((size_t)n, sizeof *committed);
	for (int32_t i = 0; i < n; i++)
		ids[i] = i;
	o->ends = xreallocarray(o->ends, (size_t)n, sizeof *o->ends);
	o->ends_n = (size_t)n;
	rc = kafka_offsets(rk, o->topic, ids, o->ends_n, RD_KAFKA_OFFSET_END, o->ends, err) ||
	     kafka_committed(rk, o->topic, ids, o->ends_n, committed, err);
	o->group_is_new = 1;
	for (int32_t i = 0; i < n && rc == 0; i++)
		o->group_is_new &= committed[i] == OFFSET_NONE;
	for (size_t i = 0; i < o->n && rc == 0; i++) {
		struct part *p = &o->parts[i];

		p->committed = p->id < n ? committed[p->id] : OFFSET_NONE;
		p->high = p->id < n ? o->ends[p->id] : 0;
	}
	free(ids);
	free(committed);
	return rc ? -1 : 0;
}

/* Of the parts: where they begin, now and by time. */
static int ask_own(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	int64_t since_ms = clock_wall_ms() - o->topic_hours * HOUR_MS;
	int64_t *low = xcalloc(2 * o->n + 1, sizeof *low), *by_time = low + o->n;
	int32_t *ids = xcalloc(o->n + 1, sizeof *ids);
	int rc;

	for (size_t i = 0; i < o->n; i++)
		ids[i] = o->parts[i].id;
	rc = kafka_offsets(rk, o->topic, ids, o->n, RD_KAFKA_OFFSET_BEGINNING, low, err) ||
	     kafka_offsets(rk, o->topic, ids, o->n, since_ms, by_time, err);
	for (size_t i = 0; i < o->n && rc == 0; i++) {
		struct part *p = &o->parts[i];

		p->low = low[i];
		p->by_time = by_time[i];
		if (p->high < p->low)
			p->high = p->low;
	}
	free(low);
	free(ids);
	return rc ? -1 : 0;
}

int offsets_ask(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	return ask_all(o, rk, err) || ask_own(o, rk, err) ? -1 : 0;
}
