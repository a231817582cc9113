/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/least.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "indicators/database/loader.h"
#include "indicators/database/reader.h"
#include "indicators/database/repair.h"
#include "indicators/feed/commits.h"
#include "indicators/feed/feed.h"
#include "indicators/feed/start.h"
#include "indicators/output/output.h"
#include "indicators/series/book.h"
#include "ingest.h"
#include "observe.h"
#include "process.h"

enum {
	POLL_MS = 100,
	BUSY_MS = 5,
	OUTSTANDING_MAX = 100000,
	COMMIT_MS = 1000,
	REVOKE_MS = 10000,
	END_MS = 2000,
	OTHERS_MS = 60000
};

static void fail(struct process *p, const char *why, int exit_code)
{
	log_error(why);
	p->exit_code = exit_code;
}

/* ---------------------------------------------------------------- commits */

/* Commits what is done; not beyond what still waits to be computed from the table. */
static void commit(struct process *p, int64_t now_ms, int is_last)
{
	const struct part *parts;
	const struct consumer_place *now;
	size_t n;

	commits_settle(p->commits);
	if (!is_last && now_ms < p->commit_due_ms)
		return;
	p->commit_due_ms = now_ms + COMMIT_MS;
	parts = offsets_parts(feed_offsets(p->feed), &n);
	for (size_t i = 0; i < n; i++)
		commits_limit(p->commits, parts[i].id, repair_first(p->repair, parts[i].id));
	now = commits_take(p->commits, &n);
	output_moved(p->output, now, n);
	if (n > 0) {
		FAULT("before_commit");
		feed_commit(p->feed, now, n, is_last);
	}
}

/* ---------------------------------------------------------------- an end of everything in memory
 */

static void forget(struct process *p)
{
	enum reader_use lent = reader_use(p->reader);
	struct err err;

	if (output_reset(p->output, &err))
		fail(p, err.text, EXIT_PERSON);
	commits_clear(p->commits);
	ingest_clear(p->ingest);
	start_clear(p->start);
	if (lent != READER_FREE)
		reader_cancel(p->reader);
	if (lent != READER_LOADER)
		loader_clear(p->loader);
	if (lent != READER_REPAIR)
		repair_clear(p->repair);
	book_clear(p->book);
}

/* Before the partitions are given back. */
static void finish(struct process *p)
{
	if (!feed_has_lost(p->feed) && !output_broken(p->output)) {
		output_drain(p->output, REVOKE_MS);
		repair_settle(p->repair);
		commit(p, clock_boot_ms(), 1);
	}
	forget(p);
}

/* ---------------------------------------------------------------- where reading begins */

static void begin(struct process *p, int by_table)
{
	size_t n;
	const struct consumer_place *places = start_begin(p->start, p->feed, by_table, &n);

	for (size_t i = 0; i < n; i++)
		commits_begin(p->commits, places[i]);
	/* Stored from the first moment on: a partition without a row never was. */
	output_moved(p->output, places, n);
}

static int has_topic(struct process *p, int64_t now_ms)
{
	struct err err;
	int has = output_has_topic(p->output, now_ms, &err);

	if (has < 0)
		fail(p, err.text, EXIT_PERSON);
	return has > 0;
}

static void start_step(struct process *p, int64_t now_ms)
{
	if (!feed_is_starting(p->feed) || reader_use(p->reader) != READER_FREE)
		return;
	if (!has_topic(p, now_ms) || !start_ask(p->start, p->feed, now_ms))
		return;
	if (p->reader)
		reader_submit(p->reader, start_job(p->start, p->options->store));
	else
		begin(p, 0);
}

/* ---------------------------------------------------------------- the database */

/* Nothing is stored behind a message that halts its partition. */
static void expect(const struct process *p)
{
	const struct halts *halts = feed_halts(p->feed);
	size_t n;
	const struct part *parts = offsets_parts(feed_offsets(p->feed), &n);

	for (size_t i = 0; i < n; i++)
		reader_expect(p->reader, parts[i].id, halts_bound(halts, parts[i].id),
			      p->options->stall_s * 1000);
}

/* What halts those of other processes is not known here, and only where partitions were added do
 * they matter. */
static void expect_others(const struct process *p)
{
	size_t n;

	offsets_ends(feed_offsets(p->feed), &n);
	for (size_t i = 0; i < n; i++)
		reader_expect(p->reader, (int32_t)i, INT64_MAX,
			      least(p->options->stall_s * 1000, OTHERS_MS));
}

static void compute_piece(struct process *p)
{
	struct entry *e = repair_entry(p->repair);

	output_begin(p->output, e->symbol, e->interval, repair_outstanding(p->repair));
	if (repair_feed(p->repair, output_value, p->output))
		window_compute(e->window, output_value, p->output);
}

static void take_job(struct process *p, const struct reader_job *job)
{
	if (job->is_given_up) { /* it was for an assignment that is over */
		loader_clear(p->loader);
		repair_clear(p->repair);
		return;
	}
	switch (job->use) {
	case READER_FREE:
	case READER_TABLES:
		break;
	case READER_START:
		expect_others(p);
		begin(p, 1);
		break;
	case READER_LOADER:
		loader_deliver(p->loader, p->book);
		break;
	case READER_REPAIR:
		compute_piece(p);
		break;
	case READER_HALTS:
		feed_pass(p->feed);
		break;
	}
}

/* While windows are waited for: what halts a partition may lie behind what is read before they are
 * there. */
static void look(struct process *p, int64_t now_ms)
{
	struct consumer_place late;

	late.partition = reader_late(p->reader, &late.offset);
	if (!offsets_part(feed_offsets(p->feed), late.partition))
		late.partition = -1;
	halts_look(feed_halts(p->feed), late, now_ms);
}

static struct reader_job *next_job(struct process *p, int64_t now_ms)
{
	struct reader_job *job;
	size_t n;

	if (feed_is_starting(p->feed) || output_outstanding(p->output) > OUTSTANDING_MAX)
		return NULL;
	if (!loader_is_done(p->loader)) {
		const int64_t *ends = offsets_ends(feed_offsets(p->feed), &n);

		return loader_job(p->loader, ends, n);
	}
	job = halts_job(feed_halts(p->feed), now_ms);
	return job ? job : repair_job(p->repair, now_ms);
}

static void reader_step(struct process *p, int64_t now_ms)
{
	struct reader_job *job;

	if (!p->reader)
		return;
	job = reader_take(p->reader);
	if (job)
		take_job(p, job);
	repair_settle(p->repair);
	expect(p);
	if (reader_use(p->reader) == READER_FREE) {
		job = next_job(p, now_ms);
		if (job)
			reader_submit(p->reader, job);
	} else if (!loader_is_done(p->loader)) {
		look(p, now_ms);
	}
}

/* ---------------------------------------------------------------- the loop */

static void check_tables(struct process *p)
{
	const char *why = p->reader ? reader_unfit(p->reader) : NULL;

	if (why)
		fail(p, why, EXIT_USAGE);
}

static void check(struct process *p, int64_t now_ms)
{
	if (feed_is_fenced(p->feed))
		p->exit_code = EXIT_FENCED;
	check_tables(p);
	if (!output_broken(p->output) && !feed_has_changed(p->feed, now_ms))
		return;
	log_warn("beginning again from what is committed");
	forget(p);
	output_doubt_topic(p->output);
	feed_restart(p->feed);
}

static void await_topic(struct process *p)
{
	while (!stop_requested() && p->exit_code == EXIT_DONE && !has_topic(p, clock_boot_ms())) {
		observe_waits(p->observe, "waiting for Kafka", clock_boot_ms());
		output_step(p->output, POLL_MS);
		check_tables(p);
	}
}

static void take_round(struct process *p)
{
	if (!ingest_round(p->ingest, output_outstanding(p->output) > OUTSTANDING_MAX))
		return;
	finish(p);
	feed_give_back(p->feed);
}

static void loop(struct process *p)
{
	await_topic(p);
	while (!stop_requested() && p->exit_code == EXIT_DONE) {
		int64_t now = clock_boot_ms();

		feed_step(p->feed, now);
		output_step(p->output,
			    output_outstanding(p->output) > OUTSTANDING_MAX ? BUSY_MS : 0);
		commit(p, now, 0);
		observe_turn(p->observe, p, now);
		reader_step(p, now);
		start_step(p, now);
		take_round(p);
		check(p, now);
	}
}

static int open_all(struct process *p, const struct options *o, struct err *err)
{
	p->options = o;
	p->observe = observe_new(o->http);
	p->commits = commits_new();
	p->book = book_new();
	p->start = start_new();
	p->loader = loader_new(o);
	p->repair = repair_new(o);
	p->ingest = ingest_new(p);
	p->output = output_new(o, err);
	if (!p->output)
		return -1;
	if (!o->without_database) {
		p->reader = reader_new(o->database, o->topic, err);
		if (!p->reader)
			return -1;
	}
	p->feed = feed_new(o, err);
	return p->feed ? 0 : -1;
}

static void close_all(struct process *p)
{
	int is_closed;

	observe_free(p->observe);
	is_closed = output_free(p->output, END_MS);
	if (!reader_free(p->reader, END_MS) || !is_closed)
		return; /* a thread may still write to what it was lent */
	feed_free(p->feed);
	start_free(p->start);
	loader_free(p->loader);
	repair_free(p->repair);
	ingest_free(p->ingest);
	commits_free(p->commits);
	book_free(p->book);
	free(p);
}

int serve(const struct options *o)
{
	struct process *p = xcalloc(1, sizeof *p);
	struct err err = {0};
	int code = EXIT_USAGE;

	if (open_all(p, o, &err)) {
		log_error(err.text);
	} else {
		loop(p);
		observe_waits(p->observe, "stopping", clock_boot_ms());
		stop_watchdog((int)o->drain_seconds);
		finish(p);
		feed_close(p->feed);
		code = p->exit_code;
	}
	close_all(p);
	return code;
}
