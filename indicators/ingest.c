/* SPDX-License-Identifier: MIT */
#include "ingest.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "indicators/database/loader.h"
#include "indicators/database/reader.h"
#include "indicators/database/repair.h"
#include "indicators/feed/commits.h"
#include "indicators/feed/feed.h"
#include "indicators/output/output.h"
#include "indicators/series/book.h"

enum {
	POLL_MS = 100,
	BUSY_MS = 5, /* while something is awaited */
	ROUND_MESSAGES = 2000,
	PAUSE_MS = 5000,
	SAY_MS = 60000
};

struct ingest {
	const struct process *p;
	struct feed_item *items; /* read, and not taken yet */
	size_t items_n, items_cap;
	int64_t held_since_ms; /* nothing is taken since then; 0: it is */
	int is_paused;
	int64_t messages, too_old;
	struct log_throttle say_too_old;
};

struct ingest *ingest_new(const struct process *p)
{
	struct ingest *in = xcalloc(1, sizeof *in);

	in->p = p;
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
	const struct part *part = offsets_part(feed_offsets(in->p->feed), item->partition);

	return part && item->offset < part->high;
}

/* A symbol whose messages go to a partition of another process is that one's, since partitions were
 * added. But what was left unpublished in its old one, nobody else reads. */
static int is_ours(const struct ingest *in, const struct feed_item *item)
{
	return feed_owns(in->p->feed, item->symbol) || (in->p->reader && was_there(in, item));
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
	const struct process *p = in->p;
	struct entry *e = book_find(p->book, item->symbol, item->interval);
	const struct part *part;
	struct span older;
	int news;

	in->messages += item->symbol[0] != '\0';
	commits_note(p->commits, item->partition, item->offset, item->appended_ms);
	if (!e || !is_ours(in, item))
		return;
	part = offsets_part(feed_offsets(p->feed), item->partition);
	item->in.is_again = p->reader && (item->offset < e->again_below || was_there(in, item));
	item->in.is_fresh = part && item->offset >= part->high && !item->in.is_again;
	news = window_apply(e->window, &item->in, &older);
	/* Without a database what is published is read for what it says to what follows. */
	if (!p->reader && part && item->offset < part->committed) {
		window_pass(e->window);
		return;
	}
	if (news & WINDOW_CHANGED)
		book_note(e);
	if (!(news & WINDOW_OLDER))
		return;
	if (p->reader)
		repair_note(p->repair, e, older, item, clock_boot_ms());
	else
		too_old(in, item);
}

static void take_items(struct ingest *in)
{
	const struct process *p = in->p;
	struct entry *e;

	for (size_t i = 0; i < in->items_n; i++)
		take(in, &in->items[i]);
	while ((e = book_noted(p->book)) != NULL) {
		output_begin(p->output, e->symbol, e->interval, commits_outstanding(p->commits));
		window_compute(e->window, output_value, p->output);
	}
	if (in->items_n > 0)
		commits_close_round(p->commits);
	in->items_n = 0;
}

/* ---------------------------------------------------------------- a round */

/* Reads what is there. */
static enum feed_news read_items(struct ingest *in, int wait_ms)
{
	const struct process *p = in->p;
	enum feed_news news = FEED_ITEM;

	while (in->items_n < ROUND_MESSAGES || in->is_paused) {
		struct feed_item *item;

		GROW(in->items, in->items_n, in->items_cap);
		item = &in->items[in->items_n];
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
	feed_pause(in->p->feed, 1);
}

int ingest_round(struct ingest *in, int is_held)
{
	const struct process *p = in->p;
	int busy = output_outstanding(p->output) > 0 || reader_use(p->reader) != READER_FREE;
	size_t had = in->items_n;

	if (is_held) {
		hold_back(in);
		return in->is_paused && read_items(in, 0) == FEED_ENDS;
	}
	if (read_items(in, busy ? BUSY_MS : POLL_MS) == FEED_ENDS)
		return 1;
	if (reader_use(p->reader) != READER_FREE && in->items_n == had && had > 0)
		reader_wait(p->reader, BUSY_MS); /* (the poll did not wait) */
	if (!p->reader)
		loader_deliver_empty(p->loader, p->book);
	if (!loader_is_done(p->loader)) {
		hold_back(in);
		return 0;
	}
	in->held_since_ms = 0;
	if (in->is_paused) {
		in->is_paused = 0;
		feed_pause(p->feed, 0);
	}
	take_items(in);
	return 0;
}
