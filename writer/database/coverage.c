/* SPDX-License-Identifier: MIT */
#include "coverage.h"

#include "common/base/least.h"
#include "common/text/timetext.h"
#include "transaction_sql.h"

static void add_span(struct session *db, const struct candle *of, struct span s, int64_t as_of_ms)
{
	char text[TIMETEXT_BYTES];

	pgarray_plain(&db->a[0], of->symbol);
	pgarray_plain(&db->a[1], of->interval->name);
	pgarray_plain(&db->a[2], time_format_ms(s.from, text));
	pgarray_plain(&db->a[3], time_format_ms(s.to, text));
	pgarray_plain(&db->a[4], time_format_ms(as_of_ms, text));
}

/* The union of the promises of one series' rows, which stand together: [from, to). What is given up
 * is not covered; a promise that goes on beyond that is true for the rest. A series without any has
 * an empty span, for its as_of. */
static void add_series(struct session *db, const struct batch *b, size_t from, size_t to,
		       struct spans *spans)
{
	const struct candle *of = &b->rows[from].m.candle;
	int64_t as_of_ms = b->rows[from].fetched_ms;

	spans_clear(spans);
	for (size_t i = from; i < to; i++) {
		if (b->rows[i].rejected == NULL)
			spans_add(spans, greatest(b->rows[i].promise.from, db->floor_ms[i]),
				  b->rows[i].promise.to);
		as_of_ms = greatest(as_of_ms, b->rows[i].fetched_ms);
	}
	for (size_t i = 0; i < spans->n; i++)
		add_span(db, of, spans->v[i], as_of_ms);
	if (spans->n == 0)
		add_span(db, of, (struct span){of->timestamp_ms, of->timestamp_ms}, as_of_ms);
}

int coverage_store(struct session *db, const struct batch *b, struct err *err)
{
	struct spans spans = {0};

	session_clear(db);
	for (size_t from = 0, to; from < b->n; from = to) {
		to = batch_series_end(b, from);
		add_series(db, b, from, to, &spans);
	}
	spans_release(&spans);
	if (db->a[0].len == 0)
		return 0;
	return session_run(db, SQL_COVERAGE, NULL, 5, err);
}
