/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <stdlib.h>

#include "book.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "feed.h"
#include "rounds.h"
#include "sink.h"

enum {
	POLL_MS = 100,
	BUSY_MS = 5, /* while acknowledgements are awaited */
	ROUND_MESSAGES = 2000,
	OUTSTANDING_MAX = 100000,
	COMMIT_MS = 1000,
	REVOKE_MS = 10000,
	TALLY_MS = 60000
};

struct serve {
	const struct options *options;
	struct feed *feed;
	struct sink *sink;
	struct rounds *rounds;
	struct book *book;
	const struct entry *computing;
	struct feed_place *free_places; /* what may be committed */
	size_t places_n;
	int64_t commit_due_ms, tally_due_ms;
	int64_t messages, tallied_messages, tallied_sent;
	int is_closing;
	int exit_code;
};

/* ---------------------------------------------------------------- commits */

static void place_moved(void *to, int32_t partition, int64_t next)
{
	struct serve *s = to;
	size_t i;

	for (i = 0; i < s->places_n && s->free_places[i].partition != partition; i++)
		;
	if (i == s->places_n) {
		s->free_places = xreallocarray(s->free_places, i + 1, sizeof *s->free_places);
		s->places_n++;
	}
	s->free_places[i] = (struct feed_place){partition, next};
}

static void commit(struct serve *s, int64_t now_ms, int is_last)
{
	rounds_settle(s->rounds, place_moved, s);
	if (!is_last && now_ms < s->commit_due_ms)
		return;
	s->commit_due_ms = now_ms + COMMIT_MS;
	feed_commit(s->feed, s->free_places, s->places_n, is_last);
	s->places_n = 0;
}

/* Waits for what is outstanding. */
static void drain(struct serve *s, int64_t budget_ms)
{
	int64_t until = clock_boot_ms() + budget_ms;

	while (sink_outstanding(s->sink) > 0 && !sink_is_broken(s->sink) && clock_boot_ms() < until)
		sink_poll(s->sink, BUSY_MS);
}

static int keep_none(void *of, const struct entry *e)
{
	(void)of;
	(void)e;
	return 0;
}

static void revoked(void *owner, int is_lost)
{
	struct serve *s = owner;

	if (!is_lost) {
		drain(s, REVOKE_MS);
		commit(s, clock_boot_ms(), 1);
	}
	s->places_n = 0;
	book_filter(s->book, keep_none, NULL);
}

/* ---------------------------------------------------------------- a round */

static struct entry *entry_of(struct serve *s, const struct feed_item *item)
{
	struct entry *e = book_find(s->book, item->symbol, item->interval);
	struct set set;

	if (e)
		return e;
	set_of_interval(&s->options->set, item->interval, &set);
	if (set.n == 0)
		return NULL;
	return book_add(s->book, item->symbol, item->interval, window_new(&set, item->interval));
}

static void take(struct serve *s, const struct feed_item *item)
{
	struct entry *e = entry_of(s, item);
	struct span older;

	s->messages++;
	rounds_take(s->rounds, item->partition, item->offset);
	if (e && (window_apply(e->window, &item->in, &older) & WINDOW_CHANGED))
		book_note(s->book, e);
}

static void emit(void *to, const struct bar *bar, const struct indicator *in,
		 const struct result *r)
{
	struct serve *s = to;
	struct indicator_message m = {.symbol = s->computing->symbol,
				      .source = s->options->source,
				      .interval = s->computing->interval,
				      .timestamp_ms = bar->timestamp_ms,
				      .indicator = in,
				      .result = *r};

	sink_send(s->sink, &m, rounds_outstanding(s->rounds));
}

static void read_round(struct serve *s)
{
	struct feed_item item;
	struct entry *e;
	int n = 0, wait_ms = sink_outstanding(s->sink) > 0 ? BUSY_MS : POLL_MS;

	while (n < ROUND_MESSAGES && feed_poll(s->feed, n ? 0 : wait_ms, &item)) {
		take(s, &item);
		n++;
	}
	while ((e = book_noted(s->book)) != NULL) {
		s->computing = e;
		window_compute(e->window, emit, s);
	}
	if (n)
		rounds_close(s->rounds);
}

/* ---------------------------------------------------------------- the loop */

static void tally(struct serve *s, int64_t now_ms)
{
	if (now_ms < s->tally_due_ms)
		return;
	s->tally_due_ms = now_ms + TALLY_MS;
	if (s->messages > s->tallied_messages)
		log_info("indicators", L_INT("candles", s->messages - s->tallied_messages),
			 L_INT("published", sink_sent(s->sink) - s->tallied_sent),
			 L_INT("series", book_n(s->book)),
			 L_INT("window_bytes", book_bytes(s->book)));
	s->tallied_messages = s->messages;
	s->tallied_sent = sink_sent(s->sink);
}

static void loop(struct serve *s)
{
	while (!stop_requested() && s->exit_code == EXIT_DONE) {
		int64_t now = clock_boot_ms();

		feed_step(s->feed, now);
		sink_poll(s->sink, sink_outstanding(s->sink) > OUTSTANDING_MAX ? BUSY_MS : 0);
		commit(s, now, 0);
		tally(s, now);
		if (sink_outstanding(s->sink) <= OUTSTANDING_MAX)
			read_round(s);
		if (feed_is_fenced(s->feed))
			s->exit_code = EXIT_FENCED;
		if (sink_is_broken(s->sink))
			s->exit_code = EXIT_PERSON;
	}
}

int serve(const struct options *o)
{
	struct serve *s = xcalloc(1, sizeof *s);
	struct err err = {0};

	s->options = o;
	s->rounds = rounds_new();
	s->book = book_new();
	s->exit_code = EXIT_USAGE;
	s->sink = sink_new(o, &err);
	if (s->sink)
		s->feed = feed_new(o, (struct feed_owner){revoked, s}, &err);
	if (s->feed) {
		s->exit_code = EXIT_DONE;
		loop(s);
		stop_watchdog((int)o->drain_seconds);
		feed_close(s->feed);
	} else {
		log_error(err.text);
	}
	feed_free(s->feed);
	sink_free(s->sink);
	rounds_free(s->rounds);
	book_free(s->book);
	free(s->free_places);
	{
		int code = s->exit_code;

		free(s);
		return code;
	}
}
