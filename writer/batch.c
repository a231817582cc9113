/* SPDX-License-Identifier: MIT */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

/* A race around a pause may bring a few messages more than the limit. */
enum { ROWS_SLACK = 64 };

void batch_init(struct batch *b, struct batch_limits limits)
{
	memset(b, 0, sizeof(*b));
	b->limits = limits;
	b->rows_cap = limits.rows + ROWS_SLACK;
	b->rows = xreallocarray(NULL, b->rows_cap, sizeof(*b->rows));
	memset(b->rows, 0, b->rows_cap * sizeof(*b->rows));
	for (b->slots = 64; b->slots < b->rows_cap * 2;)
		b->slots *= 2;
	b->slot = xreallocarray(NULL, b->slots, sizeof(*b->slot));
	memset(b->slot, 0, b->slots * sizeof(*b->slot));
}

void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->dead_n; i++) {
		free(b->dead[i].key);
		free(b->dead[i].value);
		free(b->dead[i].reason);
	}
	for (size_t i = 0; i < b->n; i++)
		free(b->rows[i].rejected);
	memset(b->slot, 0, b->slots * sizeof(*b->slot));
	b->n = b->dead_n = b->parts_n = b->messages = b->bytes = 0;
	b->started_ms = 0;
}

void batch_release(struct batch *b)
{
	batch_clear(b);
	free(b->rows);
	free(b->dead);
	free(b->parts);
	free(b->slot);
	memset(b, 0, sizeof(*b));
}

/* FNV-1a over the key. */
static uint64_t key_hash(const struct candle *c)
{
	uint64_t h = 14695981039346656037ULL;
	uint64_t at = (uint64_t)c->timestamp_ms;

	for (const char *p = c->symbol; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211ULL;
	for (const char *p = c->interval->name; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211ULL;
	for (int i = 0; i < 8; i++, at >>= 8)
		h = (h ^ (at & 0xff)) * 1099511628211ULL;
	return h ^ (h >> 32);
}

static int same_key(const struct candle *a, const struct candle *b)
{
	return a->timestamp_ms == b->timestamp_ms && a->interval == b->interval &&
	       strcmp(a->symbol, b->symbol) == 0;
}

static uint32_t *slot_find(struct batch *b, const struct candle *c)
{
	size_t i = key_hash(c) & (b->slots - 1);

	while (b->slot[i] != 0 && !same_key(&b->rows[b->slot[i] - 1].m.candle, c))
		i = (i + 1) & (b->slots - 1);
	return &b->slot[i];
}

static void grow(struct batch *b)
{
	b->rows_cap *= 2;
	b->rows = xreallocarray(b->rows, b->rows_cap, sizeof(*b->rows));
	b->slots *= 2;
	b->slot = xreallocarray(b->slot, b->slots, sizeof(*b->slot));
	memset(b->slot, 0, b->slots * sizeof(*b->slot));
	for (size_t i = 0; i < b->n; i++)
		*slot_find(b, &b->rows[i].m.candle) = (uint32_t)(i + 1);
}

void batch_take(struct batch *b, int32_t partition, int64_t expected, int64_t offset, size_t bytes,
		int64_t now_ms)
{
	size_t i;

	if (batch_is_empty(b))
		b->started_ms = now_ms;
	b->bytes += bytes;
	for (i = 0; i < b->parts_n && b->parts[i].partition != partition;)
		i++;
	if (i == b->parts_n) {
		if (b->parts_n == b->parts_cap) {
			b->parts_cap = b->parts_cap == 0 ? 16 : b->parts_cap * 2;
			b->parts = xreallocarray(b->parts, b->parts_cap, sizeof(*b->parts));
		}
		b->parts[b->parts_n++] =
			(struct batch_part){.partition = partition, .began = expected};
	}
	b->parts[i].next = offset + 1;
}

static void promise_join(struct span *s, int64_t from, int64_t to)
{
	if (from >= to)
		return;
	if (s->from >= s->to) {
		*s = (struct span){from, to};
		return;
	}
	s->from = from < s->from ? from : s->from;
	s->to = to > s->to ? to : s->to;
}

void batch_add(struct batch *b, int32_t partition, int64_t offset, const struct message *m)
{
	uint32_t *slot = slot_find(b, &m->candle);
	struct batch_row *row;

	b->messages++;
	if (*slot == 0) {
		if (b->n == b->rows_cap) {
			grow(b);
			slot = slot_find(b, &m->candle);
		}
		row = &b->rows[b->n++];
		*slot = (uint32_t)b->n;
		*row = (struct batch_row){.m = *m, .partition = partition, .offset = offset};
	} else {
		row = &b->rows[*slot - 1];
		if (message_compare(m, &row->m) > 0) {
			row->m = *m;
			row->partition = partition;
			row->offset = offset;
		}
	}
	promise_join(&row->promise, m->covers_from_ms, m->covers_to_ms);
}

static char *copy(const void *bytes, size_t len)
{
	char *p;

	if (bytes == NULL)
		return NULL;
	p = xmalloc(len + 1);
	memcpy(p, bytes, len);
	p[len] = '\0';
	return p;
}

void batch_add_dead_letter(struct batch *b, int32_t partition, int64_t offset, const void *key,
			   size_t key_len, const void *value, size_t value_len, const char *reason)
{
	struct dead_letter *d;

	if (b->dead_n == b->dead_cap) {
		b->dead_cap = b->dead_cap == 0 ? 16 : b->dead_cap * 2;
		b->dead = xreallocarray(b->dead, b->dead_cap, sizeof(*b->dead));
	}
	key_len = key_len > DEAD_VALUE_BYTES ? DEAD_VALUE_BYTES : key_len;
	value_len = value_len > DEAD_VALUE_BYTES ? DEAD_VALUE_BYTES : value_len;
	d = &b->dead[b->dead_n++];
	*d = (struct dead_letter){.partition = partition,
				  .offset = offset,
				  .key_len = key_len,
				  .value_len = value_len};
	d->key = copy(key, key_len);
	d->value = copy(value, value_len);
	d->reason = xstrdup(reason);
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

int batch_is_due(const struct batch *b, int64_t now_ms)
{
	return batch_due_in(b, now_ms) == 0;
}

static int row_order(const void *a, const void *b)
{
	const struct candle *x = &((const struct batch_row *)a)->m.candle,
			    *y = &((const struct batch_row *)b)->m.candle;
	int c = strcmp(x->symbol, y->symbol);

	if (c == 0 && x->interval != y->interval)
		c = strcmp(x->interval->name, y->interval->name);
	return c != 0 ? c
		      : (x->timestamp_ms > y->timestamp_ms) - (x->timestamp_ms < y->timestamp_ms);
}

static int part_order(const void *a, const void *b)
{
	int32_t x = ((const struct batch_part *)a)->partition,
		y = ((const struct batch_part *)b)->partition;

	return (x > y) - (x < y);
}

void batch_seal(struct batch *b)
{
	qsort(b->rows, b->n, sizeof(*b->rows), row_order);
	if (b->parts_n > 0)
		qsort(b->parts, b->parts_n, sizeof(*b->parts), part_order);
	/* The index no longer fits the order; nothing is added to a sealed batch. */
	memset(b->slot, 0, b->slots * sizeof(*b->slot));
}

void batch_reject(struct batch *b, size_t i, const char *reason)
{
	b->rows[i].rejected = xstrdup(reason);
}

size_t batch_rejected(const struct batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->rows[i].rejected != NULL;
	return n;
}
