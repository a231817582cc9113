/* SPDX-License-Identifier: MIT */
#include "candles.h"

#include "reader.h"

/* $1 symbol, $2 interval, $3 from, $4 to */
#define SQL_EXISTS \
	"EXISTS (SELECT FROM market_data_series AS s WHERE s.symbol = $1 AND s.interval = $2)"

/* A bar: the candles of $5 ms (0: one each), how many, how many of them provisional, and how many
 * that no final read has confirmed though they lie in the coverage. Weeks begin on Mondays. */
#define SQL_BARS                                                                                                   \
	"SELECT coalesce(json_agg(json_build_array(" SQL_MS(                                                       \
		"b.at") ", b.open::text, b.high::text, b.low::text, b.close::text, b.volume::text, b.n, "          \
			"b.provisional, b.unconfirmed) ORDER BY b.at), '[]') FROM (SELECT r.at, "                  \
			"(array_agg(r.open ORDER BY r.timestamp))[1] AS open, max(r.high) AS high, min(r.low) AS " \
			"low, (array_agg(r.close ORDER BY r.timestamp DESC))[1] AS close, sum(r.volume) AS "       \
			"volume, count(*) AS n, count(*) FILTER (WHERE NOT r.covered) AS provisional, count(*) "   \
			"FILTER (WHERE r.covered AND r.unconfirmed) AS unconfirmed FROM (SELECT CASE WHEN "        \
			"$5::bigint = 0 THEN m.timestamp ELSE date_bin($5 * interval '1 millisecond', "            \
			"m.timestamp, '1970-01-05Z') END AS at, m.timestamp, m.open, m.high, m.low, m.close, "     \
			"m.volume, (SELECT c.covered FROM cover AS c) @> m.timestamp AS covered, "                 \
			"candle_is_unconfirmed(m.interval, m.timestamp, m.fetched_at) AS unconfirmed FROM "        \
			"market_data AS m WHERE m.symbol = $1 AND m.interval = $2 AND m.timestamp >= "             \
			"greatest($3::timestamptz, market_data_floor($1, $2)) AND m.timestamp < $4::timestamptz) " \
			"AS r GROUP BY r.at ORDER BY r.at LIMIT 4000) AS b"

/* What is covered or missing of [from, to), cut to it. */
#define SQL_SPANS                                                                                 \
	"SELECT coalesce(json_agg(json_build_array(" SQL_MS("s.a") ", " SQL_MS(                   \
		"s.z") ", s.kind, s.reason) ORDER BY s.a), '[]') FROM (SELECT greatest(u.a, $3) " \
		       "AS a, least(u.z, $4) AS z, u.kind, u.reason FROM (SELECT lower(f.span), " \
		       "upper(f.span), 'covered', NULL FROM cover AS c CROSS JOIN LATERAL "       \
		       "unnest(c.covered) AS f(span) UNION ALL SELECT m.missing_from, "           \
		       "m.missing_to, m.kind, m.reason FROM market_data_missing_at($6) AS m "     \
		       "WHERE m.symbol = $1 AND m.interval = $2) AS u(a, z, kind, reason) WHERE " \
		       "u.z > $3::timestamptz AND u.a < $4::timestamptz ORDER BY 1 LIMIT 4000) "  \
		       "AS s"

#define SQL_CANDLES                                                                                      \
	"WITH cover AS MATERIALIZED (SELECT coalesce((SELECT c.covered FROM "                            \
	"market_data_covered() AS c WHERE c.symbol = $1 AND c.interval = $2), '{}') AS "                 \
	"covered) SELECT json_build_object('symbol', $1::text, 'interval', $2::text, 'from', " SQL_MS(   \
		"$3::timestamptz") ", 'to', " SQL_MS("$4::timestamptz") ", 'step', "                     \
									"$5::bigint, 'bars', (" SQL_BARS \
									"), 'spans', (" SQL_SPANS        \
									"))::text WHERE " SQL_EXISTS

/* At most $5 rows; NULL values are left out by the page. */
#define SQL_INDICATORS                                                                              \
	"SELECT json_build_object('symbol', $1::text, 'interval', $2::text, 'indicators', (SELECT " \
	"coalesce(json_agg(json_build_object('indicator', g.indicator, 'params', g.params, "        \
	"'points', g.points) ORDER BY g.indicator, g.params), '[]') FROM (SELECT r.indicator, "     \
	"r.params, json_agg(json_build_array(" SQL_MS(                                              \
		"r.timestamp") ", r.value, r.state) ORDER BY r.timestamp) AS points FROM (SELECT "  \
			       "i.* FROM market_data_indicator AS i WHERE i.symbol = $1 AND "       \
			       "i.interval = $2 AND i.timestamp >= $3::timestamptz AND "            \
			       "i.timestamp < $4::timestamptz ORDER BY i.timestamp DESC LIMIT "     \
			       "$5::bigint) AS r GROUP BY r.indicator, r.params) AS g))::text "     \
			       "WHERE " SQL_EXISTS

enum { INDICATOR_ROWS = 20000 };

static int put(struct buf *out, struct pg *pg, const char *sql, struct pg_params params,
	       struct err *err)
{
	PGresult *res = pg_query(pg, sql, params, READER_DEADLINE_MS, err);
	int rc = -1;

	if (res == NULL)
		return -1;
	if (PQntuples(res) == 0)
		rc = 0;
	else if (buf_printf(out, "%s\n", PQgetvalue(res, 0, 0)) == 0)
		rc = 1;
	else
		err_set(err, ERR_INPUT, "the answer is too large; ask for a shorter span");
	PQclear(res);
	return rc;
}

int candles_put(struct buf *out, struct pg *pg, const struct params *p, int64_t now_ms,
		struct err *err)
{
	return put(out, pg, SQL_CANDLES,
		   PG_VALUES(p->symbol, p->interval->name, PG_TIME(p->from_ms), PG_TIME(p->to_ms),
			     PG_INT(params_step_ms(p)), PG_TIME(now_ms)),
		   err);
}

int candles_put_indicators(struct buf *out, struct pg *pg, const struct params *p, int64_t now_ms,
			   struct err *err)
{
	(void)now_ms;
	return put(out, pg, SQL_INDICATORS,
		   PG_VALUES(p->symbol, p->interval->name, PG_TIME(p->from_ms), PG_TIME(p->to_ms),
			     PG_INT(INDICATOR_ROWS)),
		   err);
}
