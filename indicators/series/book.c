/* SPDX-License-Identifier: MIT */
#include "book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

struct book {
	struct entry **v; /* by symbol and interval */
	size_t n, cap;
	size_t next; /* book_noted */
};

struct book *book_new(void)
{
	return xcalloc(1, sizeof(struct book));
}

void book_clear(struct book *b)
{
	for (size_t i = 0; i < b->n; i++) {
		window_free(b->v[i]->window);
		free(b->v[i]);
	}
	b->n = b->next = 0;
}

void book_free(struct book *b)
{
	if (!b)
		return;
	book_clear(b);
	free(b->v);
	free(b);
}

static int order(const struct entry *e, const char *symbol, const struct interval *interval)
{
	int c = strcmp(e->symbol, symbol);

	return c ? c : (e->interval > interval) - (e->interval < interval);
}

static size_t place(const struct book *b, const char *symbol, const struct interval *interval)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (order(b->v[mid], symbol, interval) >= 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

struct entry *book_find(const struct book *b, const char *symbol, const struct interval *interval)
{
	size_t i = place(b, symbol, interval);

	return i < b->n && order(b->v[i], symbol, interval) == 0 ? b->v[i] : NULL;
}

void book_add(struct book *b, const char *symbol, const struct interval *interval,
	      struct window *window, int64_t again_below)
{
	size_t i = place(b, symbol, interval);
	struct entry *e = xcalloc(1, sizeof *e);

	snprintf(e->symbol, sizeof e->symbol, "%s", symbol);
	e->interval = interval;
	e->window = window;
	e->again_below = again_below;
	GROW(b->v, b->n, b->cap);
	memmove(b->v + i + 1, b->v + i, (b->n - i) * sizeof(void *));
	b->v[i] = e;
	b->n++;
}

size_t book_n(const struct book *b)
{
	return b->n;
}

void book_note(struct entry *e)
{
	e->is_noted = 1;
}

struct entry *book_noted(struct book *b)
{
	while (b->next < b->n) {
		struct entry *e = b->v[b->next++];

		if (e->is_noted) {
			e->is_noted = 0;
			return e;
		}
	}
	b->next = 0;
	return NULL;
}

size_t book_bytes(const struct book *b)
{
	size_t bytes = b->cap * sizeof(void *);

	for (size_t i = 0; i < b->n; i++)
		bytes += sizeof(struct entry) + window_bytes(b->v[i]->window);
	return bytes;
}
