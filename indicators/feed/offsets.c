/* SPDX-License-Identifier: MIT */
#include "offsets.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/kafka/kafka_topic.h"
#include "common/kafka/left_out.h"
#include "topic.h"

enum { HOUR_MS = 3600000 };

struct offsets {
	const struct options *options;
	struct part *parts;
	size_t n;
	int64_t *ends; /* of all partitions of the topic */
	size_t ends_n;
	int group_is_new, has_begun, have_grown;
	struct left_out left_out;
};

struct offsets *offsets_new(const struct options *options)
{
	struct offsets *o = xcalloc(1, sizeof *o);

	o->options = options;
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

void offsets_have_begun(struct offsets *o)
{
	o->has_begun = 1;
}

int offsets_group_is_new(const struct offsets *o)
{
	return o->group_is_new;
}

int offsets_have_grown(const struct offsets *o)
{
	return o->have_grown;
}

/* Of all partitions. */
static int ask_ends(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	static const struct kafka_range none;
	struct kafka_range *all = xcalloc(o->ends_n, sizeof *all);
	struct kafka_range *own = xcalloc(o->n + 1, sizeof *own);
	int rc;

	for (size_t i = 0; i < o->ends_n; i++)
		all[i].partition = (int32_t)i;
	kafka_ranges(rk, o->options->topic, all, o->ends_n);
	for (size_t i = 0; i < o->ends_n; i++)
		o->ends[i] = all[i].err.class == ERR_NONE ? all[i].high : -1;
	for (size_t i = 0; i < o->n; i++) {
		struct part *p = &o->parts[i];

		own[i] = (size_t)p->id < o->ends_n ? all[p->id] : none;
		p->is_out = own[i].err.class != ERR_NONE;
		p->low = p->is_out ? 0 : own[i].low;
		p->high = p->is_out || own[i].high < own[i].low ? p->low : own[i].high;
	}
	rc = left_out_judge(&o->left_out, own, o->n, err);
	free(all);
	free(own);
	return rc;
}

/* Of all partitions: the ends, and what is committed. Whether the group is new shows in none of
 * them alone. */
static int ask_all(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	int n = kafka_partition_count(rk, o->options->topic, err), fresh = 0, rc;
	int64_t *committed, *read_ms;
	int32_t *ids;

	if (n == 0)
		err_set(err, ERR_RETRY, "topic %s is not there", o->options->topic);
	if (n <= 0)
		return -1;
	ids = xcalloc((size_t)n, sizeof *ids);
	committed = xcalloc(2 * (size_t)n, sizeof *committed);
	read_ms = committed + n;
	for (int32_t i = 0; i < n; i++)
		ids[i] = i;
	o->ends = xreallocarray(o->ends, (size_t)n, sizeof *o->ends);
	o->ends_n = (size_t)n;
	rc = ask_ends(o, rk, err) ||
	     kafka_committed(rk, o->options->topic, ids, o->ends_n, committed, read_ms, err);
	for (int32_t i = 0; i < n && rc == 0; i++)
		fresh += committed[i] == OFFSET_NONE;
	o->group_is_new = !o->has_begun && fresh == n;
	o->have_grown = fresh > 0 && fresh < n;
	for (size_t i = 0; i < o->n && rc == 0; i++) {
		struct part *p = &o->parts[i];

		p->committed = p->id < n ? committed[p->id] : OFFSET_NONE;
		p->read_ms = p->id < n ? read_ms[p->id] : OFFSET_NONE;
	}
	free(ids);
	free(committed);
	return rc ? -1 : 0;
}

/* Of those that are left out, or of the others; the caller frees. */
static int32_t *ids_of(const struct offsets *o, int is_out, size_t *n)
{
	int32_t *ids = xcalloc(o->n + 1, sizeof *ids);

	*n = 0;
	for (size_t i = 0; i < o->n; i++) {
		if (o->parts[i].is_out == is_out)
			ids[(*n)++] = o->parts[i].id;
	}
	return ids;
}

/* Of the parts that are read: where they begin by time. */
static int ask_own(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	int64_t since_ms = clock_wall_ms() - o->options->topic_hours * HOUR_MS;
	int64_t *by_time = xcalloc(o->n + 1, sizeof *by_time);
	size_t n, at = 0;
	int32_t *ids = ids_of(o, 0, &n);
	int rc = kafka_offsets(rk, o->options->topic, ids, n, since_ms, by_time, err);
	for (size_t i = 0; i < o->n && rc == 0; i++)
		if (!o->parts[i].is_out)
			o->parts[i].by_time = by_time[at++];
	free(by_time);
	free(ids);
	return rc;
}

/* A topic that was recreated, or lost its end, and has grown beyond the committed offset since, is
 * told from one that has only grown by the messages' times: before the committed offset there is
 * then a message that is newer than all that was read up to there, which is committed beside it.
 * Kafka's search by time counts what was aborted, and the marks of transactions, too: so a message
 * that a consumer gets has to be newer. */
static int forget_recreated(const struct options *o, struct part *p, rd_kafka_t *rk,
			    struct err *err)
{
	struct consumer_place at = {.partition = p->id};
	const rd_kafka_message_t *k;
	enum consumer_news news;
	struct consumer *c;
	int is_recreated;

	if (p->is_out || p->read_ms < 0 || p->committed <= p->low || p->committed > p->high)
		return 0;
	if (kafka_offsets(rk, o->topic, &p->id, 1, p->read_ms + 1, &at.offset, err) != 0)
		return -1;
	if (at.offset < 0 || at.offset >= p->committed)
		return 0;
	c = topic_consumer_new(o, CONSUMER_ALONE, err);
	news = consumer_first(c, at, &k);
	is_recreated = news == CONSUMER_MESSAGE && k->offset < p->committed &&
		       consumer_appended_ms(k) > p->read_ms;
	consumer_free(c);
	if (news != CONSUMER_MESSAGE && news != CONSUMER_EOF)
		return err_set(err, ERR_RETRY, "partition %d of topic %s cannot be read",
			       (int)p->id, o->topic);
	if (!is_recreated)
		return 0;
	log_warn("messages before the group's offset are newer than what was read last: the topic "
		 "was recreated or lost its end, and has grown beyond it; reading it from its "
		 "beginning",
		 L_INT("partition", p->id), L_INT("committed", p->committed));
	p->committed = p->read_ms = OFFSET_NONE;
	return 0;
}

int offsets_ask(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	int rc = ask_all(o, rk, err) || ask_own(o, rk, err) ? -1 : 0;

	for (size_t i = 0; i < o->n && rc == 0; i++)
		rc = forget_recreated(o->options, &o->parts[i], rk, err);
	return rc;
}

int offsets_answer_again(struct offsets *o, rd_kafka_t *rk, int64_t now_ms)
{
	size_t n;
	int32_t *ids = ids_of(o, 1, &n);
	int can_be_read = left_out_can_be_read(&o->left_out, rk, o->options->topic, ids, n, now_ms);
	free(ids);
	return can_be_read;
}
