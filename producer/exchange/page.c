/* SPDX-License-Identifier: MIT */
#include "producer/exchange/page.h"

#include <stdlib.h>
#include <string.h>

#include "common/text/timetext.h"

static int by_start(const void *a, const void *b)
{
	int64_t x = ((const struct candle *)a)->timestamp_ms,
		y = ((const struct candle *)b)->timestamp_ms;

	return (x > y) - (x < y);
}

static int same_digits(const struct candle *a, const struct candle *b)
{
	return a->revision == b->revision && strcmp(a->open, b->open) == 0 &&
	       strcmp(a->high, b->high) == 0 && strcmp(a->low, b->low) == 0 &&
	       strcmp(a->close, b->close) == 0 && strcmp(a->volume, b->volume) == 0 &&
	       strcmp(a->quote_volume, b->quote_volume) == 0;
}

void page_row_bad(struct page *page, const struct err *cause)
{
	if (page->n_bad++ == 0)
		page->bad = *cause;
}

/* Oldest first, each start once. Two different rows of one start: which is right cannot be told. */
static void sort(struct page *page, const struct interval *iv)
{
	char at[TIMETEXT_BYTES];
	struct err cause = {0};
	size_t n = 0;

	if (page->n > 1)
		qsort(page->rows, page->n, sizeof(page->rows[0]), by_start);
	for (size_t i = 0, next; i < page->n; i = next) {
		int64_t start_ms = page->rows[i].timestamp_ms;
		int differ = 0;

		for (next = i + 1; next < page->n && page->rows[next].timestamp_ms == start_ms;
		     next++)
			differ |= !same_digits(&page->rows[i], &page->rows[next]);
		if (!differ) {
			if (n != i)
				page->rows[n] = page->rows[i];
			n++;
			continue;
		}
		err_set(&cause, ERR_INPUT, "The page has two different rows that begin at %s.",
			time_format(start_ms, at));
		page_row_bad(page, &cause);
		spans_add(&page->holes, start_ms, interval_end(iv, start_ms));
	}
	page->n = n;
}

/* The start of the nearest row as sent, before or behind, that tells its time. */
static int64_t neighbour(const struct page_sent *sent, size_t at, int step)
{
	for (size_t i = at + (size_t)step; i < sent->n; i += (size_t)step)
		if (sent->start_ms[i] != PAGE_ROW_BAD)
			return sent->start_ms[i];
	return PAGE_ROW_BAD;
}

static int newest_first(const struct page_sent *sent)
{
	int64_t before = INT64_MAX;

	for (size_t i = 0; i < sent->n; i++) {
		if (sent->start_ms[i] == PAGE_ROW_BAD)
			continue;
		if (sent->start_ms[i] > before)
			return 0;
		before = sent->start_ms[i];
	}
	return 1;
}

void page_finish(struct page *page, const struct interval *iv, const struct page_sent *sent,
		 int64_t to_ms)
{
	int ordered = newest_first(sent);

	sort(page, iv);
	for (size_t i = 0; i < sent->n; i++) {
		int64_t newer, older;

		if (sent->start_ms[i] != PAGE_ROW_BAD)
			continue;
		newer = neighbour(sent, i, -1);
		older = neighbour(sent, i, 1);
		if (ordered && older == PAGE_ROW_BAD && newer != PAGE_ROW_BAD)
			continue; /* nothing is promised before the oldest row of a page */
		/* Without an order it may be of any time. */
		spans_add(&page->holes,
			  ordered && older != PAGE_ROW_BAD ? interval_end(iv, older) : INT64_MIN,
			  ordered && newer != PAGE_ROW_BAD ? newer : to_ms);
	}
}

void page_release(struct page *page)
{
	free(page->rows);
	spans_release(&page->holes);
	*page = (struct page){0};
}
