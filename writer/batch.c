/* SPDX-License-Identifier: MIT */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/least.h"
#include "keys.h"

/* A race around a pause may bring a few messages more than the limit. */
enum { ROWS_SLACK = 64 };

void batch_init(struct batch *b, struct batch_limits limits)
{
	memset(b, 0, sizeof(*b));
	b->limits = limits;
	b->rows_cap = limits.rows + ROWS_SLACK;
	b->rows = xreallocarray(NULL, b->rows_cap, sizeof(*b->rows));
	memset(b->rows, 0, b->rows_cap * sizeof(*b->rows));
	b->order = xcalloc(b->rows_cap, sizeof(*b->order));
	b->keys = keys_new(b->rows_cap);
}

void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->dead_n; i++)
		dead_letter_release(&b->dead[i]);
	for (size_t i = 0; i < b->n && b->rejected_n > 0; i++)
		free(b->rows[i].rejected);
	keys_clear(b->keys);
	b->n = b->rejected_n = b->dead_n = b->parts_n = b->bytes = 0;
	b->started_ms = 0;
}

void batch_release(struct batch *b)
{
	if (b->keys == NULL)
		return;
	batch_clear(b);
	free(b->rows);
	free(b->dead);
	free(b->parts);
	free(b->order);
	keys_free(b->keys);
	memset(b, 0, sizeof(*b));
}

static void grow(struct batch *b)
{
	b->rows_cap *= 2;
	b->rows = xreallocarray(b->rows, b->rows_cap, sizeof(*b->rows));
	b->order = xreallocarray(b->order, b->rows_cap, sizeof(*b->order));
}

static struct batch_part *part_of(const struct batch *b, int32_t partition)
{
	for (size_t i = 0; i < b->parts_n; i++)
		if (b->parts[i].partition == partition)
			return &b->parts[i];
	return NULL;
}

static struct batch_part *part_add(struct batch *b, int32_t partition, int64_t began)
{
	GROW(b->parts, b->parts_n, b->parts_cap);
	b->parts[b->parts_n] =
		(struct batch_part){.partition = partition, .began = began, .at_ms = -1};
	return &b->parts[b->parts_n++];
}

void batch_take(struct batch *b, int32_t partition, int64_t expected, int64_t offset, size_t bytes,
		int64_t now_ms)
{
	struct batch_part *part = part_of(b, partition);

	if (batch_is_empty(b))
		b->started_ms = now_ms;
	b->bytes += bytes;
	if (part == NULL)
		part = part_add(b, partition, expected);
	part->next = offset + 1;
}

void batch_took(struct batch *b, const struct arrival *a, int dead)
{
	struct batch_part *part = part_of(b, a->partition);

	part->dead_run = arrival_dead_run(a, dead);
	if (!a->has_message)
		return;
	if (part->oldest_ms == 0)
		part->oldest_ms = a->appended_ms;
	part->at_ms = greatest(part->at_ms, a->at_ms);
}

int64_t batch_oldest_ms(const struct batch *b, int32_t partition)
{
	const struct batch_part *part = part_of(b, partition);

	return part != NULL ? part->oldest_ms : 0;
}

static void promise_join(struct span *s, int64_t from, int64_t to)
{
	if (from >= to)
		return;
	if (s->from >= s->to)
		*s = (struct span){from, to};
	else
		*s = (struct span){least(s->from, from), greatest(s->to, to)};
}

void batch_add(struct batch *b, int32_t partition, int64_t offset, const struct message *m)
{
	int is_new;
	size_t at = keys_row(b->keys, &m->candle, &is_new);
	struct batch_row *row;

	if (is_new) {
		if (b->n == b->rows_cap)
			grow(b);
		b->n++;
	}
	row = &b->rows[at];
	if (is_new || message_compare(m, &row->m) > 0) {
		row->m = *m;
		row->partition = partition;
		row->offset = offset;
	}
	if (is_new) {
		row->promise = (struct span){0, 0};
		row->fetched_ms = m->fetched_at_ms;
		row->rejected = NULL;
	}
	row->fetched_ms = greatest(row->fetched_ms, m->fetched_at_ms);
	promise_join(&row->promise, m->covers_from_ms, m->covers_to_ms);
}

void batch_add_dead_letter(struct batch *b, const struct arrival *a, const char *reason)
{
	GROW(b->dead, b->dead_n, b->dead_cap);
	dead_letter_init(&b->dead[b->dead_n++], a, reason);
}

int batch_is_empty(const struct batch *b)
{
	return b->parts_n == 0;
}

int batch_is_full(const struct batch *b)
{
	return b->n + b->dead_n >= b->limits.rows || b->bytes >= b->limits.bytes;
}

int64_t batch_due_in(const struct batch *b, int64_t now_ms)
{
	int64_t left = b->started_ms + b->limits.age_ms - now_ms;

	if (batch_is_empty(b))
		return INT64_MAX;
	return batch_is_full(b) || left < 0 ? 0 : left;
}

static int part_order(const void *a, const void *b)
{
	int32_t x = ((const struct batch_part *)a)->partition,
		y = ((const struct batch_part *)b)->partition;

	return (x > y) - (x < y);
}

static void fetch_ahead(const struct batch_row *row)
{
	enum { CACHE_LINE = 64 };

	for (size_t at = 0; at < sizeof(*row); at += CACHE_LINE)
		__builtin_prefetch((const char *)row + at);
}

/* Moves row order[i] to place i: along each cycle of the permutation, so that a row moves once. It
 * comes from anywhere in memory: the three after it are on their way meanwhile. */
static void arrange(struct batch_row *rows, uint32_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct batch_row first;
		size_t at = i, from;

		if (order[i] == i)
			continue;
		first = rows[i];
		while ((from = order[at]) != i) {
			fetch_ahead(&rows[order[order[order[from]]]]);
			rows[at] = rows[from];
			order[at] = (uint32_t)at;
			at = from;
		}
		rows[at] = first;
		order[at] = (uint32_t)at;
	}
}

void batch_seal(struct batch *b)
{
	keys_order(b->keys, b->order);
	arrange(b->rows, b->order, b->n);
	if (b->parts_n > 0)
		qsort(b->parts, b->parts_n, sizeof(*b->parts), part_order);
	/* The keys no longer fit the places; nothing is added to a sealed batch. */
	keys_clear(b->keys);
}

/* In strides that double, then by halves: a batch has many rows of few series, and each row that is
 * looked at has to come into the cache. */
size_t batch_series_end(const struct batch *b, size_t i)
{
	const struct candle *first = &b->rows[i].m.candle;
	size_t same = i, end = i + 1;

	while (end < b->n && candle_same_series(first, &b->rows[end].m.candle)) {
		same = end;
		end += end - i;
	}
	end = end < b->n ? end : b->n;
	while (end - same > 1) {
		size_t mid = same + (end - same) / 2;

		if (candle_same_series(first, &b->rows[mid].m.candle))
			same = mid;
		else
			end = mid;
	}
	return end;
}

void batch_reject(struct batch *b, size_t i, const char *reason)
{
	b->rows[i].rejected = xstrdup(reason);
	b->rejected_n++;
}

void batch_accept(struct batch *b, size_t i)
{
	free(b->rows[i].rejected);
	b->rows[i].rejected = NULL;
	b->rejected_n--;
}

size_t batch_rejected(const struct batch *b)
{
	return b->rejected_n;
}
