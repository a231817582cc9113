/* SPDX-License-Identifier: MIT */
#include "coverage.h"

#include "common/text/timetext.h"
#include "transaction_sql.h"

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The union of the promises of one series' rows, which stand together: [from, to). What is given up
 * is not covered; a promise that goes on beyond that is true for the rest. */
static void add_series(struct store_scratch *scratch, const struct batch *b, size_t from, size_t to,
		       struct spans *spans)
{
	char text[TIMETEXT_BYTES];

	spans_clear(spans);
	for (size_t i = from; i < to; i++) {
		if (b->rows[i].rejected == NULL)
			spans_add(spans, larger(b->rows[i].promise.from, scratch->floor_ms[i]),
				  b->rows[i].promise.to);
	}
	for (size_t i = 0; i < spans->n; i++) {
		pgarray_plain(&scratch->a[0], b->rows[from].m.candle.symbol);
		pgarray_plain(&scratch->a[1], b->rows[from].m.candle.interval->name);
		pgarray_plain(&scratch->a[2], time_format_ms(spans->v[i].from, text));
		pgarray_plain(&scratch->a[3], time_format_ms(spans->v[i].to, text));
	}
}

int coverage_store(struct pg *pg, struct store_scratch *scratch, const struct batch *b,
		   struct err *err)
{
	struct spans spans = {0};

	scratch_clear(scratch);
	for (size_t from = 0, to; from < b->n; from = to) {
		to = batch_series_end(b, from);
		add_series(scratch, b, from, to, &spans);
	}
	spans_release(&spans);
	if (scratch->a[0].text.len == 0)
		return 0;
	return scratch_run(scratch, pg, SQL_COVERAGE, NULL, 4, err);
}
