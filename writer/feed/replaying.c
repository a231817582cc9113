/* SPDX-License-Identifier: MIT */
/* What the writer does otherwise while it replays: where partitions come from, where they begin,
 * and that there is an end. */
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/kafka.h"
#include "common/stop.h"
#include "consumer.h"
#include "replay.h"
#include "writer/writer.h"

enum { TOPIC_MS = 1000, ASK_AGAIN_MS = 500, SAY_MS = 10000, ABSENT_MAX = 3 };

/* ---- the beginning */

static void take_all(struct writer *w, int partitions)
{
	int32_t *ids = xcalloc((size_t)partitions, sizeof(*ids));

	for (int32_t i = 0; i < partitions; i++)
		ids[i] = i;
	assigned_set(&w->assigned, ids, (size_t)partitions);
	free(ids);
	w->replay->run.n = (size_t)partitions;
	w->replay->run.parts = xcalloc((size_t)partitions, sizeof(*w->replay->run.parts));
	w->subscribed = 1;
	w->starting = 1;
	w->generation++;
}

void replaying_topic_step(struct writer *w, int64_t now_ms)
{
	struct err err;
	int64_t skipped;
	int n;

	if (w->subscribed || now_ms < w->topic_due_ms)
		return;
	w->topic_due_ms = now_ms + TOPIC_MS;
	n = consumer_topic_partitions(w->rk, w->options->topic, &err);
	if (n > 0) {
		take_all(w, n);
	} else if (n < 0) {
		w->replay->absent = 0;
		if (log_due(&w->say_topic, now_ms, SAY_MS, &skipped))
			log_warn("waiting for Kafka", L_STR("error", err.text));
	} else if (++w->replay->absent >=
		   ABSENT_MAX) { /* a broker that has just started may not know yet */
		log_error("there is no such topic, so there is nothing to replay",
			  L_STR("topic", w->options->topic));
		writer_end(w, EXIT_USAGE);
	}
}

void replaying_start_step(struct writer *w, int64_t now_ms)
{
	struct replay *r = w->replay;
	struct err err;
	int64_t skipped;

	if (!w->starting || now_ms < w->start_due_ms || !store_is_idle(w->store))
		return;
	if (consumer_bounds(w->rk, w->options->topic, &w->assigned, r->spec.from_ms, r->run.parts,
			    &err) != 0) {
		w->start_due_ms = now_ms + ASK_AGAIN_MS;
		if (log_due(&w->say_start, now_ms, SAY_MS, &skipped))
			log_warn("waiting for Kafka to say where to start",
				 L_STR("error", err.text), L_INT("suppressed", skipped));
		return;
	}
	r->run.running = r->begun;
	store_submit(w->store, (struct store_work){.kind = STORE_REPLAY,
						   .generation = w->generation,
						   .run = &r->run});
}

int64_t replaying_left(const struct writer *w)
{
	int64_t left = 0;

	for (size_t i = 0; w->replay->begun && i < w->assigned.n; i++) {
		if (w->assigned.v[i].stored < w->assigned.v[i].end)
			left += w->assigned.v[i].end - w->assigned.v[i].stored;
	}
	return left;
}

static int64_t done_of(const struct writer *w)
{
	return w->replay->total - replaying_left(w);
}

static void log_begun(const struct writer *w, int64_t lost)
{
	static const char *const texts[] = {
		[REPLAY_BEGINS] = "the replay begins",
		[REPLAY_GOES_ON] = "the replay goes on where it was",
		[REPLAY_ANEW] =
			"the topic ends before what was to be replayed (it was recreated or lost its end); the replay "
			"begins anew",
	};
	const struct replay *r = w->replay;

	LOG_AT(r->run.begun == REPLAY_ANEW ? LOG_WARN : LOG_INFO, texts[r->run.begun],
	       L_STR("name", r->spec.name), L_INT("partitions", r->run.n),
	       L_INT("messages", r->total), L_INT("done", done_of(w)));
	if (lost > 0)
		log_error("messages were deleted from the topic before they were replayed",
			  L_STR("topic", w->options->topic), L_INT("messages", lost));
}

void replaying_started(struct writer *w, const struct store_done *job)
{
	struct replay *r = w->replay;
	struct err err;
	int64_t lost = 0;
	int first = !r->begun;

	r->total = 0;
	for (size_t i = 0; i < job->work.run->n; i++) {
		const struct replay_part *part = &job->work.run->parts[i];
		struct partition *p = assigned_find(&w->assigned, part->partition);

		p->end = part->end;
		assigned_start(p, part->next, part->next, part->dead_run);
		r->total += part->end - part->start;
		lost += part->lost;
	}
	if (consumer_assign(w->rk, w->options->topic, &w->assigned, &err) != 0) {
		assigned_restart(&w->assigned);
		w->start_due_ms = clock_boot_ms() + ASK_AGAIN_MS;
		log_warn("the partitions cannot be read yet", L_STR("error", err.text));
		return;
	}
	w->starting = 0;
	w->tally.lost_offsets += lost;
	r->begun = 1;
	log_begun(w, lost);
	if (first || r->run.begun != REPLAY_GOES_ON) {
		r->done_before = done_of(w);
		r->began_ms = clock_boot_ms();
	}
	if (first)
		progress_show_begin(&r->show);
}

/* ---- the end */

void replaying_close(struct writer *w, struct partition *p)
{
	batch_take(w->filling, p->id, p->next, p->end - 1, 0, clock_boot_ms());
	assigned_took(p, p->end - 1);
}

void replaying_eof(struct writer *w, int32_t partition, int64_t offset)
{
	struct partition *p = assigned_find(&w->assigned, partition);

	if (p == NULL || p->state != PARTITION_READING)
		return;
	if (offset >= p->end) { /* what is missing carries no messages (marks of transactions), or
				   was deleted */
		replaying_close(w, p);
		return;
	}
	log_warn("the topic ends before its end of a moment ago; looking again",
		 L_INT("partition", partition), L_INT("offset", offset), L_INT("end", p->end));
	writer_restart(w);
	w->start_due_ms = clock_boot_ms() + ASK_AGAIN_MS;
}

int replaying_is_read(const struct writer *w)
{
	return w->replay != NULL && w->replay->begun && !w->starting &&
	       assigned_all_done(&w->assigned);
}

static int is_complete(const struct writer *w)
{
	return replaying_is_read(w) && replaying_left(w) == 0;
}

static void show(struct writer *w, int64_t now_ms, int last)
{
	struct replay *r = w->replay;
	const struct progress_counter counters[] = {{"inserted", w->tally.inserted},
						    {"corrected", w->tally.corrected},
						    {"identical", w->tally.identical},
						    {"stale", w->tally.stale},
						    {"dead_letters", w->tally.dead_letters}};
	const struct progress p = {.title = "replay",
				   .unit = "messages",
				   .done = done_of(w),
				   .total = r->total,
				   .done_before = r->done_before,
				   .elapsed_ms = now_ms - r->began_ms,
				   .counters = counters,
				   .n = sizeof(counters) / sizeof(counters[0])};

	if (last)
		progress_show_end(&r->show, &p);
	else
		progress_show(&r->show, &p, now_ms);
}

void replaying_step(struct writer *w, int64_t now_ms)
{
	if (!w->replay->begun || w->starting)
		return;
	show(w, now_ms, 0);
	if (is_complete(w))
		writer_end(w, EXIT_DONE);
}

int replaying_end(struct writer *w)
{
	if (w->replay->begun)
		show(w, clock_boot_ms(), 1);
	if (is_complete(w)) {
		log_info("the replay is complete", L_STR("name", w->replay->spec.name),
			 L_INT("messages", w->replay->total));
		return EXIT_DONE;
	}
	if (w->ending && w->exit_code != EXIT_DONE)
		return w->exit_code;
	log_warn("the replay stopped before its end; run the same command to go on",
		 L_STR("name", w->replay->spec.name));
	return EXIT_PERSON;
}
