/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/stop.h"
#include "writer.h"
#include "writer/feed/consumer.h"

enum { WAIT_FOR_STORE_MS = 1000, CHECK_MS = 5000, SAY_MS = 10000 };

static void hand_over(struct writer *w)
{
	struct batch *sealed = w->filling;

	batch_seal(sealed);
	w->filling = w->filling == &w->batches[0] ? &w->batches[1] : &w->batches[0];
	store_submit(w->store, (struct store_work){.kind = STORE_BATCH,
						   .generation = w->generation,
						   .batch = sealed});
}

static int is_due(const struct writer *w, int64_t now_ms)
{
	return batch_is_due(w->filling, now_ms) ||
	       (replaying_is_read(w) && !batch_is_empty(w->filling));
}

static void commit_offsets(struct writer *w, const struct batch *b)
{
	struct err err;
	int64_t skipped;

	FAULT("after_db_before_commit");
	if (w->replay != NULL)
		return; /* its place is in the database */
	switch (consumer_commit(w->rk, w->options->topic, b, &err)) {
	case ERR_NONE:
		break;
	case ERR_FATAL:
		log_error("this writer was replaced by another one with the same group-instance-id",
			  L_STR("error", err.text));
		writer_end(w, EXIT_FENCED);
		return;
	default:
		/* Harmless: the rows are stored, so at worst they are read again. */
		w->tally.commit_failures++;
		if (log_due(&w->say_commit, clock_boot_ms(), SAY_MS, &skipped))
			log_warn(
				"offsets could not be committed to Kafka; the next commit covers them",
				L_STR("error", err.text), L_INT("suppressed", skipped));
	}
	FAULT("after_commit");
}

/* The database gets the next batch before Kafka is told about this one, so that neither waits for
 * the other. That is safe: what is committed to Kafka is in the database, whatever becomes of the
 * batches after it. */
static void stored(struct writer *w, const struct store_done *job)
{
	w->tally.batches++;
	w->tally.inserted += job->stored.inserted;
	w->tally.corrected += job->stored.corrected;
	w->tally.identical += job->stored.identical;
	w->tally.stale += job->stored.stale;
	w->tally.dead_letters += job->stored.dead;
	w->tally.copied += job->stored.copied;
	w->tally.stored_again += job->stored.stored_again;
	if (job->work.generation != w->generation)
		return;
	w->check_due_ms = clock_boot_ms() + CHECK_MS;
	for (size_t i = 0; i < job->work.batch->parts_n; i++) {
		struct partition *p =
			assigned_find(&w->assigned, job->work.batch->parts[i].partition);

		if (p != NULL && p->stored < job->work.batch->parts[i].next)
			p->stored = job->work.batch->parts[i].next;
	}
	if (is_due(w, clock_boot_ms()))
		hand_over(w);
	commit_offsets(w, job->work.batch);
}

static void database_lost(struct writer *w, const struct store_done *job)
{
	if (job->work.generation != w->generation)
		return;
	w->tally.database_lost++;
	log_warn(
		"the database has lost something (emptied, restored or failed over?); going back to where "
		"it stands",
		L_STR("what", job->err.text));
	writer_restart(w);
}

void writer_collect(struct writer *w)
{
	struct store_done done;
	const struct store_done *job = &done;

	if (!store_collect(w->store, &done))
		return;
	switch (job->result) {
	case STORE_DONE:
	case STORE_UNSURE:
		if (job->work.kind == STORE_BATCH)
			stored(w, job);
		else if (job->work.kind == STORE_START && job->work.generation == w->generation)
			writer_started(w, job);
		else if (job->work.kind == STORE_REPLAY && job->work.generation == w->generation)
			replaying_started(w, job);
		break;
	case STORE_LOST:
		database_lost(w, job);
		break;
	case STORE_ABANDONED:
	case STORE_UNKNOWN:
		break;
	case STORE_PERSON:
		log_error("stopping, because this needs a person", L_STR("error", job->err.text));
		writer_end(w, EXIT_PERSON);
		break;
	}
	if (job->work.kind == STORE_BATCH)
		batch_clear(job->work.batch);
}

/* While nothing is stored, nothing else would notice that the tables were emptied. */
static void check_positions(struct writer *w, int64_t now_ms)
{
	size_t n = w->assigned.n;

	if (w->starting || n == 0 || now_ms < w->check_due_ms || !batch_is_empty(w->filling))
		return;
	w->check_due_ms = now_ms + CHECK_MS;
	if (consumer_is_behind_beginning(w->rk, w->options->topic, &w->assigned)) {
		log_warn(
			"the topic's beginning has moved past what was read; looking for the place to go on");
		writer_restart(w);
		return;
	}
	free(w->items);
	w->items = xcalloc(n, sizeof(*w->items));
	for (size_t i = 0; i < n; i++)
		w->items[i] = (struct position_item){.partition = w->assigned.v[i].id,
						     .at_least = w->assigned.v[i].stored};
	store_submit(w->store, (struct store_work){.kind = STORE_CHECK,
						   .generation = w->generation,
						   .items = w->items,
						   .items_n = n});
}

void writer_store_step(struct writer *w, int64_t now_ms)
{
	if (!store_is_idle(w->store) && batch_is_full(w->filling) && !w->paused &&
	    (store_is_failing(w->store) || !store_wait(w->store, WAIT_FOR_STORE_MS))) {
		consumer_pause(w->rk, w->options->topic, &w->assigned);
		w->paused = 1;
		log_debug("reading is paused until the database has caught up");
	}
	writer_collect(w);
	if (w->ending)
		return;
	if (store_is_idle(w->store)) {
		if (is_due(w, now_ms))
			hand_over(w);
		else if (w->replay == NULL)
			check_positions(w, now_ms);
	}
	if (w->paused && !batch_is_full(w->filling)) {
		consumer_resume(w->rk, w->options->topic, &w->assigned, 0);
		w->paused = 0;
		log_debug("reading goes on");
	}
}

void writer_drop(struct writer *w)
{
	batch_clear(w->filling);
	if (!store_is_idle(w->store))
		store_abandon(w->store);
}

void writer_flush(struct writer *w, int64_t budget_ms)
{
	int64_t left, until = clock_boot_ms() + budget_ms;

	while (!w->ending && (left = until - clock_boot_ms()) > 0 && !store_is_failing(w->store)) {
		if (!store_is_idle(w->store)) {
			if (!store_has_batch(w->store))
				store_abandon(w->store);
			store_wait(w->store, left < 100 ? (int)left : 100);
			writer_collect(w);
		} else if (batch_is_empty(w->filling)) {
			return;
		} else {
			hand_over(w);
		}
	}
	if (!batch_is_empty(w->filling) || !store_is_idle(w->store))
		log_warn("what is in memory is given up; it will be read again");
	writer_drop(w);
}
