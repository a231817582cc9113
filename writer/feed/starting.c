/* SPDX-License-Identifier: MIT */
/* Finding where partitions start: committed offsets and watermarks from Kafka (main thread),
 * positions from the database (a STORE_START job), then a fresh assignment from the smaller of the
 * two. */
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "consumer.h"
#include "writer/writer.h"

enum { ASK_AGAIN_MS = 500, SAY_MS = 10000 };

static void ask_again(struct writer *w, const struct err *err)
{
	int64_t now = clock_boot_ms(), skipped;

	w->start_due_ms = now + ASK_AGAIN_MS;
	if (log_due(&w->say_start, now, SAY_MS, &skipped))
		log_warn("waiting for Kafka to say where to start", L_STR("error", err->text),
			 L_INT("suppressed", skipped));
}

void writer_start_step(struct writer *w, int64_t now_ms)
{
	size_t n = w->assigned.n;
	struct start_facts *facts;
	struct err err;

	if (w->replay != NULL) {
		replaying_start_step(w, now_ms);
		return;
	}
	if (!w->starting || n == 0 || now_ms < w->start_due_ms || !store_is_idle(w->store))
		return;
	facts = xcalloc(n, sizeof(*facts));
	if (consumer_facts(w->rk, w->options->topic, &w->assigned, facts, &err) != 0) {
		ask_again(w, &err);
		goto out;
	}
	free(w->items);
	w->items = xcalloc(n, sizeof(*w->items));
	for (size_t i = 0; i < n; i++)
		w->items[i] = (struct position_item){.partition = w->assigned.v[i].id,
						     .facts = facts[i],
						     .confirmed = w->assigned.v[i].confirmed};
	store_submit(w->store, (struct store_work){.kind = STORE_START,
						   .generation = w->generation,
						   .items = w->items,
						   .items_n = n});
out:
	free(facts);
}

static void log_start(const struct writer *w, const struct position_item *item,
		      enum log_level level)
{
	LOG_AT(level, start_text(item->start.why), L_STR("topic", w->options->topic),
	       L_INT("partition", item->partition), L_INT("starts_at", item->start.offset),
	       L_INT("committed", item->facts.committed), L_INT("position", item->facts.position),
	       L_INT("low", item->facts.low), L_INT("high", item->facts.high),
	       L_INT("lost_offsets", item->start.lost));
}

/* One line for all partitions that start for the same reason; what is lost or recreated also shows
 * each partition. */
static void log_starts(const struct writer *w, const struct store_done *job)
{
	for (int i = 0; i < START_WHYS; i++) {
		enum start_why why = (enum start_why)i;
		int64_t partitions = 0, again = 0;

		for (size_t k = 0; k < job->work.items_n; k++) {
			const struct position_item *item = &job->work.items[k];

			if (item->start.why != why)
				continue;
			partitions++;
			if (item->facts.committed > item->start.offset)
				again += item->facts.committed - item->start.offset;
			log_start(w, item, start_level(why) == LOG_ERROR ? LOG_ERROR : LOG_DEBUG);
		}
		if (partitions > 0 && start_level(why) != LOG_ERROR)
			LOG_AT(start_level(why), start_text(why), L_STR("topic", w->options->topic),
			       L_INT("partitions", partitions),
			       L_INT("messages_read_again", again));
	}
}

void writer_started(struct writer *w, const struct store_done *job)
{
	struct err err;

	for (size_t i = 0; i < job->work.items_n; i++) {
		const struct position_item *item = &job->work.items[i];
		struct partition *p = assigned_find(&w->assigned, item->partition);

		if (p == NULL)
			continue;
		if (job->result == STORE_UNSURE)
			p->confirmed = item->facts.position;
		else
			assigned_start(p, item->start.offset, item->start.row_offset,
				       item->dead_run);
	}
	if (job->result == STORE_UNSURE) {
		w->start_due_ms = 0;
		return;
	}
	if (consumer_assign(w->rk, w->options->topic, &w->assigned, &err) != 0) {
		assigned_restart(&w->assigned);
		ask_again(w, &err);
		return;
	}
	w->starting = 0;
	for (size_t i = 0; i < job->work.items_n; i++)
		w->tally.lost_offsets += job->work.items[i].start.lost;
	log_starts(w, job);
}
