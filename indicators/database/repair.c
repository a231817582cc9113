/* SPDX-License-Identifier: MIT */
#include "repair.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/least.h"
#include "common/base/log.h"
#include "indicators/series/history.h"

enum {
	REST_MS = 2000, /* nothing more has come for so long, */
	LATE_MS = 30000 /* or what came first has waited so long */
};

/* What waits of one series, by the partition that it came from: offsets of two partitions say
 * nothing to each other, and a series has two where partitions were added. */
struct waiting {
	struct entry *entry;
	struct spans spans;
	int32_t partition;
	int64_t first, need;       /* smallest offset, and the one behind the greatest */
	int64_t first_ms, last_ms; /* when it came */
	int64_t since_ms;          /* when the broker took the first one */
};

struct repair {
	const struct options *options;
	struct waiting *v;
	size_t n, cap;
	struct waiting piece; /* what is computed; partition -1, no entry: nothing is */
	struct history *history;
	int64_t outstanding;
	int is_computed;  /* but perhaps not acknowledged */
	int64_t computed; /* pieces so far */
	struct table_read read;
	struct reader_job job;
	int64_t need[TABLE_PARTITIONS];
};

static void piece_end(struct repair *r)
{
	history_free(r->history);
	r->history = NULL;
	r->piece = (struct waiting){.partition = -1};
	table_read_release(&r->read);
}

struct repair *repair_new(const struct options *o)
{
	struct repair *r = xcalloc(1, sizeof *r);

	r->options = o;
	piece_end(r);
	return r;
}

void repair_clear(struct repair *r)
{
	for (size_t i = 0; i < r->n; i++)
		spans_release(&r->v[i].spans);
	r->n = 0;
	piece_end(r);
}

void repair_free(struct repair *r)
{
	if (!r)
		return;
	repair_clear(r);
	free(r->v);
	free(r);
}

size_t repair_waiting(const struct repair *r)
{
	return r->n + (r->piece.entry != NULL);
}

/* ---------------------------------------------------------------- what waits */

int64_t repair_computed(const struct repair *r)
{
	return r->computed;
}

int64_t repair_since_ms(const struct repair *r, int32_t partition)
{
	int64_t since_ms = r->piece.partition == partition ? r->piece.since_ms : 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].partition == partition &&
		    (since_ms == 0 || r->v[i].since_ms < since_ms))
			since_ms = r->v[i].since_ms;
	}
	return since_ms;
}

int64_t repair_first(const struct repair *r, int32_t partition)
{
	int64_t first = r->piece.partition == partition ? r->piece.first : INT64_MAX;

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].partition == partition)
			first = least(first, r->v[i].first);
	}
	return first;
}

static struct waiting *waiting_of(struct repair *r, struct entry *e, int32_t partition,
				  int64_t now_ms)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].entry == e && r->v[i].partition == partition)
			return &r->v[i];
	}
	GROW(r->v, r->n, r->cap);
	r->v[r->n] = (struct waiting){
		.entry = e, .partition = partition, .first = INT64_MAX, .first_ms = now_ms};
	return &r->v[r->n++];
}

void repair_note(struct repair *r, struct entry *e, struct span older, const struct feed_item *item,
		 int64_t now_ms)
{
	struct waiting *w = waiting_of(r, e, item->partition, now_ms);

	spans_add(&w->spans, older.from, older.to);
	w->last_ms = now_ms;
	if (item->offset < w->first) {
		w->first = item->offset;
		w->since_ms = item->appended_ms;
	}
	if (item->offset + 1 > w->need)
		w->need = item->offset + 1;
}

/* ---------------------------------------------------------------- a piece */

/* Takes the oldest span of what waits, and those that are so near that they would be walked over
 * anyway. */
static struct span take_span(struct waiting *w, int64_t near_ms)
{
	struct span s = w->spans.v[0];

	for (size_t i = 1; i < w->spans.n && w->spans.v[i].from - s.to < near_ms; i++)
		s.to = w->spans.v[i].to;
	spans_remove(&w->spans, s.from, s.to);
	return s;
}

static void drop_waiting(struct repair *r, size_t i)
{
	spans_release(&r->v[i].spans);
	memmove(r->v + i, r->v + i + 1, (r->n - i - 1) * sizeof *r->v);
	r->n--;
}

static void piece_begin(struct repair *r, size_t i)
{
	struct waiting *w = &r->v[i];
	struct entry *e = w->entry;
	struct span touched;
	struct set set;

	set_of_interval(&r->options->set, e->interval, &set);
	touched = take_span(w, set.horizon * e->interval->nominal_ms);
	r->piece = *w;
	r->piece.spans = (struct spans){0};
	r->history = history_new(&set, e->interval, r->options->fill, touched);
	r->outstanding = 0;
	r->is_computed = 0;
	memset(r->need, 0, sizeof r->need);
	if (w->partition < TABLE_PARTITIONS)
		r->need[w->partition] = w->need;
	table_read_span(&r->read, e->symbol, e->interval, touched.from, &set, r->options->fill);
	log_debug("computing from the table", L_STR("symbol", e->symbol),
		  L_STR("interval", e->interval->name), L_TIME("from", touched.from),
		  L_TIME("to", touched.to));
	if (w->spans.n == 0)
		drop_waiting(r, i);
}

struct reader_job *repair_job(struct repair *r, int64_t now_ms)
{
	for (size_t i = 0; i < r->n && !r->piece.entry; i++) {
		if (now_ms - r->v[i].last_ms >= REST_MS || now_ms - r->v[i].first_ms >= LATE_MS)
			piece_begin(r, i);
	}
	if (!r->piece.entry || r->is_computed)
		return NULL;
	table_read_next(&r->read, window_start(r->piece.entry->window));
	r->job = (struct reader_job){.use = READER_REPAIR,
				     .at_least = r->need,
				     .partitions = TABLE_PARTITIONS,
				     .reads = &r->read,
				     .n = 1};
	return &r->job;
}

int repair_feed(struct repair *r, window_emit *emit, void *to)
{
	int64_t start_ms = window_start(r->piece.entry->window);
	int is_over;

	/* What has changed meanwhile in what was fed is noted, and computed again behind this. */
	history_feed(r->history, window_as_of(r->piece.entry->window), &r->read.covered,
		     r->read.bars, r->read.n, r->read.is_behind != 0, emit, to);
	is_over = history_is_over(r->history);
	if (!is_over && (!r->read.is_end || r->read.until_ms != start_ms))
		return 0; /* (the window may have moved on meanwhile) */
	if (!is_over)
		window_rebase(r->piece.entry->window, history_window(r->history));
	r->is_computed = 1;
	r->computed++;
	return !is_over;
}

struct entry *repair_entry(const struct repair *r)
{
	return r->piece.entry;
}

int64_t *repair_outstanding(struct repair *r)
{
	return &r->outstanding;
}

void repair_settle(struct repair *r)
{
	if (r->piece.entry && r->is_computed && r->outstanding == 0)
		piece_end(r);
}
