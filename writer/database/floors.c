/* SPDX-License-Identifier: MIT */
#include "floors.h"

#define SQL_FLOORS                                                                         \
	"SELECT b.n, (extract(epoch FROM s.retained_from) * 1000)::bigint "                \
	"FROM unnest($1::bigint[], $2::text[], $3::text[]) AS b(n, symbol, interval) "     \
	"JOIN market_data_series AS s ON s.symbol = b.symbol AND s.interval = b.interval " \
	"WHERE s.retained_from IS NOT NULL"

/* The answer has the first row of a series. */
static int64_t apply(struct store_scratch *scratch, const struct batch *b, size_t first,
		     int64_t floor_ms)
{
	size_t end = batch_series_end(b, first);
	int64_t below = 0;

	for (size_t i = first; i < end; i++) {
		scratch->floor_ms[i] = floor_ms;
		below += b->rows[i].m.candle.timestamp_ms < floor_ms;
	}
	return below;
}

int floors_ask(struct pg *pg, struct store_scratch *scratch, const struct batch *b, int64_t *below,
	       struct err *err)
{
	PGresult *res;

	*below = 0;
	scratch_take_rows(scratch, b->n);
	scratch_clear(scratch);
	for (size_t i = 0; i < b->n; i++)
		scratch->floor_ms[i] = INT64_MIN;
	for (size_t i = 0; i < b->n; i = batch_series_end(b, i)) {
		const struct candle *c = &b->rows[i].m.candle;

		pgarray_int(&scratch->a[0], (int64_t)i);
		pgarray_plain(&scratch->a[1], c->symbol);
		pgarray_plain(&scratch->a[2], c->interval->name);
	}
	if (b->n == 0)
		return 0;
	res = scratch_query(scratch, pg, SQL_FLOORS, NULL, 3, err);
	if (res == NULL)
		return -1;
	for (int row = 0; row < PQntuples(res); row++)
		*below += apply(scratch, b, (size_t)pg_number(res, row, 0), pg_number(res, row, 1));
	PQclear(res);
	return 0;
}
