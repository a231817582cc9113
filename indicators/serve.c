/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "commits.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "feed.h"
#include "ingest.h"
#include "lending.h"
#include "loader.h"
#include "observe.h"
#include "output.h"
#include "repair.h"
#include "rounds.h"
#include "start.h"

enum {
	POLL_MS = 100,
	BUSY_MS = 5,
	OUTSTANDING_MAX = 100000,
	COMMIT_MS = 1000,
	REVOKE_MS = 10000,
	END_MS = 2000
};

struct serve {
	const struct options *options;
	struct feed *feed;
	struct output *output;
	struct rounds *rounds;
	struct commits *commits;
	struct book *book;
	struct start *start;
	struct lending *lending; /* NULL: without a database */
	struct loader *loader;
	struct repair *repair;
	struct ingest *ingest;
	struct observe *observe;
	int64_t commit_due_ms;
	int exit_code;
};

static void fail(struct serve *s, const char *why, int exit_code)
{
	log_error(why);
	s->exit_code = exit_code;
}

/* ---------------------------------------------------------------- commits */

/* Commits what is done; not beyond what still waits to be computed from the table. */
static void commit(struct serve *s, int64_t now_ms, int is_last)
{
	const struct place_done *now;
	size_t n;

	rounds_settle(s->rounds, commits_moved, s->commits);
	if (!is_last && now_ms < s->commit_due_ms)
		return;
	s->commit_due_ms = now_ms + COMMIT_MS;
	for (size_t i = 0; i < commits_n(s->commits); i++) {
		int32_t partition = commits_partition(s->commits, i);

		commits_limit(s->commits, partition, repair_first(s->repair, partition));
	}
	now = commits_take(s->commits, &n);
	output_moved(s->output, now, n);
	if (n > 0) {
		FAULT("before_commit");
		feed_commit(s->feed, now, n, is_last);
	}
}

/* ---------------------------------------------------------------- an end of everything in memory
 */

static void forget(struct serve *s)
{
	struct err err;

	if (output_reset(s->output, &err))
		fail(s, err.text, EXIT_PERSON);
	rounds_clear(s->rounds);
	commits_clear(s->commits);
	ingest_clear(s->ingest);
	start_clear(s->start);
	if (lending_to(s->lending) != LENT_NONE)
		reader_cancel(lending_reader(s->lending));
	if (lending_to(s->lending) != LENT_LOADER)
		loader_clear(s->loader);
	if (lending_to(s->lending) != LENT_REPAIR)
		repair_clear(s->repair);
	book_clear(s->book);
}

/* Before the partitions are given back. */
static void finish(struct serve *s)
{
	if (!feed_has_lost(s->feed) && !output_broken(s->output)) {
		output_drain(s->output, REVOKE_MS);
		repair_settle(s->repair);
		commit(s, clock_boot_ms(), 1);
	}
	forget(s);
}

/* ---------------------------------------------------------------- where reading begins */

static void begin(struct serve *s, int by_table)
{
	size_t n;
	const struct part *parts = offsets_parts(feed_offsets(s->feed), &n);
	const int64_t *offsets = start_begin(s->start, s->feed, by_table);

	for (size_t i = 0; i < n && offsets; i++) {
		if (parts[i].is_out)
			continue;
		commits_begin(s->commits, parts[i].id, offsets[i]);
		/* Stored from the first moment on: a partition without a row never was. */
		output_moved(s->output, &(struct place_done){parts[i].id, offsets[i]}, 1);
	}
}

static int has_topic(struct serve *s, int64_t now_ms)
{
	struct err err;
	int has = output_has_topic(s->output, now_ms, &err);

	if (has < 0)
		fail(s, err.text, EXIT_PERSON);
	return has > 0;
}

static void start_step(struct serve *s, int64_t now_ms)
{
	if (!feed_is_starting(s->feed) || lending_to(s->lending) != LENT_NONE)
		return;
	if (!has_topic(s, now_ms) || !start_ask(s->start, s->feed, now_ms))
		return;
	if (s->lending)
		lending_lend(s->lending, LENT_START, start_job(s->start, s->options->store),
			     s->feed);
	else
		begin(s, 0);
}

/* ---------------------------------------------------------------- the database */

static void compute_piece(struct serve *s)
{
	struct entry *e = repair_entry(s->repair);

	output_begin(s->output, e->symbol, e->interval, repair_outstanding(s->repair));
	if (repair_feed(s->repair, output_value, s->output))
		window_compute(e->window, output_value, s->output);
}

static void take_job(struct serve *s)
{
	int is_given_up = 0;
	enum lent whose = lending_take(s->lending, s->feed, &is_given_up);
	size_t n;

	offsets_ends(feed_offsets(s->feed), &n);
	if (is_given_up) { /* it was for an assignment that is over */
		loader_clear(s->loader);
		repair_clear(s->repair);
	} else if (whose == LENT_START) {
		begin(s, 1);
	} else if (whose == LENT_LOADER) {
		loader_deliver(s->loader, s->book, n);
	} else if (whose == LENT_REPAIR) {
		compute_piece(s);
	} else if (whose == LENT_SKIPS) {
		lending_answer_skips(s->lending, s->feed);
	}
}

static void reader_step(struct serve *s, int64_t now_ms)
{
	struct reader_job *job;

	if (!s->lending)
		return;
	take_job(s);
	repair_settle(s->repair);
	if (lending_to(s->lending) != LENT_NONE || feed_is_starting(s->feed) ||
	    !loader_is_done(s->loader) || output_outstanding(s->output) > OUTSTANDING_MAX ||
	    lending_ask_skips(s->lending, s->feed, now_ms))
		return;
	job = repair_job(s->repair, now_ms);
	if (job)
		lending_lend(s->lending, LENT_REPAIR, job, s->feed);
}

/* ---------------------------------------------------------------- the loop */

static void check_tables(struct serve *s)
{
	const char *why = s->lending ? reader_unfit(lending_reader(s->lending)) : NULL;

	if (why)
		fail(s, why, EXIT_USAGE);
}

static void check(struct serve *s, int64_t now_ms)
{
	if (feed_is_fenced(s->feed))
		s->exit_code = EXIT_FENCED;
	check_tables(s);
	if (!output_broken(s->output) && !feed_has_changed(s->feed, now_ms))
		return;
	log_warn("beginning again from what is committed");
	forget(s);
	output_doubt_topic(s->output);
	feed_restart(s->feed);
}

static void await_topic(struct serve *s)
{
	while (!stop_requested() && s->exit_code == EXIT_DONE && !has_topic(s, clock_boot_ms())) {
		observe_waits(s->observe, "waiting for Kafka", clock_boot_ms());
		output_step(s->output, POLL_MS);
		check_tables(s);
	}
}

static void show(struct serve *s, int64_t now_ms)
{
	const struct observed now = {.feed = s->feed,
				     .sink = output_sink(s->output),
				     .rounds = s->rounds,
				     .commits = s->commits,
				     .book = s->book,
				     .loader = s->loader,
				     .repair = s->repair,
				     .reader = s->lending ? lending_reader(s->lending) : NULL,
				     .store = output_store(s->output),
				     .ingest = s->ingest};

	observe_turn(s->observe, &now, now_ms);
}

static void take_round(struct serve *s)
{
	int is_held = output_outstanding(s->output) > OUTSTANDING_MAX;

	if (!(is_held ? ingest_hold : ingest_round)(s->ingest))
		return;
	finish(s);
	feed_give_back(s->feed);
}

static void loop(struct serve *s)
{
	await_topic(s);
	while (!stop_requested() && s->exit_code == EXIT_DONE) {
		int64_t now = clock_boot_ms();

		feed_step(s->feed, now);
		output_step(s->output,
			    output_outstanding(s->output) > OUTSTANDING_MAX ? BUSY_MS : 0);
		commit(s, now, 0);
		show(s, now);
		reader_step(s, now);
		start_step(s, now);
		take_round(s);
		check(s, now);
	}
}

static int open_all(struct serve *s, const struct options *o, struct err *err)
{
	s->options = o;
	s->observe = observe_new(o->http);
	s->rounds = rounds_new();
	s->commits = commits_new();
	s->book = book_new();
	s->start = start_new();
	s->loader = loader_new(o);
	s->repair = repair_new(o);
	s->output = output_new(o, err);
	if (!s->output)
		return -1;
	if (!o->without_database) {
		s->lending = lending_new(o, err);
		if (!s->lending)
			return -1;
	}
	s->feed = feed_new(o, err);
	if (!s->feed)
		return -1;
	s->ingest = ingest_new(&(struct ingest_parts){.feed = s->feed,
						      .lending = s->lending,
						      .loader = s->loader,
						      .book = s->book,
						      .rounds = s->rounds,
						      .repair = s->repair,
						      .output = s->output});
	return 0;
}

static void close_all(struct serve *s)
{
	int is_closed;

	observe_free(s->observe);
	feed_free(s->feed);
	is_closed = output_free(s->output, END_MS);
	if ((s->lending && !lending_free(s->lending, END_MS)) || !is_closed)
		return; /* a thread may still write to what it was lent */
	start_free(s->start);
	loader_free(s->loader);
	repair_free(s->repair);
	ingest_free(s->ingest);
	rounds_free(s->rounds);
	commits_free(s->commits);
	book_free(s->book);
	free(s);
}

int serve(const struct options *o)
{
	struct serve *s = xcalloc(1, sizeof *s);
	struct err err = {0};
	int code = EXIT_USAGE;

	if (open_all(s, o, &err)) {
		log_error(err.text);
	} else {
		loop(s);
		observe_waits(s->observe, "stopping", clock_boot_ms());
		stop_watchdog((int)o->drain_seconds);
		finish(s);
		feed_close(s->feed);
		code = s->exit_code;
	}
	close_all(s);
	return code;
}
