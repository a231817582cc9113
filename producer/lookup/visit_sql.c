/* SPDX-License-Identifier: MIT */
#include "producer/lookup/visit_sql.h"

#include <stdio.h>
#include <string.h>

#include "producer/lookup/visit_json.h"

enum { RELISTED_DEADLINE_MS = 10 * 60 * 1000 };

/* The series as the rows of a FROM clause; $1 is the JSON text that visit_json_series makes.
 * Coordinates are positions, so that results find their way back. */
#define WANTED                                                                                                                                                                                              \
	"(SELECT i, symbol, \"interval\", widen, is_new, to_timestamp(wanted_from / 1000) AS wanted_from,"                                                                                                  \
	" to_timestamp(wanted_until / 1000) AS wanted_until, to_timestamp(listed_from / 1000) AS listed_from, to_timestamp(earlier_until / 1000) AS earlier_until, looked_up, state, corrections, evidence" \
	" FROM json_to_recordset($1::json) AS r(i int, symbol text, \"interval\" text, widen bool, is_new bool, wanted_from bigint,"                                                                        \
	" wanted_until bigint, listed_from bigint, earlier_until bigint, looked_up bool, state text, corrections json, evidence jsonb)) AS w"

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

/* The series of a row; NULL: it has none. */
static struct visit_series *series_at(const PGresult *res, int row, struct visit *visit)
{
	int64_t at = pg_number_or(res, row, 0, -1);

	return at >= 0 && (size_t)at < visit->n ? &visit->series[at] : NULL;
}

/* Gets each row of a result, with the series that it is of: the first column is its place in the
 * visit. */
typedef void take_row(const PGresult *res, int row, struct visit_series *s);

/* One round trip. */
static int query(struct pg *pg, const char *sql, struct pg_params params, struct visit *visit,
		 take_row *take, struct err *err)
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

/* ---- what is kept ---- */

#define CHANGES                                                                                       \
	"(SELECT symbol, \"interval\", reason, is_new, range_agg(tstzrange(to_timestamp(since / "     \
	"1000), to_timestamp(until / 1000))) AS spans FROM json_to_recordset($1::json) AS c(symbol "  \
	"text, \"interval\" text, reason text, is_new bool, since bigint, until bigint) GROUP BY 1, " \
	"2, 3, 4) AS c"

static const char take_back[] =
	"UPDATE market_data_unobtainable AS u SET spans = u.spans - c.spans FROM " CHANGES
	" WHERE u.symbol = c.symbol AND u.\"interval\" = c.\"interval\" AND u.reason = c.reason"
	" AND NOT c.is_new";
static const char add[] =
	"INSERT INTO market_data_unobtainable AS u (symbol, \"interval\", reason, spans)"
	" SELECT c.symbol, c.\"interval\", c.reason, c.spans FROM " CHANGES
	" WHERE c.is_new ORDER BY 1, 2, 3"
	" ON CONFLICT (symbol, \"interval\", reason) DO UPDATE SET spans = u.spans + EXCLUDED.spans";

#define NUMBER(path) "(s.evidence #>> '{" path "}')::bigint"
static const char read_evidence[] =
	"SELECT w.i, " NUMBER("was_listed") ", " NUMBER("not_listed,0") ", " NUMBER("not_listed,1") ", " NUMBER("not_found,0") ", " NUMBER("not_found,1") ", " NUMBER(
		"ap"
		"art") ", " NUMBER("oldest_row") ", " NUMBER("older,0") ", " NUMBER("older,1") ", " NUMBER("earlier") " FROM " WANTED
														      " JOIN market_data_series AS s ON s.symbol = w.symbol AND s.\"interval\" = w.\"interval\""
														      " WHERE s.evidence IS NOT NULL";
static const char read_unobtainable[] = "SELECT w.i, u.reason, " SQL_MS("lower(r)") ", " SQL_MS(
	"upper(r)") " FROM " WANTED
		    " JOIN market_data_unobtainable AS u ON u.symbol = w.symbol AND u.\"interval\" = w.\"interval\","
		    " unnest(u.spans) AS r";

static void evidence_take(const PGresult *res, int row, struct visit_series *s)
{
	s->evidence = (struct evidence){
		.market = {.was_listed = (int)pg_number(res, row, 1),
			   .not_listed = {pg_number(res, row, 2), pg_number(res, row, 3)},
			   .not_found = {pg_number(res, row, 4), pg_number(res, row, 5)},
			   .apart_ms = pg_number(res, row, 6)},
		.oldest_row_ms = pg_number(res, row, 7),
		.older = {pg_number(res, row, 8), pg_number(res, row, 9)},
		.earlier_until_ms = pg_number(res, row, 10)};
}

static void unobtainable_take(const PGresult *res, int row, struct visit_series *s)
{
	const struct spans none = {0};

	unobtainable_add(
		&s->unobtainable_stored, unobtainable_reason_by_name(PQgetvalue(res, row, 1)),
		pg_number_or(res, row, 2, INT64_MIN), pg_number_or(res, row, 3, INT64_MAX), &none);
}

/* What witnesses said, and what is not available: written where it has changed, and read back.
 * changes: of the latter; NULL: none. Two commands may change that as well: one settles spans by
 * hand, one forgets them. */
static int evidence_keep(struct pg *pg, const char *series, const char *changes,
			 struct visit *visit, struct err *err)
{
	static const char update[] =
		"UPDATE market_data_series AS s SET evidence = w.evidence FROM " WANTED
		" WHERE s.symbol = w.symbol AND s.\"interval\" = w.\"interval\" AND w.looked_up"
		" AND s.evidence IS DISTINCT FROM w.evidence";

	return pg_run(pg, update, PG_VALUES(series), VISIT_DEADLINE_MS, err) ||
	       (changes && (pg_run(pg, take_back, PG_VALUES(changes), VISIT_DEADLINE_MS, err) ||
			    pg_run(pg, add, PG_VALUES(changes), VISIT_DEADLINE_MS, err))) ||
	       query(pg, read_evidence, PG_VALUES(series), visit, evidence_take, err) ||
	       query(pg, read_unobtainable, PG_VALUES(series), visit, unobtainable_take, err);
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

int visit_sql_wanted(struct pg *pg, const char *source, struct visit *visit, struct err *err)
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
	struct buf json, changes;
	int rc;

	buf_init(&json, VISIT_JSON_BYTES);
	buf_init(&changes, VISIT_JSON_BYTES);
	rc = visit_json_series(visit, of_beginning, 1, &json, err) ||
	     pg_run(pg, insert, PG_VALUES(json.data, source), VISIT_DEADLINE_MS, err) ||
	     pg_run(pg, update, PG_VALUES(json.data), wanted_deadline_ms(visit), err) ||
	     visit_json_changes(visit, &changes, err) ||
	     evidence_keep(pg, json.data, changes.len > 2 ? changes.data : NULL, visit, err);
	buf_release(&json);
	buf_release(&changes);
	return rc ? -1 : 0;
}

/* What the database holds as wanted. -1 (ERR_FATAL): of another source. */
static int wanted_take(const PGresult *res, int row, const char *source, struct visit_series *s,
		       struct err *err)
{
	const char *stored_of = PQgetvalue(res, row, 3);

	if (strcmp(stored_of, source) != 0)
		return err_set(
			err, ERR_FATAL,
			"the database holds %s %s of source '%s', this producer is set to '%s': one table holds "
			"one source",
			s->symbol, s->iv->name, stored_of, source);
	s->wanted.from_ms = interval_floor(s->iv, pg_number_or(res, row, 4, s->wanted.from_ms));
	s->wanted.listed_from_ms = pg_number_or(res, row, 5, INT64_MIN);
	s->wanted.until_ms = pg_number_or(res, row, 6, INT64_MAX);
	s->wanted.earlier_until_ms = pg_number_or(res, row, 7, INT64_MIN);
	return 0;
}

int visit_sql_series(struct pg *pg, const char *source, struct visit *visit, struct err *err)
{
	static const char select[] =
		"SELECT w.i, " SQL_MS("s.retained_from") ", s.ended_at IS NOT NULL, s.source, " SQL_MS("s.wanted_from") ", " SQL_MS(
			"s.listed_from") ", " SQL_MS("s.wanted_until") ", " SQL_MS("s.earlier_until") " FROM " WANTED
												      " JOIN market_data_series s ON s.symbol = w.symbol AND s.\"interval\" = w.\"interval\"";
	PGresult *res = NULL;
	struct buf json;
	int rc = 0;

	buf_init(&json, VISIT_JSON_BYTES);
	if (visit_json_series(visit, of_any, 0, &json, err) == 0)
		res = pg_query(pg, select, PG_VALUES(json.data), VISIT_DEADLINE_MS, err);
	for (int i = 0; res && rc == 0 && i < PQntuples(res); i++) {
		struct visit_series *s = series_at(res, i, visit);

		if (!s)
			continue;
		s->limits = (struct limits){.retained_from_ms = pg_number_or(res, i, 1, INT64_MIN),
					    .ended = pg_true(res, i, 2)};
		if (visit->writes_wanted && s->partition->begins)
			rc = wanted_take(res, i, source, s, err);
	}
	visit->is_unfit |= rc < 0;
	buf_release(&json);
	PQclear(res);
	return res ? rc : -1;
}

int visit_sql_open(struct pg *pg, const char *source, struct visit *visit, struct err *err)
{
	PGresult *res = pg_query(
		pg,
		"SELECT DISTINCT symbol FROM market_data_series WHERE source = $1 AND wanted_until IS NULL AND ended_at IS NULL",
		PG_VALUES(source), VISIT_DEADLINE_MS, err);

	if (!res)
		return -1;
	markets_init(&visit->open, (size_t)PQntuples(res));
	for (int i = 0; i < PQntuples(res); i++)
		markets_add(&visit->open, PQgetvalue(res, i, 0));
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
			int (*of)(const struct visit_series *), take_row *take, struct err *err)
{
	const char *values[1 + MORE_PARAMS];
	struct buf json;
	int rc = -1;

	buf_init(&json, VISIT_JSON_BYTES);
	if (visit_json_series(visit, of, 0, &json, err) == 0) {
		values[0] = json.data;
		for (int i = 0; i < more.n; i++)
			values[1 + i] = more.values[i];
		rc = query(pg, sql, (struct pg_params){1 + more.n, values}, visit, take, err);
	}
	buf_release(&json);
	return rc;
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
