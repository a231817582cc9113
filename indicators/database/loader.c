/* SPDX-License-Identifier: MIT */
#include "loader.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/kafka/kafka_ensure.h"

/* Series of one transaction: what they have is in memory twice until they are delivered. */
enum { AT_ONCE = 64, PIECE_BARS = 200 };

struct loader {
	const struct options *options;
	struct table_read *wanted; /* not in a job yet */
	size_t n, cap;
	struct table_read batch[AT_ONCE]; /* in the job, which may be lent */
	size_t batch_n;
	int64_t loaded;
	struct reader_job job;
};

struct loader *loader_new(const struct options *o)
{
	struct loader *l = xcalloc(1, sizeof *l);

	l->options = o;
	return l;
}

void loader_clear(struct loader *l)
{
	for (size_t i = 0; i < l->batch_n; i++)
		table_read_release(&l->batch[i]);
	l->n = l->batch_n = 0;
}

void loader_free(struct loader *l)
{
	if (!l)
		return;
	loader_clear(l);
	free(l->wanted);
	free(l);
}

int loader_is_done(const struct loader *l)
{
	return l->n + l->batch_n == 0;
}

static int is_in(const struct table_read *reads, size_t n, const char *symbol,
		 const struct interval *interval)
{
	for (size_t i = 0; i < n; i++) {
		if (reads[i].interval == interval && strcmp(reads[i].symbol, symbol) == 0)
			return 1;
	}
	return 0;
}

void loader_want(struct loader *l, const char *symbol, const struct interval *interval)
{
	struct table_read *r;
	struct set set;

	if (is_in(l->wanted, l->n, symbol, interval) ||
	    is_in(l->batch, l->batch_n, symbol, interval))
		return;
	set_of_interval(&l->options->set, interval, &set);
	if (set.n == 0)
		return;
	GROW(l->wanted, l->n, l->cap);
	r = &l->wanted[l->n++];
	table_read_newest(r, symbol, interval, &set);
}

struct reader_job *loader_job(struct loader *l, const int64_t *at_least, size_t partitions)
{
	while (l->batch_n < AT_ONCE && l->n > 0)
		l->batch[l->batch_n++] = l->wanted[--l->n];
	l->job = (struct reader_job){.use = READER_LOADER,
				     .at_least = at_least,
				     .partitions = partitions,
				     .reads = l->batch,
				     .n = l->batch_n};
	return &l->job;
}

/* In pieces, since a bar may have thousands without trades behind it that are carried, and only the
 * newest bars are kept. */
static void fill_window(struct window *w, const struct table_read *r, size_t piece)
{
	struct spans covered = {0};

	for (size_t from = 0; from < r->n; from += piece) {
		size_t n = r->n - from < piece ? r->n - from : piece;

		spans_copy(&covered, &r->covered);
		spans_clip(&covered, from ? r->bars[from].timestamp_ms : INT64_MIN,
			   from + n < r->n ? r->bars[from + n].timestamp_ms : INT64_MAX);
		window_append(w, &covered, r->bars + from, n, r->is_behind != 0);
		window_pass(w);
	}
	spans_release(&covered);
}

static struct window *window_of(const struct loader *l, const struct table_read *r)
{
	struct set set;
	struct window *w;

	set_of_interval(&l->options->set, r->interval, &set);
	w = window_new(&set, r->interval, l->options->fill);
	fill_window(w, r, PIECE_BARS);
	window_seal(w);
	window_take_over(w, r->as_of_ms);
	return w;
}

void loader_deliver(struct loader *l, struct book *book)
{
	for (size_t i = 0; i < l->batch_n; i++) {
		const struct table_read *r = &l->batch[i];

		int32_t partition = kafka_partition_of(r->symbol, (int32_t)l->job.partitions);

		book_add(book, r->symbol, r->interval, window_of(l, r),
			 table_position(&l->job.positions, partition));
		table_read_release(&l->batch[i]);
	}
	l->loaded += (int64_t)l->batch_n;
	l->batch_n = 0;
}

int64_t loader_loaded(const struct loader *l)
{
	return l->loaded;
}

void loader_deliver_empty(struct loader *l, struct book *book)
{
	for (size_t i = 0; i < l->n; i++)
		book_add(book, l->wanted[i].symbol, l->wanted[i].interval,
			 window_of(l, &l->wanted[i]), 0);
	l->n = 0;
}
