/* SPDX-License-Identifier: MIT */
#include "offsets.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/kafka/kafka_topic.h"

enum {
	HOUR_MS = 3600000,
	ASK_FAILS = 3,
	SAY_MS = 60000,
	LEFT_OUT_MS = 1000,
	LEFT_OUT_MAX_MS = 30000
};

struct offsets {
	const char *topic;
	int64_t topic_hours;
	struct part *parts;
	size_t n;
	int64_t *ends; /* of all partitions of the topic */
	size_t ends_n;
	int group_is_new, has_begun, have_grown;
	int fails;                  /* in a row, for some partitions */
	int64_t out_ms, out_due_ms; /* until those left out are asked for again */
	struct log_throttle say;
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

static void say_out(struct offsets *o, const struct part *p, const struct err *err, int64_t now_ms)
{
	LOG_EVERY(&o->say, now_ms, SAY_MS, LOG_WARN,
		  "a partition cannot be read, and is left out until it can be; the others go on",
		  L_STR("error", err->text), L_INT("partition", p->id));
}

static void leave_out(struct offsets *o, const struct kafka_range *all, int64_t now_ms)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->parts[i].is_out)
			say_out(o, &o->parts[i], &all[o->parts[i].id].err, now_ms);
	o->out_ms = LEFT_OUT_MS;
	o->out_due_ms = now_ms + o->out_ms;
}

/* Of all partitions. */
static int ask_ends(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	static const struct kafka_range none;
	struct kafka_range *all = xcalloc(o->ends_n, sizeof *all);
	size_t out = 0;
	int rc = 0;

	for (size_t i = 0; i < o->ends_n; i++)
		all[i].partition = (int32_t)i;
	kafka_ranges(rk, o->topic, all, o->ends_n);
	for (size_t i = 0; i < o->ends_n; i++)
		o->ends[i] = all[i].err.class == ERR_NONE ? all[i].high : -1;
	for (size_t i = 0; i < o->n; i++) {
		struct part *p = &o->parts[i];
		const struct kafka_range *r = (size_t)p->id < o->ends_n ? &all[p->id] : &none;

		p->is_out = r->err.class != ERR_NONE;
		p->low = p->is_out ? 0 : r->low;
		p->high = p->is_out || r->high < r->low ? p->low : r->high;
		out += p->is_out != 0;
		if (p->is_out)
			*err = r->err;
	}
	o->fails = out > 0 ? o->fails + 1 : 0;
	if (out > 0 && (out == o->n || o->fails < ASK_FAILS))
		rc = -1;
	else if (out > 0)
		leave_out(o, all, clock_boot_ms());
	free(all);
	return rc;
}

/* Of all partitions: the ends, and what is committed. Whether the group is new shows in none of
 * them alone. */
static int ask_all(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	int n = kafka_partition_count(rk, o->topic, err), fresh = 0, rc;
	int64_t *committed;
	int32_t *ids;

	if (n == 0)
		err_set(err, ERR_RETRY, "topic %s is not there", o->topic);
	if (n <= 0)
		return -1;
	ids = xcalloc((size_t)n, sizeof *ids);
	committed = xcalloc((size_t)n, sizeof *committed);
	for (int32_t i = 0; i < n; i++)
		ids[i] = i;
	o->ends = xreallocarray(o->ends, (size_t)n, sizeof *o->ends);
	o->ends_n = (size_t)n;
	rc = ask_ends(o, rk, err) || kafka_committed(rk, o->topic, ids, o->ends_n, committed, err);
	for (int32_t i = 0; i < n && rc == 0; i++)
		fresh += committed[i] == OFFSET_NONE;
	o->group_is_new = !o->has_begun && fresh == n;
	o->have_grown = fresh > 0 && fresh < n;
	for (size_t i = 0; i < o->n && rc == 0; i++) {
		struct part *p = &o->parts[i];

		p->committed = p->id < n ? committed[p->id] : OFFSET_NONE;
	}
	free(ids);
	free(committed);
	return rc ? -1 : 0;
}

/* Of the parts that are read: where they begin by time. */
static int ask_own(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	int64_t since_ms = clock_wall_ms() - o->topic_hours * HOUR_MS;
	int64_t *by_time = xcalloc(o->n + 1, sizeof *by_time);
	int32_t *ids = xcalloc(o->n + 1, sizeof *ids);
	size_t n = 0, at = 0;
	int rc;

	for (size_t i = 0; i < o->n; i++)
		if (!o->parts[i].is_out)
			ids[n++] = o->parts[i].id;
	rc = kafka_offsets(rk, o->topic, ids, n, since_ms, by_time, err);
	for (size_t i = 0; i < o->n && rc == 0; i++)
		if (!o->parts[i].is_out)
			o->parts[i].by_time = by_time[at++];
	free(by_time);
	free(ids);
	return rc;
}

int offsets_ask(struct offsets *o, rd_kafka_t *rk, struct err *err)
{
	return ask_all(o, rk, err) || ask_own(o, rk, err) ? -1 : 0;
}

int offsets_answer_again(struct offsets *o, rd_kafka_t *rk, int64_t now_ms)
{
	struct kafka_range *out = xcalloc(o->n + 1, sizeof *out);
	size_t n = 0;
	int came = 0;

	for (size_t i = 0; i < o->n && now_ms >= o->out_due_ms; i++)
		if (o->parts[i].is_out)
			out[n++].partition = o->parts[i].id;
	if (n > 0) {
		kafka_ranges(rk, o->topic, out, n);
		o->out_ms = o->out_ms < LEFT_OUT_MAX_MS / 2 ? 2 * o->out_ms : LEFT_OUT_MAX_MS;
		o->out_due_ms = clock_boot_ms() + o->out_ms;
	}
	for (size_t i = 0; i < n; i++)
		came |= out[i].err.class == ERR_NONE;
	if (n > 0 && !came)
		say_out(o, offsets_part(o, out[0].partition), &out[0].err, now_ms);
	free(out);
	return came;
}
