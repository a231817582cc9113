/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/base/progress_show.h"
#include "common/base/stop.h"
#include "feed.h"
#include "offsets.h"
#include "topic.h"

enum { ABSENT_MAX = 3 };

struct feed_replay {
	const char *topic;
	const struct replay_spec *spec;
	struct consumer *consumer, *asks; /* CONSUMER_ASKS */
	struct partitions *partitions;
	struct replay_run run; /* lent to the database with each work */
	int begun;             /* 1: start and end of each partition are known */
	int64_t total, done_before;
	int64_t began_ms; /* when this process began to read */
	struct progress_show show;
};

/* ---------------------------------------------------------------- the start */

/* All partitions that the topic has. */
static int join(void *self, int partitions, struct err *err)
{
	struct feed_replay *r = self;
	int32_t *ids = xcalloc((size_t)partitions, sizeof(*ids));

	(void)err;
	for (int32_t i = 0; i < partitions; i++)
		ids[i] = i;
	partitions_set(r->partitions, ids, (size_t)partitions);
	free(ids);
	r->run.n = (size_t)partitions;
	r->run.parts = xcalloc(r->run.n, sizeof(*r->run.parts));
	return 0;
}

/* A broker that has just started may not know yet. */
static unsigned absent(void *self, int n, int64_t now_ms)
{
	const struct feed_replay *r = self;

	(void)now_ms;
	if (n < ABSENT_MAX)
		return FOLLOW_NOTHING;
	log_error("there is no such topic, so there is nothing to replay",
		  L_STR("topic", r->topic));
	return FOLLOW_USAGE;
}

/* All of them, or why not: the end of a replay must not depend on what can be read just now. */
static int check_ends(const struct feed_replay *r, const struct kafka_range *ends, struct err *err)
{
	for (size_t i = 0; i < r->run.n; i++) {
		if (ends[i].err.class == ERR_NONE)
			continue;
		*err = ends[i].err;
		return -1;
	}
	return 0;
}

static int ask(void *self, struct store_work *work, struct err *err)
{
	struct feed_replay *r = self;
	struct kafka_range *ends = offsets_ends(r->asks, r->partitions);
	int64_t *from = xcalloc(r->run.n, sizeof(*from));
	int rc = check_ends(r, ends, err);

	for (size_t i = 0; i < r->run.n; i++)
		from[i] = ends[i].low;
	/* Nothing in a topic is older than 1970; negative numbers are not times to librdkafka. */
	if (rc == 0 && r->spec->from_ms > 0)
		rc = offsets_since(r->asks, r->partitions, r->spec->from_ms, from, err);
	for (size_t i = 0; i < r->run.n; i++) {
		struct replay_part *part = &r->run.parts[i];

		part->partition = ends[i].partition;
		part->low = ends[i].low;
		part->high = ends[i].high;
		part->from = from[i] < 0 ? ends[i].high : from[i];
	}
	free(ends);
	free(from);
	r->run.running = r->begun;
	*work = (struct store_work){.kind = STORE_REPLAY, .run = &r->run};
	return rc;
}

static int start(void *self, const struct store_done *done)
{
	struct feed_replay *r = self;

	(void)done;
	r->total = 0;
	for (size_t i = 0; i < r->run.n; i++) {
		const struct replay_part *part = &r->run.parts[i];

		partitions_start(r->partitions, part->partition,
				 &(struct partition_start){.offset = part->next,
							   .end = part->end,
							   .position = part->next,
							   .dead_run = part->dead_run});
		r->total += part->end - part->start;
	}
	return 1;
}

static int64_t left(const void *self)
{
	const struct feed_replay *r = self;
	int64_t left = 0;

	for (size_t i = 0; r->begun && i < partitions_count(r->partitions); i++) {
		const struct partition *p = partitions_at(r->partitions, i);

		left += p->position < p->end ? p->end - p->position : 0;
	}
	return left;
}

static void log_begun(const struct feed_replay *r, int64_t lost)
{
	static const char *const texts[] = {
		[REPLAY_BEGINS] = "the replay begins",
		[REPLAY_GOES_ON] = "the replay goes on where it was",
		[REPLAY_BEGINS_AGAIN] =
			"the topic ends before what was to be replayed (it was recreated or lost its end); the replay "
			"begins again",
	};

	LOG_AT(r->run.begun == REPLAY_BEGINS_AGAIN ? LOG_WARN : LOG_INFO, texts[r->run.begun],
	       L_STR("name", r->spec->name), L_INT("partitions", r->run.n),
	       L_INT("messages", r->total), L_INT("done", r->total - left(r)));
	if (lost > 0)
		log_error("messages were deleted from the topic before they were replayed",
			  L_STR("topic", r->topic), L_INT("messages", lost));
}

static void started(void *self, const struct store_done *done, struct tally *tally, int64_t now_ms)
{
	struct feed_replay *r = self;
	int64_t lost = 0;
	int first = !r->begun;

	(void)done;
	for (size_t i = 0; i < r->run.n; i++)
		lost += r->run.parts[i].lost;
	tally_add(tally, TALLY_LOST_OFFSETS, lost);
	r->begun = 1;
	log_begun(r, lost);
	if (first || r->run.begun != REPLAY_GOES_ON) {
		r->done_before = r->total - left(r);
		r->began_ms = now_ms;
	}
	if (first)
		progress_show_begin(&r->show);
}

/* ---------------------------------------------------------------- on the way */

static int wants(const void *self, const struct arrival *a)
{
	const struct feed_replay *r = self;

	return replay_wants(r->spec, a->key, a->key_len);
}

/* Nobody can read on before a transaction that is open there ends. */
static unsigned short_of_end(void *self, const struct partition *p, int64_t offset)
{
	const struct feed_replay *r = self;

	if (consumer_messages_from(r->consumer, p->id, p->end - 1) > 0)
		return FOLLOW_NOTHING;
	log_warn("the topic ends before its end of a moment ago; looking again",
		 L_INT("partition", p->id), L_INT("offset", offset), L_INT("end", p->end));
	return FOLLOW_RESTART;
}

static int is_complete(const struct feed_replay *r)
{
	return r->begun && partitions_are_done(r->partitions) && left(r) == 0;
}

static void show(struct feed_replay *r, const struct tally *tally, int64_t now_ms, int last)
{
	static const enum tally_counter which[] = {TALLY_INSERTED, TALLY_CORRECTED, TALLY_IDENTICAL,
						   TALLY_STALE, TALLY_DEAD_LETTERS};
	struct progress_counter counters[sizeof(which) / sizeof(which[0])];
	const struct progress p = {.title = "replay",
				   .unit = "messages",
				   .done = r->total - left(r),
				   .total = r->total,
				   .done_before = r->done_before,
				   .elapsed_ms = now_ms - r->began_ms,
				   .counters = counters,
				   .n = sizeof(counters) / sizeof(counters[0])};

	for (size_t i = 0; i < p.n; i++)
		counters[i] =
			(struct progress_counter){tally_name(which[i]), tally_get(tally, which[i])};
	if (last)
		progress_show_end(&r->show, &p);
	else
		progress_show(&r->show, &p, now_ms);
}

static unsigned report(void *self, struct tally *tally, int64_t now_ms)
{
	struct feed_replay *r = self;

	if (!r->begun || partitions_are_starting(r->partitions))
		return FOLLOW_NOTHING;
	show(r, tally, now_ms, 0);
	return is_complete(r) ? FOLLOW_DONE : FOLLOW_NOTHING;
}

static void say_complete(const struct feed_replay *r, int64_t lost)
{
	LOG_AT(lost > 0 ? LOG_WARN : LOG_INFO,
	       lost > 0
		       ? "the replay is complete, but for what was deleted from the topic meanwhile"
		       : "the replay is complete",
	       L_STR("name", r->spec->name), L_INT("messages", r->total),
	       L_INT("lost_offsets", lost));
}

static int exit_code(void *self, int code, const struct tally *tally, int64_t now_ms)
{
	struct feed_replay *r = self;

	if (r->begun)
		show(r, tally, now_ms, 1);
	if (is_complete(r)) {
		say_complete(r, tally_get(tally, TALLY_LOST_OFFSETS));
		return EXIT_DONE;
	}
	if (code != EXIT_DONE)
		return code;
	log_warn("the replay stopped before its end; run the same command to go on",
		 L_STR("name", r->spec->name));
	return EXIT_PERSON;
}

static void free_replay(void *self)
{
	struct feed_replay *r = self;

	consumer_free(r->asks);
	free(r->run.parts);
	free(r);
}

struct feed *feed_replay_new(const struct options *o, const struct replay_spec *spec,
			     struct err *err)
{
	/* (it commits nothing: its place is in the database) */
	static const struct feed_kind kind = {
		.halt = {"the replay cannot pass a message; nothing after it is replayed",
			 FOLLOW_PERSON},
		.stall = {"the replay waits for the end of a transaction",
			  "a partition cannot be read; the replay waits for it"},
		.free = free_replay,
		.join = join,
		.absent = absent,
		.ask = ask,
		.start = start,
		.started = started,
		.left = left,
		.report = report,
		.wants = wants,
		.short_of_end = short_of_end,
		.exit_code = exit_code};
	struct consumer *consumer = topic_consumer_new(o, CONSUMER_ALONE, err);
	struct consumer *asks = consumer == NULL ? NULL : topic_consumer_new(o, CONSUMER_ASKS, err);
	struct feed_replay *r;

	if (asks == NULL) {
		consumer_free(consumer);
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->topic = o->topic;
	r->spec = spec;
	r->consumer = consumer;
	r->asks = asks;
	r->partitions = partitions_new();
	r->run = (struct replay_run){.spec = spec, .restart = o->restart};
	return feed_new(&kind, r, consumer, r->partitions);
}
