/* SPDX-License-Identifier: MIT */
#include "truth.h"

#include "page.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct truth {
	struct world *world;
	struct market **markets; /* by name */
	size_t market_count, market_at;
	enum interval intervals[INTERVALS];
	unsigned interval_count, interval_at;
	int64_t from_ms, to_ms, settled_ms, now_ms;
	int64_t next_ms;   /* where the current series goes on */
	struct text lines; /* rendered, not yet read */
	size_t read;
};

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct market *const *)a)->name, (*(struct market *const *)b)->name);
}

/* Calls take() for each word between commas. */
static bool each_word(const char *list, bool (*take)(struct truth *, const char *), struct truth *t,
		      struct text *error, const char *what)
{
	char word[MARKET_NAME];

	while (*list != '\0') {
		size_t n = strcspn(list, ",");

		if (n >= sizeof(word))
			n = sizeof(word) - 1;
		memcpy(word, list, n);
		word[n] = '\0';
		if (!take(t, word)) {
			text_printf(error,
				    "%s=%s: there is none of that name, or it is named too often",
				    what, word);
			return false;
		}
		list += strcspn(list, ",");
		list += *list == ',';
	}
	return true;
}

static bool take_market(struct truth *t, const char *name)
{
	struct market *m = market_find(&t->world->markets, name);

	if (m == NULL || t->market_count == t->world->markets.n)
		return false;
	t->markets[t->market_count++] = m;
	return true;
}

static bool take_interval(struct truth *t, const char *name)
{
	if (t->interval_count == INTERVALS ||
	    !interval_parse(name, &t->intervals[t->interval_count]))
		return false;
	t->interval_count++;
	return true;
}

struct truth *truth_new(struct exchange *ex, const struct truth_query *q, struct text *error)
{
	struct truth *t = room_new(1, sizeof(*t));
	size_t all = ex->world.markets.n;

	t->world = &ex->world;
	t->markets = room_new(all, sizeof(struct market *));
	t->now_ms = sandbox_clock_ms(&ex->clock);
	t->settled_ms = t->now_ms - q->settle_ms;
	t->from_ms = t->next_ms = q->from_ms;
	t->to_ms = q->to_ms;
	for (; q->markets == NULL && t->market_count < all; t->market_count++)
		t->markets[t->market_count] = &ex->world.markets.at[t->market_count];
	if ((q->markets != NULL && !each_word(q->markets, take_market, t, error, "market")) ||
	    !each_word(q->intervals != NULL ? q->intervals : "1m", take_interval, t, error,
		       "interval")) {
		truth_free(t);
		return NULL;
	}
	qsort(t->markets, t->market_count, sizeof(struct market *), by_name);
	return t;
}

void truth_free(struct truth *t)
{
	if (t == NULL)
		return;
	free(t->markets);
	text_release(&t->lines);
	free(t);
}

/* The next row of the current series. */
static bool next_row(struct truth *t, struct row *row)
{
	enum interval iv = t->intervals[t->interval_at];

	if (!series_first(t->world, t->markets[t->market_at], iv, t->next_ms, t->to_ms, t->now_ms,
			  row))
		return false;
	if (interval_next(iv, row->start_ms) > t->settled_ms)
		return false;
	t->next_ms = row->start_ms + 1;
	return true;
}

/* Moves to the next series. False: that was the last. */
static bool next_series(struct truth *t)
{
	t->next_ms = t->from_ms;
	if (++t->interval_at >= t->interval_count) {
		t->interval_at = 0;
		t->market_at++;
	}
	return t->market_at < t->market_count;
}

size_t truth_read(struct truth *t, char *out, size_t size)
{
	struct row row;
	size_t n;

	while (t->lines.len - t->read < size && t->market_at < t->market_count &&
	       t->interval_count > 0) {
		if (t->read == t->lines.len) {
			text_clear(&t->lines);
			t->read = 0;
		}
		if (next_row(t, &row))
			page_render_truth(&t->lines, &row);
		else
			next_series(t);
	}
	n = t->lines.len - t->read < size ? t->lines.len - t->read : size;
	if (n > 0)
		memcpy(out, t->lines.data + t->read, n);
	t->read += n;
	return n;
}

void truth_count(struct truth *t, bool each, struct text *out)
{
	struct row row;
	size_t all = 0, rows;

	while (t->market_at < t->market_count && t->interval_count > 0) {
		for (rows = 0; next_row(t, &row); rows++)
			;
		if (each)
			text_printf(out, "%s\t%s\t%zu\n", t->markets[t->market_at]->name,
				    interval_name(t->intervals[t->interval_at]), rows);
		all += rows;
		next_series(t);
	}
	if (!each)
		text_printf(out, "%zu\n", all);
}
