/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/candle/interval.h"
#include "common/text/utf8.h"
#include "writer/database/pgarray.h"

enum { NAMES_BYTES = 16 << 20 };

/* clang-format off */
/* $3: the instant, the end of the bars. As market_data_freshness_at(), but for what is missing,
 * which is counted here: thousands of gaps take seconds to count there. */
enum { SYMBOL, INTERVAL, STATE, NEWEST, LAG };
#define SQL_SERIES \
	"SELECT s.symbol, s.interval, " \
	"CASE WHEN s.state IN ('active', 'ok') THEN '' ELSE s.state END, " SQL_MS("n.timestamp") ", " \
	SQL_MS("greatest(interval '0', least($3::timestamptz, s.wanted_until) - coalesce(" \
	       "upper(c.covered), greatest(s.wanted_from, s.listed_from, s.retained_from)))") \
	" FROM market_data_series AS s " \
	"LEFT JOIN market_data_covered() AS c ON c.symbol = s.symbol AND c.interval = s.interval " \
	"LEFT JOIN LATERAL (SELECT m.timestamp FROM market_data AS m WHERE m.symbol = s.symbol " \
	"AND m.interval = s.interval AND m.timestamp >= coalesce(s.retained_from, '-infinity') " \
	"ORDER BY m.timestamp DESC LIMIT 1) AS n ON true " \
	"WHERE s.ended_at IS NULL AND " SQL_OF("s")

/* What is covered of the bars' span, and all that is missing, wherever it is. */
enum { FROM = 2, TO, KIND, REASON };
#define SQL_SPANS \
	"SELECT c.symbol, c.interval, " SQL_MS("c.covered_from") ", " SQL_MS("c.covered_to") ", " \
	"'covered', '' FROM market_data_coverage_span AS c " \
	"WHERE c.covered_to > $4 AND c.covered_from < $3 AND " SQL_OF("c") " UNION ALL " \
	"SELECT m.symbol, m.interval, " SQL_MS("m.missing_from") ", " SQL_MS("m.missing_to") ", " \
	"m.kind, coalesce(m.reason, '') FROM market_data_missing_at($3) AS m WHERE " SQL_OF("m")
/* clang-format on */

/* In which of $5 cells a candle lies, of each series: a look at the key's index for each; and in
 * how many of the $6 newest intervals that are due. */
#define SQL_SEEN                                                                              \
	"SELECT s.symbol, s.interval, string_agg(CASE WHEN EXISTS (SELECT FROM market_data "  \
	"AS m WHERE m.symbol = s.symbol AND m.interval = s.interval AND m.timestamp > "       \
	"$4::timestamptz + ($3::timestamptz - $4::timestamptz) * i / $5::float8 - "           \
	"interval_length(s.interval) AND m.timestamp < $4::timestamptz + ($3::timestamptz - " \
	"$4::timestamptz) * (i + 1) / $5::float8) THEN '1' ELSE '0' END, '' ORDER BY i), "    \
	"(SELECT count(*) FROM market_data_due(s.interval, $3) AS d(due), market_data AS r "  \
	"WHERE r.symbol = s.symbol AND r.interval = s.interval AND r.timestamp < d.due AND "  \
	"r.timestamp >= interval_add(s.interval, d.due, -$6::int)) FROM "                     \
	"unnest($1::text[], $2::text[]) AS s(symbol, interval) CROSS JOIN "                   \
	"generate_series(0, $5::int - 1) AS i GROUP BY s.symbol, s.interval"

static struct report_series *series_of(struct report *r, const PGresult *rows, int row)
{
	return report_find(r->series, r->n, PQgetvalue(rows, row, SYMBOL),
			   PQgetvalue(rows, row, INTERVAL));
}

static void note_set(struct report_series *s, const char *text)
{
	char shown[PRINTABLE_BYTES];

	if (*text != '\0')
		snprintf(s->note, sizeof(s->note), "%.*s", REPORT_NOTE_BYTES - 1,
			 printable(text, shown));
}

static void take_series(struct report *r, const PGresult *rows)
{
	r->n = (size_t)PQntuples(rows);
	r->series = xcalloc(r->n + 1, sizeof(*r->series));
	for (size_t i = 0; i < r->n; i++) {
		struct report_series *s = &r->series[i];
		int row = (int)i;

		snprintf(s->symbol, sizeof(s->symbol), "%s", PQgetvalue(rows, row, SYMBOL));
		snprintf(s->interval, sizeof(s->interval), "%s", PQgetvalue(rows, row, INTERVAL));
		note_set(s, PQgetvalue(rows, row, STATE));
		s->newest_ms = pg_number_or(rows, row, NEWEST, INT64_MIN);
		s->lag_ms = pg_number(rows, row, LAG);
	}
	report_sort_by_name(r->series, r->n);
}

static struct span span_of(const struct report *r, int row)
{
	return (struct span){pg_number(r->spans, row, FROM), pg_number(r->spans, row, TO)};
}

static void take_missing(struct report *r)
{
	for (int row = 0; row < PQntuples(r->spans); row++) {
		struct report_series *s = series_of(r, r->spans, row);
		const struct interval *iv = s != NULL ? interval_by_name(s->interval) : NULL;
		const struct span span = span_of(r, row);
		const char *kind = PQgetvalue(r->spans, row, KIND);
		int64_t n;

		if (iv == NULL || *kind == 'c')
			continue;
		n = interval_count(iv, span.from, span.to);
		if (*kind == 'g') {
			s->gaps++;
			s->missing += n;
			r->gaps++;
			r->missing += n;
		} else {
			note_set(s, PQgetvalue(r->spans, row, REASON));
			s->unobtainable += n;
			r->unobtainable += n;
		}
	}
}

int report_series(struct report *r, struct pg *pg, const struct selection *selected,
		  struct err *err)
{
	const char *symbols = selected->symbols_sql, *intervals = selected->intervals_sql;
	const char *to = PG_TIME(r->span.to);
	PGresult *rows =
		pg_query(pg, SQL_SERIES, PG_VALUES(symbols, intervals, to), r->deadline_ms, err);

	if (rows == NULL)
		return -1;
	take_series(r, rows);
	PQclear(rows);
	r->spans = pg_query(pg, SQL_SPANS, PG_VALUES(symbols, intervals, to, PG_TIME(r->span.from)),
			    r->deadline_ms, err);
	if (r->spans == NULL)
		return -1;
	take_missing(r);
	return 0;
}

void report_keep(struct report *r, size_t most)
{
	report_sort(r->series, r->n);
	if (r->n > most)
		r->n = most;
}

static void take_spans(struct report *r)
{
	for (size_t i = 0; i < r->n; i++)
		memset(r->series[i].bar, REPORT_UNWANTED, (size_t)r->cells);
	for (int row = 0; row < PQntuples(r->spans); row++) {
		struct report_series *s = series_of(r, r->spans, row);
		const char *kind = PQgetvalue(r->spans, row, KIND);

		if (s != NULL)
			report_mark(s->bar, r->cells, r->span, span_of(r, row),
				    *kind == 'c'   ? REPORT_FULL
				    : *kind == 'g' ? REPORT_GAP
						   : REPORT_UNOBTAINABLE);
	}
}

/* symbols, intervals: array literals of all of them, NULL if too large. */
static int take_seen(struct report *r, struct pg *pg, const char *symbols, const char *intervals,
		     struct err *err)
{
	PGresult *rows;

	if (symbols == NULL || intervals == NULL)
		return err_set(err, ERR_FATAL, "%zu series are too many to be shown at once", r->n);
	rows = pg_query(pg, SQL_SEEN,
			PG_VALUES(symbols, intervals, PG_TIME(r->span.to), PG_TIME(r->span.from),
				  PG_INT(r->cells / r->together), PG_INT(REPORT_RECENT)),
			r->deadline_ms, err);
	if (rows == NULL)
		return -1;
	for (int row = 0; row < PQntuples(rows); row++) {
		struct report_series *s = series_of(r, rows, row);

		if (s == NULL)
			continue;
		report_quiet(s->bar, r->cells, PQgetvalue(rows, row, 2), r->together);
		s->recent = pg_number(rows, row, 3);
	}
	PQclear(rows);
	return 0;
}

/* Whole groups of cells. */
static void cells_set(struct report *r, int cells, size_t looks)
{
	if (cells > REPORT_BAR_MAX)
		cells = REPORT_BAR_MAX;
	r->together = 1;
	while (r->together < cells && r->n * (size_t)(cells / r->together) > looks)
		r->together++;
	r->cells = cells - cells % r->together;
}

int report_bars(struct report *r, struct pg *pg, int cells, size_t looks, struct err *err)
{
	struct buf symbols, intervals;
	int rc;

	cells_set(r, cells, looks);
	report_sort_by_name(r->series, r->n);
	take_spans(r);
	buf_init(&symbols, NAMES_BYTES);
	buf_init(&intervals, NAMES_BYTES);
	for (size_t i = 0; i < r->n; i++) {
		pgarray_text(&symbols, r->series[i].symbol);
		pgarray_text(&intervals, r->series[i].interval);
	}
	rc = take_seen(r, pg, pgarray_end(&symbols), pgarray_end(&intervals), err);
	buf_release(&symbols);
	buf_release(&intervals);
	report_sort(r->series, r->n);
	return rc;
}

void report_release(struct report *r)
{
	PQclear(r->spans);
	free(r->series);
	r->spans = NULL;
	r->series = NULL;
}
