/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

enum { SERIES_FIRST = 64 };

struct series {
	char symbol[SYMBOL_BYTES];
	const struct interval *interval;
	uint32_t number; /* place in the table before it is sorted */
	uint32_t rows;
	uint32_t next;   /* the series whose row came after its last one */
	int64_t last_ms; /* of its rows, the latest */
};

struct key {
	int64_t timestamp_ms;
	uint32_t series, row;
};

/* Open addressing. A slot is four bytes, so that the table stays in the cache: the number of the
 * row + 1 (0 = free), and above it as many bits of the hash as there is room for, so that a search
 * seldom has to look at another row's key. */
enum { TAG_BITS = 11, ROW_BITS = 32 - TAG_BITS };
static const uint32_t row_mask = ((uint32_t)1 << ROW_BITS) - 1;

struct keys {
	struct key *key; /* of each row */
	size_t n, cap;
	size_t indexed; /* rows before this one are in the slots */
	uint32_t *slot;
	size_t slots; /* a power of two, half as many again as there is room for rows */
	struct series *series;
	size_t series_n, series_cap;
	uint32_t series_last;  /* of the row that came last */
	uint32_t *series_slot; /* a number + 1, 0 = free; twice as many as series_cap */
	struct key *sorted;    /* scratch memory of keys_order(), as long as key */
	uint32_t *start;       /* the same, as long as series */
};

static void rows_reserve(struct keys *k, size_t rows)
{
	k->cap = rows;
	k->key = xreallocarray(k->key, rows, sizeof(*k->key));
	k->sorted = xreallocarray(k->sorted, rows, sizeof(*k->sorted));
	for (k->slots = 64; k->slots < rows + rows / 2;)
		k->slots *= 2;
	k->slot = xreallocarray(k->slot, k->slots, sizeof(*k->slot));
	memset(k->slot, 0, k->slots * sizeof(*k->slot));
}

static void series_reserve(struct keys *k, size_t n)
{
	k->series_cap = n;
	k->series = xreallocarray(k->series, n, sizeof(*k->series));
	k->start = xreallocarray(k->start, n, sizeof(*k->start));
	k->series_slot = xreallocarray(k->series_slot, 2 * n, sizeof(*k->series_slot));
	memset(k->series_slot, 0, 2 * n * sizeof(*k->series_slot));
}

struct keys *keys_new(size_t rows)
{
	struct keys *k = xcalloc(1, sizeof(*k));

	rows_reserve(k, rows);
	memset(k->key, 0, rows * sizeof(*k->key));
	memset(k->sorted, 0, rows * sizeof(*k->sorted));
	series_reserve(k, SERIES_FIRST);
	return k;
}

void keys_free(struct keys *k)
{
	if (k == NULL)
		return;
	free(k->key);
	free(k->sorted);
	free(k->slot);
	free(k->series);
	free(k->start);
	free(k->series_slot);
	free(k);
}

void keys_clear(struct keys *k)
{
	if (k->indexed > 0)
		memset(k->slot, 0, k->slots * sizeof(*k->slot));
	memset(k->series_slot, 0, 2 * k->series_cap * sizeof(*k->series_slot));
	k->n = k->indexed = k->series_n = k->series_last = 0;
}

/* ---------------------------------------------------------------- finding */

static uint64_t mix(uint64_t h)
{
	h = (h ^ (h >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	h = (h ^ (h >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ (h >> 32);
}

static int is_of(const struct series *s, const struct candle *c)
{
	return s->interval == c->interval && strcmp(s->symbol, c->symbol) == 0;
}

static uint32_t *series_slot_of(const struct keys *k, const struct candle *c)
{
	uint64_t h = (uint64_t)c->interval->nominal_ms;
	size_t mask = 2 * k->series_cap - 1, i;

	for (const char *p = c->symbol; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211); /* FNV-1a */
	for (i = mix(h) & mask; k->series_slot[i] != 0; i = (i + 1) & mask) {
		if (is_of(&k->series[k->series_slot[i] - 1], c))
			break;
	}
	return &k->series_slot[i];
}

static void series_grow(struct keys *k)
{
	series_reserve(k, 2 * k->series_cap);
	for (uint32_t i = 0; i < k->series_n; i++) {
		struct candle c = {.interval = k->series[i].interval};

		memcpy(c.symbol, k->series[i].symbol, sizeof(c.symbol));
		*series_slot_of(k, &c) = i + 1;
	}
}

static uint32_t series_find(struct keys *k, const struct candle *c)
{
	uint32_t *slot = series_slot_of(k, c);
	struct series *s;

	if (*slot != 0)
		return *slot - 1;
	if (k->series_n == k->series_cap) {
		series_grow(k);
		slot = series_slot_of(k, c);
	}
	s = &k->series[k->series_n];
	*s = (struct series){
		.interval = c->interval, .number = (uint32_t)k->series_n, .last_ms = INT64_MIN};
	memcpy(s->symbol, c->symbol, sizeof(s->symbol));
	*slot = (uint32_t)++k->series_n;
	return s->number;
}

/* Mostly series come in turns, or one comes again. */
static uint32_t series_of(struct keys *k, const struct candle *c)
{
	uint32_t before = k->series_last;

	if (k->series_n == 0 || !is_of(&k->series[k->series[before].next], c))
		k->series_last = series_find(k, c);
	else
		k->series_last = k->series[before].next;
	k->series[before].next = k->series_last;
	return k->series_last;
}

static uint32_t *slot_of(const struct keys *k, const struct key *key, uint32_t *tag)
{
	uint64_t h = mix((uint64_t)key->timestamp_ms ^ (uint64_t)key->series << 44);
	size_t mask = k->slots - 1, i;

	*tag = (uint32_t)(h >> 32) & ~row_mask;
	for (i = h & mask; k->slot[i] != 0; i = (i + 1) & mask) {
		const struct key *other = &k->key[(k->slot[i] & row_mask) - 1];

		if ((k->slot[i] & ~row_mask) == *tag && other->timestamp_ms == key->timestamp_ms &&
		    other->series == key->series)
			break;
	}
	return &k->slot[i];
}

static void index_rows(struct keys *k)
{
	uint32_t tag;

	for (; k->indexed < k->n; k->indexed++) {
		uint32_t *slot = slot_of(k, &k->key[k->indexed], &tag);

		*slot = tag | (uint32_t)(k->indexed + 1);
	}
}

/* Mostly a series goes on where it was: its next row is later than all of it, and so new. Only when
 * one is not are the rows put into the slots, to be searched. */
size_t keys_row(struct keys *k, const struct candle *c, int *is_new)
{
	struct key key = {.timestamp_ms = c->timestamp_ms, .series = series_of(k, c)};
	struct series *s = &k->series[key.series];
	uint32_t tag;

	if (c->timestamp_ms <= s->last_ms) {
		uint32_t found;

		index_rows(k);
		found = *slot_of(k, &key, &tag);
		*is_new = found == 0;
		if (!*is_new)
			return (found & row_mask) - 1;
	} else {
		s->last_ms = c->timestamp_ms;
		*is_new = 1;
	}
	if (k->n == k->cap) {
		rows_reserve(k, 2 * k->cap);
		k->indexed = 0;
	}
	key.row = (uint32_t)k->n;
	k->key[k->n++] = key;
	return key.row;
}

/* ---------------------------------------------------------------- the order */

static int series_order(const void *a, const void *b)
{
	const struct series *x = a, *y = b;
	int c = strcmp(x->symbol, y->symbol);

	return c != 0 ? c : strcmp(x->interval->name, y->interval->name);
}

static int key_order(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return (x->timestamp_ms > y->timestamp_ms) - (x->timestamp_ms < y->timestamp_ms);
}

static int is_ascending(const struct key *key, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (key[i].timestamp_ms < key[i - 1].timestamp_ms)
			return 0;
	}
	return 1;
}

/* The series are sorted by name, their rows dealt out to them as they came; most then stand in the
 * order of time already. */
size_t keys_order(struct keys *k, uint32_t *order)
{
	uint32_t at = 0;

	for (size_t i = 0; i < k->series_n; i++)
		k->series[i].rows = 0;
	for (size_t i = 0; i < k->n; i++)
		k->series[k->key[i].series].rows++;
	qsort(k->series, k->series_n, sizeof(*k->series), series_order);
	for (size_t i = 0; i < k->series_n; i++) {
		k->start[k->series[i].number] = at;
		at += k->series[i].rows;
	}
	for (size_t i = 0; i < k->n; i++)
		k->sorted[k->start[k->key[i].series]++] = k->key[i];
	at = 0;
	for (size_t i = 0; i < k->series_n; i++) {
		struct key *first = &k->sorted[at];

		if (!is_ascending(first, k->series[i].rows))
			qsort(first, k->series[i].rows, sizeof(*first), key_order);
		at += k->series[i].rows;
	}
	for (size_t i = 0; i < k->n; i++)
		order[i] = k->sorted[i].row;
	return k->n;
}
