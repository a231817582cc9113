/* SPDX-License-Identifier: MIT */
#include "producer/lookup/visit_evidence.h"

#include <inttypes.h>

#include "common/text/buf.h"
#include "producer/lookup/visit_sql.h"

/* Symbols, intervals and reasons are of our own alphabets: nothing in them needs escaping. */
#define SERIES                                                                                              \
	"json_to_recordset($1::json) AS w(i int, symbol text, \"interval\" text, looked_up bool, evidence " \
	"jsonb)"
#define CHANGES                                                                                       \
	"(SELECT symbol, \"interval\", reason, is_new, range_agg(tstzrange(to_timestamp(since / "     \
	"1000), to_timestamp(until / 1000))) AS spans FROM json_to_recordset($1::json) AS c(symbol "  \
	"text, \"interval\" text, reason text, is_new bool, since bigint, until bigint) GROUP BY 1, " \
	"2, 3, 4) AS c"

static const char update[] =
	"UPDATE market_data_series AS s SET evidence = w.evidence FROM " SERIES
	" WHERE s.symbol = w.symbol AND s.\"interval\" = w.\"interval\" AND w.looked_up"
	" AND s.evidence IS DISTINCT FROM w.evidence";
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
		"art") ", " NUMBER("oldest_row") ", " NUMBER("older,0") ", " NUMBER("older,1") ", " NUMBER("earlier") " FROM " SERIES
														      " JOIN market_data_series AS s ON s.symbol = w.symbol AND s.\"interval\" = w.\"interval\""
														      " WHERE s.evidence IS NOT NULL";
static const char read_unobtainable[] = "SELECT w.i, u.reason, " SQL_MS("lower(r)") ", " SQL_MS(
	"upper(r)") " FROM " SERIES
		    " JOIN market_data_unobtainable AS u ON u.symbol = w.symbol AND u.\"interval\" = w.\"interval\","
		    " unnest(u.spans) AS r";

/* ---- out ---- */

static int witness_json(struct buf *b, const char *name, const struct witness *w)
{
	return buf_printf(b, ",\"%s\":[%" PRId64 ",%" PRId64 "]", name, w->first_ms, w->last_ms);
}

/* What is wrong, for people; nothing if nothing is. */
static int trouble_json(struct buf *b, const char *trouble)
{
	int full = trouble[0] != 0 && buf_printf(b, ",\"trouble\":\"");

	for (const char *at = trouble; *at && !full; at++)
		full = ((*at == '"' || *at == '\\') && buf_append(b, "\\", 1)) ||
		       buf_append(b, at, 1);
	return full || (trouble[0] != 0 && buf_append(b, "\"", 1));
}

static int series_json(struct buf *b, const struct visit_series *s, size_t i, int any)
{
	const struct evidence *e = &s->evidence;

	return buf_printf(b,
			  "%s{\"i\":%zu,\"symbol\":\"%s\",\"interval\":\"%s\",\"looked_up\":%s,"
			  "\"evidence\":{\"was_listed\":%d",
			  any ? "," : "", i, s->symbol, s->iv->name,
			  s->wanted.looked_up ? "true" : "false", e->market.was_listed) ||
	       witness_json(b, "not_listed", &e->market.not_listed) ||
	       witness_json(b, "not_found", &e->market.not_found) ||
	       buf_printf(b, ",\"apart\":%" PRId64 ",\"oldest_row\":%" PRId64, e->market.apart_ms,
			  e->oldest_row_ms) ||
	       witness_json(b, "older", &e->older) ||
	       (e->earlier_until_ms != 0 &&
		buf_printf(b, ",\"earlier\":%" PRId64, e->earlier_until_ms)) ||
	       trouble_json(b, s->trouble) || buf_append(b, "}}", 2);
}

/* What is in `to` and was not in `from`. */
static int spans_json(struct buf *b, const struct visit_series *s, const char *reason, int is_new,
		      const struct spans *to, const struct spans *from)
{
	struct spans more = {0};
	int full = 0;

	spans_copy(&more, to);
	spans_subtract(&more, from);
	for (size_t i = 0; i < more.n && !full; i++)
		full = buf_printf(b,
				  "%s{\"symbol\":\"%s\",\"interval\":\"%s\",\"reason\":\"%s\","
				  "\"is_new\":%s,\"since\":%" PRId64 ",\"until\":%" PRId64 "}",
				  b->len > 1 ? "," : "", s->symbol, s->iv->name, reason,
				  is_new ? "true" : "false", more.v[i].from, more.v[i].to);
	spans_release(&more);
	return full;
}

static int changes_json(struct buf *b, const struct visit_series *s)
{
	int full = 0;

	for (int i = 0; i < UNOBTAINABLE_REASONS && !full; i++) {
		const char *reason = unobtainable_reason_name((enum unobtainable_reason)i);

		if (i != UNOBTAINABLE_SETTLED)
			full = spans_json(b, s, reason, 0, &s->unobtainable_before.of[i],
					  &s->unobtainable.of[i]) ||
			       spans_json(b, s, reason, 1, &s->unobtainable.of[i],
					  &s->unobtainable_before.of[i]);
	}
	return full;
}

static int visit_json(const struct visit *visit, struct buf *series, struct buf *changes,
		      struct err *err)
{
	int full = buf_append(series, "[", 1) || buf_append(changes, "[", 1), any = 0;

	for (size_t i = 0; i < visit->n && !full; i++) {
		const struct visit_series *s = &visit->series[i];

		if (s->partition->begins)
			full = series_json(series, s, i, any++) ||
			       (s->wanted.looked_up && !s->is_refused && changes_json(changes, s));
	}
	if (full || buf_append(series, "]", 1) || buf_append(changes, "]", 1))
		return err_set(err, ERR_FATAL, "too many series for one lookup (%zu)", visit->n);
	return 0;
}

/* ---- in ---- */

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

int visit_evidence(struct pg *pg, struct visit *visit, struct err *err)
{
	struct buf series, changes;
	int rc = -1;

	buf_init(&series, VISIT_JSON_BYTES);
	buf_init(&changes, VISIT_JSON_BYTES);
	if (visit_json(visit, &series, &changes, err) == 0) {
		rc = pg_run(pg, update, PG_VALUES(series.data), VISIT_DEADLINE_MS, err);
		if (rc == 0 && changes.len > 2)
			rc = pg_run(pg, take_back, PG_VALUES(changes.data), VISIT_DEADLINE_MS,
				    err) ||
			     pg_run(pg, add, PG_VALUES(changes.data), VISIT_DEADLINE_MS, err);
		if (rc == 0)
			rc = visit_query(pg, read_evidence, PG_VALUES(series.data), visit,
					 evidence_take, err) ||
			     visit_query(pg, read_unobtainable, PG_VALUES(series.data), visit,
					 unobtainable_take, err);
	}
	buf_release(&series);
	buf_release(&changes);
	return rc ? -1 : 0;
}
