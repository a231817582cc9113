/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/pg/pg_tables.h"
#include "indicators/kinds/bars.h"

enum { DEADLINE_MS = 30000, WHOLE_DEADLINE_MS = 3600000 };

#define AT(parameter) "to_timestamp(" parameter "::bigint / 1000.0)"

static const char sql_positions[] =
	"SELECT partition, next_offset FROM market_data_position WHERE topic = $1";

static const char sql_stored[] =
	"SELECT partition, next_offset FROM market_data_indicator_position WHERE topic = $1";

#define AT_3      AT("$3")
#define AT_4      AT("$4")
#define TIMESTAMP SQL_MS("timestamp")
#define FETCHED   SQL_MS("fetched_at")
#define AS_OF     SQL_MS("as_of")
#define OF_SERIES "WHERE symbol = $1 AND interval = $2 "

/* Where reading begins: the bar that is $4 bars before, and the one that is $5 bars before. */
#define START     SQL_MS("min(t)")
#define DAY_START SQL_MS("min(t) FILTER (WHERE i <= $5::bigint)")
static const char sql_lead[] =
	"SELECT " START ", " DAY_START ", (SELECT " AS_OF " FROM market_data_coverage " OF_SERIES
	") FROM (SELECT timestamp, row_number() OVER "
	"(ORDER BY timestamp DESC) FROM market_data " OF_SERIES
	"AND ($3::bigint IS NULL OR timestamp < " AT_3 ") "
	"ORDER BY timestamp DESC LIMIT $4::bigint) AS l(t, i)";

static const char sql_behind[] =
	"SELECT EXISTS (SELECT FROM market_data " OF_SERIES "AND timestamp < " AT_3 ")";

/* (The scan is of an installation that has stored nothing since there is the column.) */
#define NEWEST_FETCHED SQL_MS("max(fetched_at) FILTER (WHERE isfinite(fetched_at))")
static const char sql_as_of[] =
	"SELECT coalesce((SELECT " AS_OF " FROM market_data_coverage " OF_SERIES "), "
	"(SELECT " NEWEST_FETCHED " FROM market_data " OF_SERIES "))";

/* What is skipped by hand is a dead letter, and so is what the writer itself passed; the position
 * is behind either. */
static const char sql_skipped[] =
	"SELECT EXISTS (SELECT FROM candle_dead_letter AS d JOIN market_data_position AS p "
	"USING (topic, partition) WHERE d.topic = $1 AND d.partition = $2 AND d.\"offset\" = $3 "
	"AND d.value = $4::bytea AND p.next_offset > d.\"offset\")";

static const char sql_bars[] =
	"SELECT " TIMESTAMP ", open, high, low, close, volume, quote_volume, revision, "
	"CASE WHEN isfinite(fetched_at) THEN " FETCHED " ELSE 0 END FROM market_data " OF_SERIES
	"AND timestamp >= " AT_3 " AND ($4::bigint IS NULL OR timestamp < " AT_4 ") "
	"ORDER BY timestamp LIMIT $5::bigint";

#define LOWER SQL_MS("lower(r)")
#define UPPER SQL_MS("upper(r)")
static const char sql_covered[] = "SELECT " LOWER ", " UPPER " FROM market_data_coverage, "
				  "unnest(covered * tstzmultirange(tstzrange(" AT_3 ", " AT_4
				  "))) AS r " OF_SERIES "ORDER BY 1";

enum { BARS_MAX = 2000000, PIECE_BARS = 5000, PIECE_FILLED = 200 /* each interval in between */ };

static struct table_read read_of(const char *symbol, const struct interval *interval)
{
	struct table_read r = {
		.interval = interval, .day_bars = -1, .after_ms = INT64_MIN, .until_ms = INT64_MAX};

	snprintf(r.symbol, sizeof r.symbol, "%s", symbol);
	return r;
}

void table_read_newest(struct table_read *r, const char *symbol, const struct interval *interval,
		       const struct set *set)
{
	*r = read_of(symbol, interval);
	r->from_ms = INT64_MAX;
	r->lead = set_lead(set) + set->horizon;
	r->limit = BARS_MAX;
	if (set->daily)
		r->day_bars = set->horizon;
}

void table_read_span(struct table_read *r, const char *symbol, const struct interval *interval,
		     int64_t from_ms, const struct set *set, enum timeline_fill fill)
{
	*r = read_of(symbol, interval);
	r->from_ms = from_ms;
	r->lead = set_lead(set);
	r->limit = fill == FILL_NONE ? PIECE_BARS : PIECE_FILLED;
	if (set->daily)
		r->day_bars = 0;
}

void table_read_next(struct table_read *r, int64_t until_ms)
{
	r->until_ms = until_ms;
	if (r->n > 0)
		r->after_ms = r->bars[r->n - 1].timestamp_ms;
}

void table_read_release(struct table_read *r)
{
	free(r->bars);
	r->bars = NULL;
	r->n = 0;
	spans_release(&r->covered);
}

int64_t table_position(const struct table_positions *positions, int32_t partition)
{
	return partition < TABLE_PARTITIONS ? positions->next[partition] : TABLE_NONE;
}

static double value(const PGresult *res, int row, int column)
{
	return strtod(PQgetvalue(res, row, column), NULL);
}

/* What has no limit has no value. */
static int64_t limit_of(int64_t ms)
{
	return ms == INT64_MAX ? INT64_MIN : ms;
}

static int read_positions(struct pg *pg, const char *sql, const char *topic,
			  struct table_positions *positions, struct err *err)
{
	PGresult *res = pg_query(pg, sql, PG_VALUES(topic), DEADLINE_MS, err);

	if (!res)
		return -1;
	for (size_t i = 0; i < TABLE_PARTITIONS; i++)
		positions->next[i] = TABLE_NONE;
	for (int i = 0; i < PQntuples(res); i++) {
		int64_t partition = pg_number_or(res, i, 0, -1);

		if (partition >= 0 && partition < TABLE_PARTITIONS)
			positions->next[partition] = pg_number_or(res, i, 1, TABLE_NONE);
	}
	PQclear(res);
	return 0;
}

/* *start_ms: where to begin; INT64_MAX if there is nothing. */
static int find_start(struct pg *pg, struct table_read *r, int64_t *start_ms, struct err *err)
{
	PGresult *res =
		pg_query(pg, sql_lead,
			 PG_VALUES(r->symbol, r->interval->name, PG_INT(limit_of(r->from_ms)),
				   PG_INT(r->lead), PG_INT(r->day_bars)),
			 DEADLINE_MS, err);
	int64_t in_day;

	if (!res)
		return -1;
	*start_ms = pg_number_or(res, 0, 0, r->from_ms);
	in_day = pg_number_or(res, 0, 1, r->from_ms);
	if (*start_ms != INT64_MAX)
		r->as_of_ms = pg_number_or(res, 0, 2, 0);
	PQclear(res);
	if (r->day_bars >= 0 && in_day != INT64_MAX && kind_day_of(in_day) < *start_ms)
		*start_ms = kind_day_of(in_day);
	return 0;
}

static struct bar bar_of(const PGresult *res, int i)
{
	return (struct bar){.timestamp_ms = pg_number(res, i, 0),
			    .open = value(res, i, 1),
			    .high = value(res, i, 2),
			    .low = value(res, i, 3),
			    .close = value(res, i, 4),
			    .volume = value(res, i, 5),
			    .quote_volume = value(res, i, 6),
			    .revision = pg_number(res, i, 7),
			    .fetched_ms = pg_number(res, i, 8)};
}

/* *to_ms: how far that is. */
static int read_bars(struct pg *pg, struct table_read *r, int64_t start_ms, int64_t *to_ms,
		     struct err *err)
{
	PGresult *res = pg_query(pg, sql_bars,
				 PG_VALUES(r->symbol, r->interval->name, PG_INT(start_ms),
					   PG_INT(limit_of(r->until_ms)), PG_INT(r->limit)),
				 DEADLINE_MS, err);

	if (!res)
		return -1;
	r->n = (size_t)PQntuples(res);
	r->bars = r->n ? xcalloc(r->n, sizeof *r->bars) : NULL;
	r->is_end = (int64_t)r->n < r->limit;
	*to_ms = r->until_ms;
	for (size_t i = 0; i < r->n; i++) {
		r->bars[i] = bar_of(res, (int)i);
		if (!r->is_end)
			*to_ms = interval_end(r->interval, r->bars[i].timestamp_ms);
	}
	PQclear(res);
	return 0;
}

static int read_covered(struct pg *pg, struct table_read *r, int64_t from_ms, int64_t to_ms,
			struct err *err)
{
	PGresult *res = pg_query(
		pg, sql_covered,
		PG_VALUES(r->symbol, r->interval->name, PG_INT(from_ms), PG_INT(limit_of(to_ms))),
		DEADLINE_MS, err);

	if (!res)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		spans_add(&r->covered, pg_number(res, i, 0), pg_number(res, i, 1));
	PQclear(res);
	return 0;
}

static int read_one(struct pg *pg, struct table_read *r, struct err *err)
{
	int64_t start_ms = r->after_ms, from_ms, to_ms;

	if (r->after_ms != INT64_MIN) {
		r->is_behind = 0;
		from_ms = interval_end(r->interval, r->after_ms);
	} else {
		if (find_start(pg, r, &start_ms, err))
			return -1;
		if (start_ms == INT64_MAX) {
			r->is_end = 1;
			return 0;
		}
		from_ms = start_ms;
		if (pg_ask(pg, sql_behind,
			   PG_VALUES(r->symbol, r->interval->name, PG_INT(start_ms)), DEADLINE_MS,
			   &r->is_behind, err))
			return -1;
	}
	if (read_bars(pg, r, from_ms, &to_ms, err))
		return -1;
	return read_covered(pg, r, start_ms, to_ms, err);
}

int table_as_of(struct pg *pg, const char *symbol, const struct interval *interval,
		int64_t *as_of_ms, struct err *err)
{
	return pg_ask(pg, sql_as_of, PG_VALUES(symbol, interval->name), WHOLE_DEADLINE_MS, as_of_ms,
		      err);
}

int table_stored(struct pg *pg, const char *topic, struct table_positions *stored, struct err *err)
{
	return read_positions(pg, sql_stored, topic, stored, err);
}

int table_letter_ask(struct pg *pg, const char *topic, struct table_letter *letter, struct err *err)
{
	return pg_ask(
		pg, sql_skipped,
		PG_VALUES(topic, PG_INT(letter->partition), PG_INT(letter->offset), letter->value),
		DEADLINE_MS, &letter->is_skipped, err);
}

int table_read_all(struct pg *pg, const char *topic, struct table_positions *positions,
		   struct table_read *reads, size_t n, struct err *err)
{
	if (pg_run(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", PG_NONE, DEADLINE_MS,
		   err) ||
	    (n > 0 && pg_tables_see_all(pg, err)) ||
	    (positions && read_positions(pg, sql_positions, topic, positions, err)))
		return -1;
	for (size_t i = 0; i < n; i++) {
		table_read_release(&reads[i]);
		if (read_one(pg, &reads[i], err))
			return -1;
	}
	return pg_run(pg, "COMMIT", PG_NONE, DEADLINE_MS, err);
}
