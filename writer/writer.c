/* SPDX-License-Identifier: MIT */
#include "writer.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "lanes.h"

enum {
	POLL_MS = 100,
	POLL_BUSY_MS = 20,
	READ_AT_ONCE = 2000,
	WAIT_FOR_STORE_MS = 1000,
	GIVE_BACK_MS = 10000,
	STOP_STORE_MS = 1000,
	FLUSH_MS = 20,
	SETTLE_MS = 5000,
	RETAIN_FIRST_MS = 5000,
	RETAIN_MORE_MS = 1000,
	RETAIN_MS = 3600000
};

struct writer {
	const struct options *options;
	struct feed *feed;
	struct lanes *lanes;       /* the first one's store also answers the feed */
	struct pipeline *pipeline; /* theirs */
	struct tally *tally;
	struct observe *observe;      /* the caller's */
	const struct retention *keep; /* NULL: nothing is given up */
	int64_t retain_due_ms;
	int ending, exit_code; /* the first reason wins */
};

/* ---------------------------------------------------------------- store -> feed */

/* The database gets its next batch as soon as it has stored one, before Kafka is told about that:
 * neither waits for the other. That is safe: what is committed to Kafka is in the database,
 * whatever becomes of the batches after it. */
static void submit_batch(struct writer *w, size_t lane)
{
	lanes_submit(w->lanes, lane, feed_generation(w->feed));
}

/* While a lane is full, nothing is read for any. */
static int64_t due_in(const struct writer *w, size_t lane, int64_t now_ms)
{
	const struct partitions *ps = feed_partitions(w->feed);
	int64_t coming = partitions_are_done(ps) ? PIPELINE_NOTHING : 0;

	for (size_t i = 0; i < partitions_count(ps) && coming >= 0 && !lanes_are_full(w->lanes);
	     i++) {
		const struct partition *p = partitions_at(ps, i);

		if (pipeline_lane(w->pipeline, p->id) == lane)
			coming += feed_coming(w->feed, p);
	}
	return pipeline_due_in(w->pipeline, lane, coming, now_ms);
}

static int is_due(const struct writer *w, size_t lane, int64_t now_ms)
{
	return due_in(w, lane, now_ms) == 0;
}

/* Something else waits for the first store than a batch. */
static int is_asked_for(const struct writer *w, size_t lane, int64_t now_ms)
{
	return lane == 0 && (feed_asks_skips(w->feed, now_ms) ||
			     (w->keep != NULL && now_ms >= w->retain_due_ms));
}

static unsigned batch_stored(struct writer *w, size_t lane, const struct store_done *done)
{
	tally_add(w->tally, TALLY_BATCHES, 1);
	for (int i = 0; i < TALLY_COUNTERS; i++)
		tally_add(w->tally, (enum tally_counter)i, done->outcomes.n[i]);
	observe_batch(w->observe, done->work.batch, clock_boot_ms() - done->submitted_ms);
	if (done->work.generation != feed_generation(w->feed)) {
		pipeline_give_back(w->pipeline, done->work.batch);
		return FOLLOW_NOTHING;
	}
	feed_stored(w->feed, done->work.batch);
	pipeline_give_back(w->pipeline, done->work.batch);
	if (is_due(w, lane, clock_boot_ms()) && !is_asked_for(w, lane, clock_boot_ms()))
		submit_batch(w, lane);
	return feed_commit(w->feed, w->tally, clock_boot_ms());
}

static unsigned database_lost(struct writer *w, const struct store_done *done)
{
	if (done->work.generation != feed_generation(w->feed))
		return FOLLOW_NOTHING;
	tally_add(w->tally, TALLY_DATABASE_LOST, 1);
	log_warn(
		"the database has lost something (emptied, restored or failed over?); going back to where "
		"it stands",
		L_STR("what", done->err.text));
	return FOLLOW_RESTART;
}

static void retained(struct writer *w, const struct store_done *done, int64_t now_ms)
{
	w->retain_due_ms =
		now_ms + (done->retained.more || done->result == STORE_ABANDONED ? RETAIN_MORE_MS
										 : RETAIN_MS);
	if (done->result == STORE_UNKNOWN)
		log_warn("what is older than it is kept could not be given up; trying again in an "
			 "hour",
			 L_STR("error", done->err.text));
	retention_log(&done->retained);
}

/* What follows from the work that a store has finished, if it has. */
static unsigned collect(struct writer *w, size_t lane)
{
	struct store_done done;

	if (!store_collect(lanes_store(w->lanes, lane), &done))
		return FOLLOW_NOTHING;
	if (done.work.kind == STORE_BATCH && done.result == STORE_DONE)
		return batch_stored(w, lane, &done);
	if (done.work.kind == STORE_BATCH)
		pipeline_give_back(w->pipeline, done.work.batch);
	if (done.work.kind == STORE_RETAIN) {
		retained(w, &done, clock_boot_ms());
		return FOLLOW_NOTHING;
	}
	switch (done.result) {
	case STORE_DONE:
	case STORE_UNSURE:
		return feed_answer(w->feed, &done, w->tally, clock_boot_ms());
	case STORE_LOST:
		return database_lost(w, &done);
	case STORE_PERSON:
		log_error("stopping, because this needs a person", L_STR("error", done.err.text));
		return FOLLOW_PERSON;
	case STORE_ABANDONED:
	case STORE_UNKNOWN:
		break;
	}
	return FOLLOW_NOTHING;
}

/* ---------------------------------------------------------------- what follows */

static void end_by(struct writer *w, unsigned follow)
{
	static const struct {
		unsigned follow;
		int exit_code;
	} ends[] = {{FOLLOW_DONE, EXIT_DONE},
		    {FOLLOW_PERSON, EXIT_PERSON},
		    {FOLLOW_USAGE, EXIT_USAGE},
		    {FOLLOW_REPLACED, EXIT_FENCED}};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && !w->ending; i++) {
		if (follow & ends[i].follow) {
			w->ending = 1;
			w->exit_code = ends[i].exit_code;
		}
	}
}

static void restart(struct writer *w)
{
	lanes_drop(w->lanes);
	feed_restart(w->feed);
}

/* Brings a lane a step nearer to having nothing in memory. */
static void flush_lane(struct writer *w, size_t lane, int wait_ms)
{
	struct store *store = lanes_store(w->lanes, lane);
	unsigned follow;

	if (store_is_idle(store)) {
		submit_batch(w, lane);
		return;
	}
	if (!store_has_batch(store))
		store_abandon(store);
	store_wait(store, wait_ms);
	follow = collect(w, lane);
	end_by(w, follow);
	if (follow & FOLLOW_RESTART)
		restart(w);
}

/* Stores and commits what is in memory within the time; gives it up where the database is away. */
static void flush(struct writer *w, int64_t budget_ms)
{
	int64_t left, until = clock_boot_ms() + budget_ms;

	while (!w->ending && (left = until - clock_boot_ms()) > 0 && !lanes_are_failing(w->lanes) &&
	       !lanes_are_empty(w->lanes)) {
		for (size_t i = 0; i < lanes_count(w->lanes); i++)
			flush_lane(w, i, left < FLUSH_MS ? (int)left : FLUSH_MS);
	}
	if (!lanes_are_empty(w->lanes))
		log_warn("what is in memory is given up; it will be read again");
	lanes_drop(w->lanes);
}

/* Does what a part asked for. */
static void act(struct writer *w, unsigned follow)
{
	end_by(w, follow);
	if (follow & FOLLOW_RESTART)
		restart(w);
	if (follow & FOLLOW_GIVE_BACK) {
		flush(w, GIVE_BACK_MS);
		feed_settle(w->feed, w->tally, clock_boot_ms() + SETTLE_MS);
	}
	if (follow & FOLLOW_LOST)
		lanes_drop(w->lanes);
	if (follow & (FOLLOW_GIVE_BACK | FOLLOW_LOST))
		feed_give_back(w->feed);
}

/* ---------------------------------------------------------------- feed -> pipeline */

static unsigned take(struct writer *w, const struct arrival *a, int64_t now_ms)
{
	struct err why;
	int kind = pipeline_take(w->pipeline, a, now_ms, &why);

	if (kind == PIPELINE_FLOOD)
		return FOLLOW_PERSON;
	if (kind == INTAKE_HALT)
		feed_halt(w->feed, a, &why);
	else
		feed_took(w->feed, a, kind == INTAKE_DEAD);
	return FOLLOW_NOTHING;
}

/* Polls for at most wait_ms, then takes what is there until the batch is full. Where it is, and
 * nothing is fetched, the poll is for the group, which wants answers. */
static unsigned read_feed(struct writer *w, int wait_ms)
{
	unsigned follow = FOLLOW_NOTHING;
	struct arrival a;
	int64_t now_ms = 0;
	int most = feed_is_paused(w->feed) ? 1 : READ_AT_ONCE;

	for (int i = 0; i < most && !follow && (most == 1 || !lanes_are_full(w->lanes)); i++) {
		if (!feed_poll(w->feed, i == 0 ? wait_ms : 0, &a, &follow))
			break;
		if (i == 0)
			now_ms = clock_boot_ms();
		if (a.next > a.from)
			follow |= take(w, &a, now_ms);
	}
	return follow;
}

/* ---------------------------------------------------------------- the loop */

static void submit_due(struct writer *w, int64_t now_ms)
{
	for (size_t i = 0; i < lanes_count(w->lanes); i++) {
		if (store_is_idle(lanes_store(w->lanes, i)) && is_due(w, i, now_ms) &&
		    !is_asked_for(w, i, now_ms))
			submit_batch(w, i);
	}
}

/* A full batch and a busy store: waits a moment for it; then nothing more is fetched until it is
 * done. */
static void make_room(struct writer *w, size_t lane)
{
	struct store *store = lanes_store(w->lanes, lane);

	if (pipeline_is_full(w->pipeline, lane) && !store_is_idle(store) &&
	    (store_is_failing(store) || !store_wait(store, WAIT_FOR_STORE_MS)))
		feed_pause(w->feed, 1);
}

/* Gives idle stores their next work: what is due of a batch, or what the feed wants to know. */
static void submit(struct writer *w, int64_t now_ms)
{
	struct store *first = lanes_store(w->lanes, 0);
	struct store_work work;

	if (store_is_idle(first) && feed_asks_skips(w->feed, now_ms)) {
		feed_ask_skips(w->feed, now_ms, &work);
		store_submit(first, work);
	}
	if (store_is_idle(first) && is_asked_for(w, 0, now_ms))
		store_submit(first, (struct store_work){.kind = STORE_RETAIN, .keep = w->keep});
	submit_due(w, now_ms);
	if (lanes_are_idle(w->lanes) &&
	    feed_ask(w->feed, pipeline_is_empty(w->pipeline), now_ms, &work))
		store_submit(first, work);
}

/* How long a poll of Kafka may wait before something else is due. */
static int wait_ms(const struct writer *w, int64_t now_ms)
{
	int64_t due, most = POLL_MS;

	for (size_t i = 0; i < lanes_count(w->lanes); i++) {
		const struct store *store = lanes_store(w->lanes, i);

		if (store_is_failing(store))
			continue;
		due = store_is_idle(store) ? due_in(w, i, now_ms) : POLL_BUSY_MS;
		if (due < most)
			most = due;
	}
	due = feed_due_in(w->feed, now_ms);
	return (int)(due < most && lanes_are_idle(w->lanes) ? due : most);
}

static void turn(struct writer *w)
{
	int64_t now = clock_boot_ms();

	act(w, feed_join(w->feed, now));
	submit_due(w, now); /* before one lane waits for its store */
	for (size_t i = 0; i < lanes_count(w->lanes); i++) {
		make_room(w, i);
		act(w, collect(w, i));
	}
	if (w->ending)
		return;
	submit(w, now);
	if (!lanes_are_full(w->lanes))
		feed_pause(w->feed, 0);
	act(w, feed_commit(w->feed, w->tally, now));
	act(w, feed_report(w->feed, w->tally, now));
	if (w->ending)
		return;
	feed_keep_fetching(w->feed, now);
	observe_turn(w->observe, w->feed, w->pipeline, w->tally, lanes_are_failing(w->lanes), now);
	act(w, read_feed(w, wait_ms(w, now)));
}

/* The watchdog bounds it all; each part has its share. */
static void drain(struct writer *w)
{
	int64_t left = feed_left(w->feed);

	stop_watchdog((int)w->options->drain_seconds);
	observe_waits(w->observe, "stopping");
	if (!w->ending)
		flush(w, w->options->drain_seconds * 1000 / 2);
	feed_settle(w->feed, w->tally, clock_boot_ms() + SETTLE_MS);
	w->exit_code = feed_exit_code(w->feed, w->exit_code, w->tally, clock_boot_ms());
	lanes_drop(w->lanes);
	feed_close(w->feed);
	tally_log(w->tally, clock_boot_ms(), left, 1);
}

static void writer_free(struct writer *w)
{
	if (!lanes_free(w->lanes, STOP_STORE_MS))
		return; /* a thread may still hold what the feed lent to it */
	feed_free(w->feed);
	tally_free(w->tally);
	free(w);
}

int writer_run(const struct options *o, struct feed *feed, struct cursor cursor,
	       const struct retention *keep, struct observe *observe)
{
	struct writer *w = xcalloc(1, sizeof(*w));
	struct err err;
	int code = EXIT_PERSON;

	alloc_keep_freed();
	w->options = o;
	w->keep = keep;
	w->retain_due_ms = clock_boot_ms() + RETAIN_FIRST_MS;
	w->feed = feed;
	w->observe = observe;
	w->tally = tally_new(clock_boot_ms());
	w->lanes = lanes_new(o, cursor, w->tally, &err);
	if (w->lanes == NULL) {
		log_error(err.text);
	} else {
		w->pipeline = lanes_pipeline(w->lanes);
		while (!w->ending && !stop_requested())
			turn(w);
		drain(w);
		code = w->exit_code;
	}
	writer_free(w);
	return code;
}
