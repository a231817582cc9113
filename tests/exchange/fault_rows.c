/* SPDX-License-Identifier: MIT */
/* Pages that lack rows, show some twice, or show what they were before. Rows are newest first. */
#include "fault_family.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t fault_content_ms(const struct fault_set *set, int64_t now_ms)
{
	return now_ms - fault_value(set, FAULT_BEHIND) * SECOND_MS;
}

static void cut(struct row *rows, size_t *n, size_t from, size_t count)
{
	if (from >= *n)
		return;
	if (count > *n - from)
		count = *n - from;
	memmove(&rows[from], &rows[from + count], (*n - from - count) * sizeof(*rows));
	*n -= count;
}

static void shorten(const struct fault_set *set, struct row *rows, size_t *n)
{
	size_t oldest = (size_t)fault_value(set, FAULT_SHORT_OLDEST),
	       newest = (size_t)fault_value(set, FAULT_SHORT_NEWEST),
	       middle = (size_t)fault_value(set, FAULT_SHORT_MIDDLE);
	const struct fault_hit *hit = NULL;

	cut(rows, n, oldest < *n ? *n - oldest : 0, oldest);
	cut(rows, n, 0, newest);
	if (middle > 0)
		cut(rows, n, middle < *n ? (*n - middle) / 2 : 0, middle);
	for (size_t i = 0; fault_is(set, FAULT_HISTORY_FROM) && i < *n; i++)
		if (rows[i].start_ms < fault_value(set, FAULT_HISTORY_FROM))
			*n = i;
	while ((hit = fault_next(set, FAULT_WITHOUT_ROW, hit)) != NULL)
		for (size_t i = 0; i < *n; i++)
			if (rows[i].start_ms == hit->value)
				cut(rows, n, i, 1);
}

static bool is_meant(const struct fault_hit *hit, const struct row *row)
{
	return hit->row_ms == INT64_MIN || hit->row_ms == row->start_ms;
}

static void lessen(const struct fault_set *set, struct row *rows, size_t n)
{
	const struct fault_hit *hit = NULL;

	while ((hit = fault_next(set, FAULT_LESS_REVISION, hit)) != NULL)
		for (size_t i = 0; i < n; i++)
			if (is_meant(hit, &rows[i]))
				snprintf(rows[i].revision, sizeof(rows[i].revision), "%lld",
					 strtoll(rows[i].revision, NULL, 10) - hit->value);
	while ((hit = fault_next(set, FAULT_LESS_VOLUME, hit)) != NULL) {
		for (size_t i = 0; i < n; i++) {
			struct row *r = &rows[i];

			if (!is_meant(hit, r))
				continue;
			memcpy(r->high, r->open, sizeof(r->high));
			memcpy(r->low, r->open, sizeof(r->low));
			memcpy(r->close, r->open, sizeof(r->close));
			snprintf(r->volume, sizeof(r->volume), "1E-8");
			snprintf(r->quote, sizeof(r->quote), "1E-8");
		}
	}
}

static void repeat(struct row *rows, size_t *n, bool otherwise)
{
	size_t middle = *n / 2;

	if (*n > PAGE_ROWS)
		return;
	memmove(&rows[middle + 1], &rows[middle], (*n - middle) * sizeof(*rows));
	(*n)++;
	if (otherwise)
		snprintf(rows[middle].close, sizeof(rows[middle].close), "1.00000001");
}

void fault_spoil_rows(const struct fault_set *set, struct row *rows, size_t *n, int64_t to_ms)
{
	if (set->n == 0)
		return;
	shorten(set, rows, n);
	lessen(set, rows, *n);
	if (*n == 0)
		return;
	if (fault_is(set, FAULT_OFF_GRID))
		rows[*n / 2].start_ms += rows[0].interval == INTERVAL_1S ? 400 : 17 * SECOND_MS;
	if (fault_is(set, FAULT_SAME_ROW_TWICE) || fault_is(set, FAULT_DUPLICATE_ROW))
		repeat(rows, n, fault_is(set, FAULT_DUPLICATE_ROW));
	if (fault_is(set, FAULT_NEWER_THAN_TO) && *n <= PAGE_ROWS + 1 && to_ms != INT64_MAX) {
		memmove(&rows[1], &rows[0], *n * sizeof(*rows));
		(*n)++;
		rows[0].start_ms = to_ms;
	}
	for (size_t i = 0; fault_is(set, FAULT_UNORDERED) && i < *n / 2; i++) {
		struct row kept = rows[i];

		rows[i] = rows[*n - 1 - i];
		rows[*n - 1 - i] = kept;
	}
	if (fault_is(set, FAULT_GARBAGE_NUMBER))
		snprintf(rows[*n / 2].close, sizeof(rows[0].close), "115o9000.0");
}

const char *fault_market_name(const struct fault_set *set, const char *name)
{
	return fault_is(set, FAULT_WRONG_MARKET) ? "KRW-WRONG" : name;
}
