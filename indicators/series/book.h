/* SPDX-License-Identifier: MIT */
/* The series that this process has, by name. Pure. */
#ifndef GAPLESS_INDICATORS_BOOK_H
#define GAPLESS_INDICATORS_BOOK_H

#include "common/candle/candle.h"
#include "window.h"

struct book;

/* One series; what it is does not change, what its window holds is the window's. */
struct entry {
	char symbol[SYMBOL_BYTES];
	const struct interval *interval;
	struct window *window;
	int64_t again_below; /* messages before this offset are in what it was loaded from */
	int is_noted;        /* book_note */
};

struct book *book_new(void);
void book_free(struct book *b);
/* NULL: this process does not have it. */
struct entry *book_find(const struct book *b, const char *symbol, const struct interval *interval);
/* Takes the window. */
void book_add(struct book *b, const char *symbol, const struct interval *interval,
	      struct window *window, int64_t again_below);
size_t book_n(const struct book *b);
/* Drops every series. */
void book_clear(struct book *b);

/* It has something to compute. */
void book_note(struct entry *e);
/* One of those that were noted, each once; NULL: none is left. */
struct entry *book_noted(struct book *b);
size_t book_bytes(const struct book *b);

#endif
