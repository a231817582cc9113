/* SPDX-License-Identifier: MIT */
#include "ingest.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"

enum {
	POLL_MS = 100,
	BUSY_MS = 5, /* while something is awaited */
	ROUND_MESSAGES = 2000,
	PAUSE_MS = 5000,
	SAY_MS = 60000
};

struct ingest {
	struct ingest_parts parts;
	struct feed_item *items; /* read, and not taken yet */
	size_t items_n, items_cap;
	int64_t held_since_ms; /* nothing is taken since then; 0: it is */
	int is_paused;
	int64_t messages, too_old;
	struct log_throttle say_too_old;
};

struct ingest *ingest_new(const struct ingest_parts *parts)
{
	struct ingest *in = xcalloc(1, sizeof *in);

	in->parts = *parts;
	return in;
}

void ingest_free(struct ingest *in)
{
	if (!in)
		return;
	free(in->items);
	free(in);
}

void ingest_clear(struct ingest *in)
{
	in->items_n = 0;
	in->is_paused = 0;
	in->held_since_ms = 0;
}

int64_t ingest_since_ms(const struct ingest *in, int32_t partition)
{
	for (size_t i = 0; i < in->items_n; i++) {
		if (in->items[i].partition == partition)
			return in->items[i].appended_ms;
	}
	return 0;
}

int64_t ingest_messages(const struct ingest *in)
{
	return in->messages;
}

int64_t ingest_too_old(const struct ingest *in)
{
	return in->too_old;
}

/* ---------------------------------------------------------------- a message */

/* What was there when the partition came here: every snapshot holds it. */
static int was_there(const struct ingest *in, const struct feed_item *item)
{
	const struct part *part = offsets_part(feed_offsets(in->parts.feed), item->partition);

	return part && item->offset < part->high;
}

/* A symbol whose messages go to a partition of another process is that one's, since partitions were
 * added. But what was left unpublished in its old one, nobody else reads. */
static int is_ours(const struct ingest *in, const struct feed_item *item)
{
	return feed_owns(in->parts.feed, item->symbol) ||
	       (in->parts.lending && was_there(in, item));
}

static void too_old(struct ingest *in, const struct feed_item *item)
{
	in->too_old++;
	LOG_EVERY(&in->say_too_old, clock_boot_ms(), SAY_MS, LOG_WARN,
		  "a candle is older than what is in memory, and there is no database to "
		  "compute from: its indicators stay as they are",
		  L_STR("symbol", item->symbol), L_TIME("timestamp", item->in.bar.timestamp_ms));
}

static void take(struct ingest *in, struct feed_item *item)
{
	const struct ingest_parts *p = &in->parts;
	struct entry *e = book_find(p->book, item->symbol, item->interval);
	const struct part *part;
	struct span older;
	int news;

	in->messages += item->symbol[0] != '\0';
	rounds_take(p->rounds, item->partition, item->offset, item->appended_ms);
	if (!e || !is_ours(in, item))
		return;
	part = offsets_part(feed_offsets(p->feed), item->partition);
	item->in.is_again = p->lending && (item->offset < e->again_below || was_there(in, item));
	item->in.is_fresh = part && item->offset >= part->high && !item->in.is_again;
	news = window_apply(e->window, &item->in, &older);
	/* Without a database what is published is read for what it says to what follows. */
	if (!p->lending && part && item->offset < part->committed) {
		window_pass(e->window);
		return;
	}
	if (news & WINDOW_CHANGED)
		book_note(p->book, e);
	if (!(news & WINDOW_OLDER))
		return;
	if (p->lending)
		repair_note(p->repair, e, older, item, clock_boot_ms());
	else
		too_old(in, item);
}

static void take_items(struct ingest *in)
{
	const struct ingest_parts *p = &in->parts;
	struct entry *e;

	for (size_t i = 0; i < in->items_n; i++)
		take(in, &in->items[i]);
	while ((e = book_noted(p->book)) != NULL) {
		output_begin(p->output, e->symbol, e->interval, rounds_outstanding(p->rounds));
		window_compute(e->window, output_value, p->output);
	}
	if (in->items_n > 0)
		rounds_close(p->rounds);
	in->items_n = 0;
}

static struct feed_item *next_item(struct ingest *in)
{
	GROW(in->items, in->items_n, in->items_cap);
	return &in->items[in->items_n];
}

/* ---------------------------------------------------------------- a round */

/* Reads what is there. */
static enum feed_news read_items(struct ingest *in, int wait_ms)
{
	const struct ingest_parts *p = &in->parts;
	enum feed_news news = FEED_ITEM;

	while (in->items_n < ROUND_MESSAGES || in->is_paused) {
		struct feed_item *item = next_item(in);

		news = feed_poll(p->feed, in->items_n ? 0 : wait_ms, item);
		if (news != FEED_ITEM)
			break;
		in->items_n++;
		if (item->symbol[0] && !book_find(p->book, item->symbol, item->interval) &&
		    is_ours(in, item))
			loader_want(p->loader, item->symbol, item->interval);
	}
	return news;
}

/* Nothing is taken for now; after a while nothing is fetched either, and a poll is for the group
 * alone. (Not at once: a pause that overtakes the start of a fetch can undo it.) */
static void hold_back(struct ingest *in)
{
	if (in->held_since_ms == 0)
		in->held_since_ms = clock_boot_ms();
	if (in->is_paused || clock_boot_ms() - in->held_since_ms <= PAUSE_MS)
		return;
	in->is_paused = 1;
	feed_pause(in->parts.feed, 1);
}

int ingest_hold(struct ingest *in)
{
	hold_back(in);
	return in->is_paused && read_items(in, 0) == FEED_ENDS;
}

/* The series that are wanted: their windows come from the table, before their messages are taken.
 */
static void load_step(struct ingest *in)
{
	const struct ingest_parts *p = &in->parts;
	size_t n;
	const int64_t *ends = offsets_ends(feed_offsets(p->feed), &n);

	if (!p->lending) {
		loader_deliver_empty(p->loader, p->book);
		return;
	}
	hold_back(in);
	if (lending_to(p->lending) == LENT_NONE)
		lending_lend(p->lending, LENT_LOADER, loader_job(p->loader, ends, n), p->feed);
	else
		lending_look(p->lending, p->feed, clock_boot_ms());
	lending_expect(p->lending, p->feed);
}

int ingest_round(struct ingest *in)
{
	const struct ingest_parts *p = &in->parts;
	int busy = output_outstanding(p->output) > 0 || lending_to(p->lending) != LENT_NONE;
	size_t had = in->items_n;

	if (read_items(in, busy ? BUSY_MS : POLL_MS) == FEED_ENDS)
		return 1;
	if (lending_to(p->lending) != LENT_NONE && in->items_n == had && had > 0)
		reader_wait(lending_reader(p->lending), BUSY_MS); /* (the poll did not wait) */
	if (!loader_is_done(p->loader))
		load_step(in);
	if (!loader_is_done(p->loader))
		return 0;
	in->held_since_ms = 0;
	if (in->is_paused) {
		in->is_paused = 0;
		feed_pause(p->feed, 0);
	}
	take_items(in);
	return 0;
}
