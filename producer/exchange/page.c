/* SPDX-License-Identifier: MIT */
#include "producer/exchange/page.h"

#include <stdlib.h>
#include <string.h>

#include "common/timetext.h"

/* As a provisional candle, so that what does not depend on the source and the read is checked. */
int page_row_check(const struct candle *row, size_t number, struct err *err)
{
	struct message m = {
		.candle = *row,
		.covers_from_ms = row->timestamp_ms,
		.covers_to_ms = row->timestamp_ms,
		.fetched_at_ms = 1,
		.source = "any",
		.origin = ORIGIN_LIVE,
	};
	struct err cause = {0};

	if (message_validate(&m, &cause) < 0)
		return err_set(err, ERR_INPUT, "Row %zu of the page is not a candle: %s", number,
			       cause.text);
	return 0;
}

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

int page_sort(struct page *page, struct err *err)
{
	char at[TIMETEXT_BYTES];
	size_t n = 0;

	if (page->n > 1)
		qsort(page->rows, page->n, sizeof(page->rows[0]), by_start);
	for (size_t i = 0; i < page->n; i++) {
		if (n > 0 && page->rows[n - 1].timestamp_ms == page->rows[i].timestamp_ms) {
			if (!same_digits(&page->rows[n - 1], &page->rows[i]))
				return err_set(err, ERR_INPUT,
					       "The page has two different rows that begin at %s.",
					       time_format(page->rows[i].timestamp_ms, at));
			continue;
		}
		if (n != i)
			page->rows[n] = page->rows[i];
		n++;
	}
	page->n = n;
	return 0;
}

void page_release(struct page *page)
{
	free(page->rows);
	*page = (struct page){0};
}
