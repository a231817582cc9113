/* SPDX-License-Identifier: MIT */
#include "producer/lookup/visit_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

enum { RELISTED_DEADLINE_MS = 10 * 60 * 1000 };

/* The series as the rows of a FROM clause; $1 is the JSON text that series_json makes. JSON,
 * because its arrays need no quoting rules of our own; coordinates are positions, so that results
 * find their way back. */
#define WANTED                                                                                                                                                                                    \
	"(SELECT i, symbol, \"interval\", widen, is_new, to_timestamp(wanted_from / 1000) AS wanted_from,"                                                                                        \
	" to_timestamp(wanted_until / 1000) AS wanted_until, to_timestamp(listed_from / 1000) AS listed_from, to_timestamp(earlier_until / 1000) AS earlier_until, looked_up, state, corrections" \
	" FROM json_to_recordset($1::json) AS r(i int, symbol text, \"interval\" text, widen bool, is_new bool, wanted_from bigint,"                                                              \
	" wanted_until bigint, listed_from bigint, earlier_until bigint, looked_up bool, state text, corrections json)) AS w"

static int number_or_null(struct buf *b, const char *key, int64_t value, int64_t null_value)
{
	if (value == null_value)
		return buf_printf(b, ",\"%s\":null", key);
	return buf_printf(b, ",\"%s\":%" PRId64, key, value);
}

/* Which of the series a statement is about. */
static int of_beginning(const struct visit_series *s)
{
	return s->partition->begins;
}

static int of_any(const struct visit_series *s)
{
	(void)s;
	return 1;
}

static int of_looked_up(const struct visit_series *s)
{
	return s->looked_up;
}

static int of_changed(const struct visit_series *s)
{
	return s->looked_up && !s->same;
}

static int spans_json(struct buf *b, const char *key, const struct spans *spans)
{
	int full = buf_printf(b, ",\"%s\":[", key);

	for (size_t i = 0; i < spans->n && !full; i++)
		full = buf_printf(b, "%s[%" PRId64 ",%" PRId64 "]", i > 0 ? "," : "",
				  spans->v[i].from, spans->v[i].to);
	return full || buf_append(b, "]", 1);
}

/* Symbols, intervals and states are of our own alphabets: nothing in them needs escaping. */
static int series_json(const struct visit *visit, int (*of)(const struct visit_series *),
		       struct buf *b, struct err *err)
{
	int full = buf_append(b, "[", 1), any = 0;

	for (size_t i = 0; i < visit->n && !full; i++) {
		const struct visit_series *s = &visit->series[i];
		const struct wanted *w = &s->wanted;

		if (!of(s))
			continue;
		full = buf_printf(
			       b,
			       "%s{\"i\":%zu,\"symbol\":\"%s\",\"interval\":\"%s\",\"widen\":%s,\"is_new\":%s,\"wanted_from\":%" PRId64,
			       any++ ? "," : "", i, s->symbol, s->iv->name,
			       w->widen ? "true" : "false", s->is_refused ? "false" : "true",
			       w->from_ms) ||
		       number_or_null(b, "wanted_until", w->until_ms, INT64_MAX) ||
		       number_or_null(b, "listed_from", w->listed_from_ms, INT64_MIN) ||
		       number_or_null(b, "earlier_until", w->earlier_until_ms, INT64_MIN) ||
		       spans_json(b, "corrections", &s->corrections) ||
		       buf_printf(b, ",\"looked_up\":%s,\"state\":\"%s\"}",
				  w->looked_up ? "true" : "false", s->state);
	}
	if (full || buf_append(b, "]", 1))
		return err_set(err, ERR_FATAL, "too many series for one lookup (%zu)", visit->n);
	return 0;
}

/* The series of a row; NULL: it has none. */
static struct visit_series *series_at(const PGresult *res, int row, struct visit *visit)
{
	int64_t at = pg_number_or(res, row, 0, -1);

	return at >= 0 && (size_t)at < visit->n ? &visit->series[at] : NULL;
}

int visit_query(struct pg *pg, const char *sql, struct pg_params params, struct visit *visit,
		visit_take *take, struct err *err)
{
	PGresult *res = pg_query(pg, sql, params, VISIT_DEADLINE_MS, err);

	for (int i = 0; res && i < PQntuples(res); i++) {
		struct visit_series *s = series_at(res, i, visit);

		if (s)
			take(res, i, s);
	}
	PQclear(res);
	return res ? 0 : -1;
}

/* An earlier life is taken out of the coverage, and its rows are no longer confirmed: all of them,
 * at once. */
static int64_t wanted_deadline_ms(const struct visit *visit)
{
	for (size_t i = 0; i < visit->n; i++)
		if (visit->series[i].wanted.earlier_until_ms != INT64_MIN)
			return RELISTED_DEADLINE_MS;
	return VISIT_DEADLINE_MS;
}

static int wanted_write(struct pg *pg, const char *source, const char *json,
			const struct visit *visit, struct err *err)
{
	/* First start: what was covered before was wanted, should this row have been lost with its
	 * table. */
	static const char insert[] =
		"INSERT INTO market_data_series (symbol, \"interval\", source, wanted_from, wanted_until, state)"
		" SELECT w.symbol, w.\"interval\", $2, LEAST(w.wanted_from, lower(c.covered)), w.wanted_until, w.state FROM " WANTED
		" LEFT JOIN market_data_covered() c ON c.symbol = w.symbol AND c.\"interval\" = w.\"interval\""
		" WHERE w.is_new ORDER BY w.symbol, w.\"interval\" ON CONFLICT (symbol, \"interval\") DO NOTHING";
	static const char update[] =
		"UPDATE market_data_series s SET state = CASE WHEN w.looked_up THEN w.state ELSE s.state END,"
		" wanted_until = CASE WHEN w.looked_up THEN w.wanted_until ELSE s.wanted_until END,"
		" wanted_from = CASE WHEN w.widen THEN LEAST(s.wanted_from, w.wanted_from) ELSE s.wanted_from END,"
		" listed_from = CASE WHEN NOT w.looked_up THEN s.listed_from WHEN w.listed_from IS NULL THEN NULL"
		" WHEN EXISTS (SELECT 1 FROM market_data m WHERE m.symbol = w.symbol AND m.\"interval\" = w.\"interval\""
		" AND m.\"timestamp\" < w.listed_from) THEN s.listed_from ELSE w.listed_from END,"
		" earlier_until = coalesce(w.earlier_until, s.earlier_until)"
		" FROM " WANTED
		" WHERE s.symbol = w.symbol AND s.\"interval\" = w.\"interval\" AND s.ended_at IS NULL AND ((w.looked_up AND s.state IS DISTINCT FROM w.state)"
		" OR (w.looked_up AND s.wanted_until IS DISTINCT FROM w.wanted_until) OR (w.widen AND w.wanted_from < s.wanted_from)"
		" OR (w.looked_up AND s.listed_from IS DISTINCT FROM w.listed_from) OR s.earlier_until IS DISTINCT FROM"
		" coalesce(w.earlier_until, s.earlier_until))";

	if (pg_run(pg, insert, PG_VALUES(json, source), VISIT_DEADLINE_MS, err))
		return -1;
	return pg_run(pg, update, PG_VALUES(json), wanted_deadline_ms(visit), err);
}

static int wanted_read(struct pg *pg, const char *source, const char *json, struct visit *visit,
		       struct err *err)
{
	static const char select[] =
		"SELECT w.i, " SQL_MS("s.wanted_from") ", " SQL_MS("s.listed_from") ", s.source, " SQL_MS(
			"s.wanted_until") ", " SQL_MS("s.earlier_until") " FROM " WANTED
									 " JOIN market_data_series s ON s.symbol = w.symbol AND s.\"interval\" = w.\"interval\"";
	PGresult *res = pg_query(pg, select, PG_VALUES(json), VISIT_DEADLINE_MS, err);
	int rc = 0;

	for (int i = 0; res && i < PQntuples(res); i++) {
		struct visit_series *s = series_at(res, i, visit);

		if (!s)
			continue;
		if (strcmp(PQgetvalue(res, i, 3), source) != 0) {
			visit->is_unfit = 1;
			rc = err_set(
				err, ERR_FATAL,
				"the database holds %s %s of source '%s', this producer is set to '%s': one table holds "
				"one source",
				s->symbol, s->iv->name, PQgetvalue(res, i, 3), source);
			break;
		}
		s->wanted.from_ms =
			interval_floor(s->iv, pg_number_or(res, i, 1, s->wanted.from_ms));
		s->wanted.listed_from_ms = pg_number_or(res, i, 2, INT64_MIN);
		s->wanted.until_ms = pg_number_or(res, i, 4, INT64_MAX);
		s->wanted.earlier_until_ms = pg_number_or(res, i, 5, INT64_MIN);
	}
	PQclear(res);
	return res ? rc : -1;
}

int visit_sql_wanted(struct pg *pg, const char *source, struct visit *visit, struct err *err)
{
	struct buf json;
	int rc = -1;

	buf_init(&json, VISIT_JSON_BYTES);
	if (series_json(visit, of_beginning, &json, err) == 0 &&
	    wanted_write(pg, source, json.data, visit, err) == 0)
		rc = wanted_read(pg, source, json.data, visit, err);
	buf_release(&json);
	return rc;
}

int visit_sql_open(struct pg *pg, const char *source, struct visit *visit, struct err *err)
{
	PGresult *res = pg_query(
		pg,
		"SELECT DISTINCT symbol FROM market_data_series WHERE source = $1 AND wanted_until IS NULL AND ended_at IS NULL",
		PG_VALUES(source), VISIT_DEADLINE_MS, err);

	if (!res)
		return -1;
	visit->open = xcalloc((size_t)PQntuples(res) + 1, sizeof *visit->open);
	for (int i = 0; i < PQntuples(res); i++)
		if (symbol_is_valid(PQgetvalue(res, i, 0)))
			snprintf(visit->open[visit->n_open++], sizeof *visit->open, "%s",
				 PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}

int visit_sql_positions(struct pg *pg, const char *topic, struct visit *visit, struct err *err)
{
	PGresult *res = pg_query(
		pg, "SELECT partition, next_offset FROM market_data_position WHERE topic = $1",
		PG_VALUES(topic), VISIT_DEADLINE_MS, err);

	if (!res)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		for (size_t k = 0; k < visit->n_partitions; k++)
			if (visit->partitions[k].id == pg_number_or(res, i, 0, -1))
				visit->partitions[k].position = pg_number(res, i, 1);
	PQclear(res);
	return 0;
}

enum { MORE_PARAMS = 3 };

/* One round trip with the series as $1, and more, if there are; take() gets each row of the result,
 * with the series that it is of. */
static int series_query(struct pg *pg, const char *sql, struct pg_params more, struct visit *visit,
			int (*of)(const struct visit_series *), visit_take *take, struct err *err)
{
	const char *values[1 + MORE_PARAMS];
	struct buf json;
	int rc = -1;

	buf_init(&json, VISIT_JSON_BYTES);
	if (series_json(visit, of, &json, err) == 0) {
		values[0] = json.data;
		for (int i = 0; i < more.n; i++)
			values[1 + i] = more.values[i];
		rc = visit_query(pg, sql, (struct pg_params){1 + more.n, values}, visit, take, err);
	}
	buf_release(&json);
	return rc;
}

static void limits_take(const PGresult *res, int row, struct visit_series *s)
{
	s->limits = (struct limits){.retained_from_ms = pg_number_or(res, row, 1, INT64_MIN),
				    .ended = pg_true(res, row, 2)};
}

int visit_sql_limits(struct pg *pg, struct visit *visit, struct err *err)
{
	static const char select[] = "SELECT w.i, " SQL_MS(
		"s.retained_from") ", s.ended_at IS NOT NULL FROM " WANTED
				   " JOIN market_data_series s ON s.symbol = w.symbol AND s.\"interval\" = w.\"interval\"";

	return series_query(pg, select, PG_NONE, visit, of_any, limits_take, err);
}

static void version_take(const PGresult *res, int row, struct visit_series *s)
{
	int64_t version = pg_number(res, row, 1);

	s->same = version != 0 && version == s->version;
	s->version = version;
}

/* A row that was written again has another xmin. What is not covered though its row says so counts
 * as well: what is given up, and chunks that are gone. Another server, or one that was started
 * again, has nothing that was seen before. */
int visit_sql_versions(struct pg *pg, int64_t connection, struct visit *visit, struct err *err)
{
	static const char select[] =
		"SELECT w.i, hashtextextended(concat_ws('|', pg_postmaster_start_time(), coalesce(c.xmin::text, '-'),"
		" coalesce(s.retained_from::text, '-'), l.lost), $2::bigint) FROM " WANTED
		" CROSS JOIN market_data_lost() AS l(lost)"
		" LEFT JOIN market_data_coverage c ON c.symbol = w.symbol AND c.\"interval\" = w.\"interval\""
		" LEFT JOIN market_data_series s ON s.symbol = w.symbol AND s.\"interval\" = w.\"interval\"";

	return series_query(pg, select, PG_VALUES(PG_INT(connection)), visit, of_looked_up,
			    version_take, err);
}

static void covered_take(const PGresult *res, int row, struct visit_series *s)
{
	spans_add(&s->covered, pg_number_or(res, row, 1, INT64_MIN),
		  pg_number_or(res, row, 2, INT64_MAX));
}

int visit_sql_coverage(struct pg *pg, struct visit *visit, struct err *err)
{
	static const char select[] = "SELECT w.i, " SQL_MS("lower(r)") ", " SQL_MS(
		"upper(r)") " FROM " WANTED
			    " JOIN market_data_covered() c ON c.symbol = w.symbol AND c.\"interval\" = w.\"interval\", unnest(c.covered) r"
			    " ORDER BY w.i, lower(r)";

	return series_query(pg, select, PG_NONE, visit, of_changed, covered_take, err);
}

enum {
	STORED_SERIES,
	STORED_FROM, /* of the gap; where not all of it was read, of what was */
	STORED_TO,
	STORED_AT,
	STORED_REVISION,
	STORED_FETCHED
};

/* A stored candle, and the gap that it is in; or a gap without any. */
static void stored_take(const PGresult *res, int row, struct visit_series *s)
{
	spans_add(&s->told, pg_number_or(res, row, STORED_FROM, INT64_MIN),
		  pg_number_or(res, row, STORED_TO, INT64_MAX));
	if (!PQgetisnull(res, row, STORED_AT))
		stored_add(&s->stored,
			   &(struct stored_row){.timestamp_ms = pg_number(res, row, STORED_AT),
						.revision = pg_number(res, row, STORED_REVISION),
						.fetched_ms = pg_number(res, row, STORED_FETCHED)});
}

/* With the gaps, at first, the end of what is covered (late.h).
 * The older gaps of all series before the newer ones; where the budget ends, another series begins
 * the next time. A gap where nothing is stored costs nothing. Of one that has more than the limit
 * the newest are read, and it is told from the oldest of these on. */
int visit_sql_stored(struct pg *pg, struct visit *visit, struct err *err)
{
	static const char select[] =
		"WITH gap AS (SELECT w.i, w.symbol, w.\"interval\", g, row_number() OVER (PARTITION BY w.i ORDER BY lower(g)) AS place"
		" FROM " WANTED
		" LEFT JOIN market_data_covered() c ON c.symbol = w.symbol AND c.\"interval\" = w.\"interval\""
		" CROSS JOIN LATERAL (SELECT coalesce(range_agg(tstzrange(to_timestamp((r->>0)::bigint / 1000), to_timestamp((r->>1)::bigint / 1000))), '{}')"
		" FROM json_array_elements(w.corrections) AS r) AS o(corrections)"
		" CROSS JOIN LATERAL (SELECT CASE WHEN w.looked_up THEN '{}' ELSE tstzmultirange(tstzrange(upper(c.covered)"
		" - CASE w.\"interval\" WHEN '1s' THEN interval '61 s' ELSE interval '16 min' END, NULL)) END) AS y(young)"
		" CROSS JOIN LATERAL unnest(tstzmultirange(tstzrange(w.wanted_from, NULL)) - (coalesce(c.covered, '{}') - o.corrections - y.young)) AS g),"
		" candle AS (SELECT gap.i, gap.g, gap.place, m.*, count(m.\"timestamp\") OVER of_gap AS n, min(m.\"timestamp\") OVER of_gap AS oldest"
		" FROM gap LEFT JOIN LATERAL (SELECT d.\"timestamp\", d.revision, d.fetched_at FROM market_data d"
		" WHERE d.symbol = gap.symbol AND d.\"interval\" = gap.\"interval\" AND d.\"timestamp\" >= lower(gap.g)"
		" AND (upper(gap.g) IS NULL OR d.\"timestamp\" < upper(gap.g)) AND d.fetched_at > '-infinity'"
		" ORDER BY d.\"timestamp\" DESC LIMIT $2::bigint) AS m ON true WINDOW of_gap AS (PARTITION BY gap.i, gap.place)),"
		" counted AS (SELECT *, count(\"timestamp\") OVER (ORDER BY place, i < $4::int, i) - n AS before FROM candle)"
		" SELECT i, " SQL_MS("CASE WHEN n >= $2::bigint THEN oldest ELSE lower(g) END") ", " SQL_MS(
			"upper(g)") ", " SQL_MS("\"timestamp\"") ", revision, " SQL_MS("fetched_at") " FROM counted"
												     " WHERE before < $3::bigint OR n = 0";

	return series_query(pg, select,
			    PG_VALUES(PG_INT(visit->stored_rows), PG_INT(visit->stored_budget),
				      PG_INT((int64_t)visit->stored_first)),
			    visit, of_changed, stored_take, err);
}

static void refused_take(const PGresult *res, int row, struct visit_series *s)
{
	int64_t start = pg_number_or(res, row, 1, INT64_MIN);

	if (s->refused.n == 0)
		snprintf(s->refused_cause, sizeof s->refused_cause, "%.*s",
			 (int)sizeof s->refused_cause - 1, PQgetvalue(res, row, 2));
	spans_add(&s->refused, start, interval_end(s->iv, start));
}

int visit_sql_refused(struct pg *pg, struct visit *visit, struct err *err)
{
	static const char select[] = "SELECT w.i, " SQL_MS(
		"r.\"timestamp\"") ", r.reason FROM " WANTED
				   " JOIN candle_refused AS r ON r.symbol = w.symbol AND r.\"interval\" = w.\"interval\""
				   " WHERE r.again_at > now() ORDER BY w.i, r.\"timestamp\" DESC LIMIT 100000";

	return series_query(pg, select, PG_NONE, visit, of_looked_up, refused_take, err);
}
