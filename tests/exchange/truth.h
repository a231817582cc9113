/* SPDX-License-Identifier: MIT */
/* The truth, for a test to compare a table with: all final candles of a span, oldest first, series
 * by series in the order of their names, one line each:
 *
 *   symbol TAB interval TAB 2026-01-02 03:04:00+00 TAB open TAB high TAB low TAB close TAB volume
 * TAB quote_volume TAB revision
 *
 * Digits are those that the API serves; exponents are written out. It stands as at the moment of
 * the request.
 */
#ifndef EXCHANGE_TRUTH_H
#define EXCHANGE_TRUTH_H

#include "exchange.h"

struct truth;

struct truth_query {
	const char *markets;   /* names with commas between; NULL: all */
	const char *intervals; /* likewise; NULL: 1m */
	int64_t from_ms, to_ms;
	int64_t settle_ms; /* candles that ended so long ago, or longer */
};

/* NULL: `error` is one sentence. */
struct truth *truth_new(struct exchange *ex, const struct truth_query *q, struct text *error);
void truth_free(struct truth *t);
/* The next lines, as many as fit. Returns their bytes; 0: that was all. */
size_t truth_read(struct truth *t, char *out, size_t size);
/* The number of lines; with `each`, one line for each series: symbol TAB interval TAB number. */
void truth_count(struct truth *t, bool each, struct text *out);

#endif
