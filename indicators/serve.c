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
#include "loader.h"
#include "observe.h"
#include "output.h"
#include "reader.h"
#include "repair.h"
#include "rounds.h"
#include "start.h"

enum {
	POLL_MS = 100,
	BUSY_MS = 5, /* while something is awaited */
	ROUND_MESSAGES = 2000,
	OUTSTANDING_MAX = 100000,
	COMMIT_MS = 1000,
	REVOKE_MS = 10000,
	SAY_MS = 10000,
	TALLY_MS = 60000,
	READER_MS = 2000,
	LETTER_MS = 2000,
	PAUSE_MS = 5000,
	OTHERS_MS = 60000
};

/* Whose job the reader has. */
enum lent { LENT_NONE, LENT_TABLES, LENT_START, LENT_LOADER, LENT_REPAIR, LENT_LETTER };

struct serve {
	const struct options *options;
	struct feed *feed;
	struct output *output;
	struct rounds *rounds;
	struct commits *commits;
	struct book *book;
	struct start *start;
	struct reader *reader; /* NULL: without a database */
	struct loader *loader;
	struct repair *repair;
	struct observe *observe;
	struct reader_job tables_job; /* nothing: whether the tables are fit shows at once */
	struct reader_job letter_job;
	struct table_letter letter;
	int64_t letter_due_ms;
	int has_topic; /* of the indicators */
	int64_t topic_due_ms;
	enum lent lent;
	struct feed_item *items; /* read, and not taken yet */
	size_t items_n, items_cap;
	int64_t held_since_ms; /* nothing was taken of what is read; 0: it is taken */
	int is_paused;
	int64_t commit_due_ms, tally_due_ms;
	int64_t messages, untold, tallied_messages, tallied_sent;
	struct log_throttle say_topic, say_dropped;
	int exit_code;
};

/* Nothing is stored behind a message that halts its partition. */
static void expect(struct serve *s)
{
	size_t n;
	const struct part *parts = feed_parts(s->feed, &n);

	for (size_t i = 0; i < n; i++)
		reader_expect(s->reader, parts[i].id, feed_reads_to(s->feed, parts[i].id),
			      s->options->stall_s * 1000);
}

/* What halts those of other processes is not known here, and only where partitions were added do
 * they matter. */
static void expect_others(struct serve *s)
{
	size_t n;
	int64_t patience_ms = s->options->stall_s * 1000;

	feed_ends(s->feed, &n);
	for (size_t i = 0; i < n; i++)
		reader_expect(s->reader, (int32_t)i, INT64_MAX,
			      patience_ms < OTHERS_MS ? patience_ms : OTHERS_MS);
}

static void lend(struct serve *s, enum lent whose, struct reader_job *job)
{
	expect(s);
	s->lent = whose;
	reader_submit(s->reader, job);
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

static int keep_none(void *of, const struct entry *e)
{
	(void)of;
	(void)e;
	return 0;
}

static void forget(struct serve *s)
{
	struct err err;

	if (output_reset(s->output, &err)) {
		log_error(err.text);
		s->exit_code = EXIT_PERSON;
	}
	rounds_clear(s->rounds);
	commits_clear(s->commits);
	s->items_n = 0;
	s->is_paused = 0;
	start_clear(s->start);
	s->held_since_ms = 0;
	if (s->lent != LENT_NONE)
		reader_cancel(s->reader);
	if (s->lent != LENT_LOADER)
		loader_clear(s->loader);
	if (s->lent != LENT_REPAIR)
		repair_clear(s->repair);
	book_filter(s->book, keep_none, NULL);
}

/* Waits until the topic has what is outstanding. */
static void drain(struct sink *sink, int64_t budget_ms)
{
	int64_t until = clock_boot_ms() + budget_ms;

	while (sink_outstanding(sink) > 0 && !sink_is_broken(sink) && clock_boot_ms() < until)
		sink_poll(sink, BUSY_MS);
}

static void revoked(void *owner, int is_lost)
{
	struct serve *s = owner;

	if (!is_lost && !output_broken(s->output)) {
		drain(output_sink(s->output), REVOKE_MS);
		repair_settle(s->repair);
		commit(s, clock_boot_ms(), 1);
	}
	forget(s);
}

/* ---------------------------------------------------------------- where reading begins */

static void begin(struct serve *s, int by_table)
{
	size_t n;
	const struct part *parts = feed_parts(s->feed, &n);
	const int64_t *offsets = start_begin(s->start, s->feed, by_table);

	for (size_t i = 0; i < n && offsets; i++) {
		if (parts[i].is_out)
			continue;
		commits_begin(s->commits, parts[i].id, offsets[i]);
		/* Stored from the first moment on: a partition without a row never was. */
		output_moved(s->output, &(struct place_done){parts[i].id, offsets[i]}, 1);
	}
}

/* Whether the topic of the indicators is there, and not one that would lose them: asked at the
 * start, and again when something could not be published, for somebody may have deleted it. */
static int has_topic(struct serve *s, int64_t now_ms)
{
	struct err err;

	if (s->has_topic || now_ms < s->topic_due_ms)
		return s->has_topic;
	s->topic_due_ms = now_ms + POLL_MS;
	s->has_topic = sink_topic_ensure(output_sink(s->output), &err) == 0;
	if (s->has_topic)
		return 1;
	if (err.class == ERR_FATAL) {
		log_error(err.text);
		s->exit_code = EXIT_PERSON;
	} else {
		LOG_EVERY(&s->say_topic, now_ms, SAY_MS, LOG_INFO, "waiting for Kafka",
			  L_STR("error", err.text));
	}
	return 0;
}

static void start_step(struct serve *s, int64_t now_ms)
{
	if (!feed_is_starting(s->feed) || s->lent != LENT_NONE)
		return;
	if (!has_topic(s, now_ms) || !start_ask(s->start, s->feed, now_ms))
		return;
	if (s->reader)
		lend(s, LENT_START, start_job(s->start, s->options->store));
	else
		begin(s, 0);
}

/* ---------------------------------------------------------------- values */

static void compute(struct serve *s, struct entry *e, int64_t *outstanding)
{
	output_begin(s->output, e->symbol, e->interval, outstanding);
	window_compute(e->window, output_value, s->output);
}

/* ---------------------------------------------------------------- a round */

static void say_dropped(struct serve *s, const struct feed_item *item)
{
	s->untold++;
	LOG_EVERY(&s->say_dropped, clock_boot_ms(), TALLY_MS, LOG_WARN,
		  "a candle is older than what is in memory, and there is no database to "
		  "compute from: its indicators stay as they are",
		  L_STR("symbol", item->symbol), L_TIME("timestamp", item->in.bar.timestamp_ms));
}

/* What was there when the partition came here: every snapshot holds it. */
static int was_there(const struct serve *s, const struct feed_item *item)
{
	const struct part *part = feed_part(s->feed, item->partition);

	return part && item->offset < part->high;
}

/* A symbol whose messages go to a partition of another process is that one's, since partitions were
 * added. But what was left unpublished in its old one, nobody else reads. */
static int is_ours(const struct serve *s, const struct feed_item *item)
{
	return feed_owns(s->feed, item->symbol) || (s->reader && was_there(s, item));
}

static void take(struct serve *s, struct feed_item *item)
{
	struct entry *e = book_find(s->book, item->symbol, item->interval);
	const struct part *part;
	struct span older;
	int news;

	s->messages += item->symbol[0] != '\0';
	rounds_take(s->rounds, item->partition, item->offset, item->appended_ms);
	if (!e || !is_ours(s, item))
		return;
	part = feed_part(s->feed, item->partition);
	item->in.is_again = s->reader && (item->offset < e->again_below || was_there(s, item));
	item->in.is_fresh = part && item->offset >= part->high && !item->in.is_again;
	news = window_apply(e->window, &item->in, &older);
	/* Without a database what is published is read for what it says to what follows. */
	if (!s->reader && part && item->offset < part->committed) {
		window_pass(e->window);
		return;
	}
	if (news & WINDOW_CHANGED)
		book_note(s->book, e);
	if (!(news & WINDOW_OLDER))
		return;
	if (s->reader)
		repair_note(s->repair, e, older, item, clock_boot_ms());
	else
		say_dropped(s, item);
}

static void take_items(struct serve *s)
{
	struct entry *e;

	for (size_t i = 0; i < s->items_n; i++)
		take(s, &s->items[i]);
	while ((e = book_noted(s->book)) != NULL)
		compute(s, e, rounds_outstanding(s->rounds));
	if (s->items_n > 0)
		rounds_close(s->rounds);
	s->items_n = 0;
}

static struct feed_item *next_item(struct serve *s)
{
	GROW(s->items, s->items_n, s->items_cap);
	return &s->items[s->items_n];
}

/* Reads what is there. */
static void read_items(struct serve *s, int wait_ms)
{
	for (struct feed_item *item = next_item(s);
	     (s->items_n < ROUND_MESSAGES || s->is_paused) &&
	     feed_poll(s->feed, s->items_n ? 0 : wait_ms, item);
	     item = next_item(s)) {
		s->items_n++;
		if (item->symbol[0] && !book_find(s->book, item->symbol, item->interval) &&
		    is_ours(s, item))
			loader_want(s->loader, item->symbol, item->interval);
	}
}

/* Nothing is taken for now; after a while nothing is fetched either, and a poll is for the group
 * alone. (Not at once: a pause that overtakes the start of a fetch can undo it.) */
static void hold_back(struct serve *s)
{
	if (s->held_since_ms == 0)
		s->held_since_ms = clock_boot_ms();
	if (s->is_paused || clock_boot_ms() - s->held_since_ms <= PAUSE_MS)
		return;
	s->is_paused = 1;
	feed_pause(s->feed, 1);
}

/* What is out there comes first. The group wants answers all the same. */
static void hold_round(struct serve *s)
{
	hold_back(s);
	if (s->is_paused)
		read_items(s, 0);
}

/* The series that are wanted: their windows come from the table, before their messages are taken.
 */
static void load_step(struct serve *s)
{
	size_t n;
	const int64_t *ends = feed_ends(s->feed, &n);

	if (!s->reader) {
		loader_deliver_empty(s->loader, s->book);
		return;
	}
	hold_back(s);
	if (s->lent == LENT_NONE)
		lend(s, LENT_LOADER, loader_job(s->loader, ends, n));
	else
		expect(s); /* a partition may have been halted meanwhile */
}

static void read_round(struct serve *s)
{
	int busy = output_outstanding(s->output) > 0 || s->lent != LENT_NONE;
	size_t had = s->items_n;

	read_items(s, busy ? BUSY_MS : POLL_MS);
	if (s->lent != LENT_NONE && s->items_n == had && had > 0)
		reader_wait(s->reader, BUSY_MS); /* (the poll did not wait) */
	if (!loader_is_done(s->loader))
		load_step(s);
	if (!loader_is_done(s->loader))
		return;
	s->held_since_ms = 0;
	if (s->is_paused) {
		s->is_paused = 0;
		feed_pause(s->feed, 0);
	}
	take_items(s);
}

/* ---------------------------------------------------------------- the database */

static void job_is_back(struct serve *s, enum lent whose)
{
	size_t n;

	feed_ends(s->feed, &n);
	if (whose == LENT_START) {
		expect_others(s);
		begin(s, 1);
	}
	if (whose == LENT_LOADER)
		loader_deliver(s->loader, s->book, n);
	if (whose == LENT_LETTER && s->letter.is_skipped)
		feed_pass(s->feed, s->letter.partition, s->letter.offset);
	if (whose == LENT_REPAIR) {
		struct entry *e = repair_entry(s->repair);

		output_begin(s->output, e->symbol, e->interval, repair_outstanding(s->repair));
		if (repair_feed(s->repair, output_value, s->output))
			compute(s, e, repair_outstanding(s->repair));
	}
}

/* Asks whether somebody has skipped the message that halts a partition (gapless-writer skip). */
static struct reader_job *letter_job(struct serve *s, int64_t now_ms)
{
	struct table_letter *l = &s->letter;

	if (now_ms < s->letter_due_ms ||
	    !feed_halted(s->feed, &l->partition, &l->offset, &l->bytes))
		return NULL;
	s->letter_due_ms = now_ms + LETTER_MS;
	s->letter_job = (struct reader_job){.letter = l};
	return &s->letter_job;
}

static void reader_step(struct serve *s, int64_t now_ms)
{
	struct reader_job *job;
	enum lent whose = s->lent;

	if (!s->reader)
		return;
	job = reader_take(s->reader);
	if (job) {
		s->lent = LENT_NONE;
		if (job->is_given_up) { /* it was for an assignment that is over */
			loader_clear(s->loader);
			repair_clear(s->repair);
		} else {
			job_is_back(s, whose);
		}
	}
	repair_settle(s->repair);
	if (s->lent != LENT_NONE || feed_is_starting(s->feed) || !loader_is_done(s->loader) ||
	    output_outstanding(s->output) > OUTSTANDING_MAX)
		return;
	job = letter_job(s, now_ms);
	if (job) {
		lend(s, LENT_LETTER, job);
		return;
	}
	job = repair_job(s->repair, now_ms);
	if (job)
		lend(s, LENT_REPAIR, job);
}

/* ---------------------------------------------------------------- the loop */

static void tally(struct serve *s, int64_t now_ms)
{
	if (now_ms < s->tally_due_ms)
		return;
	s->tally_due_ms = now_ms + TALLY_MS;
	if (s->messages > s->tallied_messages)
		log_info("indicators", L_INT("candles", s->messages - s->tallied_messages),
			 L_INT("published", sink_sent(output_sink(s->output)) - s->tallied_sent),
			 L_INT("series", book_n(s->book)),
			 L_INT("window_bytes", book_bytes(s->book)),
			 L_INT("series_to_compute_from_the_table", repair_waiting(s->repair)));
	s->tallied_messages = s->messages;
	s->tallied_sent = sink_sent(output_sink(s->output));
}

static void check_tables(struct serve *s)
{
	const char *why = s->reader ? reader_unfit(s->reader) : NULL;

	if (!why)
		return;
	log_error(why);
	s->exit_code = EXIT_USAGE;
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
	s->has_topic = 0;
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
				     .reader = s->reader,
				     .store = output_store(s->output),
				     .items = s->items,
				     .items_n = s->items_n,
				     .messages = s->messages,
				     .too_old = s->untold};

	observe_turn(s->observe, &now, now_ms);
}

static void loop(struct serve *s)
{
	if (s->reader)
		lend(s, LENT_TABLES, &s->tables_job);
	await_topic(s);
	while (!stop_requested() && s->exit_code == EXIT_DONE) {
		int64_t now = clock_boot_ms();

		feed_step(s->feed, now);
		output_step(s->output,
			    output_outstanding(s->output) > OUTSTANDING_MAX ? BUSY_MS : 0);
		commit(s, now, 0);
		tally(s, now);
		show(s, now);
		reader_step(s, now);
		start_step(s, now);
		if (output_outstanding(s->output) <= OUTSTANDING_MAX)
			read_round(s);
		else
			hold_round(s);
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
		s->reader = reader_new(o->database, o->topic, err);
		if (!s->reader)
			return -1;
	}
	s->feed = feed_new(o, (struct feed_owner){revoked, s}, err);
	return s->feed ? 0 : -1;
}

static void close_all(struct serve *s)
{
	int is_closed;

	observe_free(s->observe);
	feed_free(s->feed);
	is_closed = output_free(s->output, READER_MS);
	if (!reader_free(s->reader, READER_MS) || !is_closed)
		return; /* a thread may still write to what it was lent */
	start_free(s->start);
	loader_free(s->loader);
	repair_free(s->repair);
	rounds_free(s->rounds);
	commits_free(s->commits);
	book_free(s->book);
	free(s->items);
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
		feed_close(s->feed);
		code = s->exit_code;
	}
	close_all(s);
	return code;
}
