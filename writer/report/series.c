/* SPDX-License-Identifier: MIT */
#include "series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/least.h"
#include "common/candle/interval.h"

enum { LATE_STEP_MS = 600000 };

/* ---- bars */

static int badness(char cell)
{
	static const char order[] = {REPORT_UNWANTED, REPORT_QUIET, REPORT_FULL,
				     REPORT_UNOBTAINABLE, REPORT_GAP};
	const char *at = memchr(order, cell, sizeof(order));

	return at != NULL ? (int)(at - order) : 0;
}

void report_mark(char *bar, int cells, struct span whole, struct span span, enum report_cell kind)
{
	double per_cell = (double)(whole.to - whole.from) / cells;
	int first, past;

	span.from = greatest(span.from, whole.from);
	span.to = least(span.to, whole.to);
	if (span.from >= span.to)
		return;
	first = (int)((double)(span.from - whole.from) / per_cell);
	past = (int)((double)(span.to - whole.from - 1) / per_cell) + 1;
	for (int i = first; i < past && i < cells; i++)
		if (badness(bar[i]) < badness((char)kind))
			bar[i] = (char)kind;
}

void report_quiet(char *bar, int cells, const char *seen, int together)
{
	for (int i = 0; i < cells && seen[i / together] != '\0'; i++)
		if (bar[i] == REPORT_FULL && seen[i / together] != '1')
			bar[i] = REPORT_QUIET;
}

/* ---- order */

static int more_first(int64_t a, int64_t b)
{
	return (a < b) - (a > b);
}

/* How far the coverage is behind what is usual, in steps of ten minutes: less is no trouble, and
 * would have lines change places. A candle that is forming is not late. */
static int64_t late_steps(const struct report_series *s)
{
	const struct interval *iv = interval_by_name(s->interval);

	return greatest(0, s->lag_ms - (iv != NULL ? iv->nominal_ms : 0)) / LATE_STEP_MS;
}

static int by_name(const void *x, const void *y)
{
	const struct report_series *a = x, *b = y;
	int order = strcmp(a->symbol, b->symbol);

	return order != 0 ? order : strcmp(a->interval, b->interval);
}

static int by_trouble(const void *x, const void *y)
{
	const struct report_series *a = x, *b = y;
	int order = more_first(a->missing, b->missing);

	if (order == 0)
		order = more_first(a->unobtainable, b->unobtainable);
	if (order == 0)
		order = more_first(a->note[0] != '\0', b->note[0] != '\0');
	if (order == 0)
		order = more_first(late_steps(a), late_steps(b));
	return order != 0 ? order : by_name(x, y);
}

void report_sort(struct report_series *s, size_t n)
{
	if (n > 0)
		qsort(s, n, sizeof(*s), by_trouble);
}

void report_sort_by_name(struct report_series *s, size_t n)
{
	if (n > 0)
		qsort(s, n, sizeof(*s), by_name);
}

struct report_series *report_find(struct report_series *s, size_t n, const char *symbol,
				  const char *interval)
{
	struct report_series key = {0};

	snprintf(key.symbol, sizeof(key.symbol), "%s", symbol);
	snprintf(key.interval, sizeof(key.interval), "%s", interval);
	return n > 0 ? bsearch(&key, s, n, sizeof(key), by_name) : NULL;
}
