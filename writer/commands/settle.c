/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "on_database.h"
#include "verbs.h"

/* What is missing of the span, by series, and not settled yet. */
#define SQL_OPEN                                                                                           \
	"SELECT g.symbol, g.interval, range_agg(tstzrange(g.missing_from, g.missing_to)) * "               \
	"tstzmultirange(tstzrange(interval_floor(g.interval, $3::timestamptz), interval_ceil(g.interval, " \
	"$4::timestamptz))) AS spans FROM market_data_missing_at(now()) AS g WHERE g.kind = 'gap' AND "    \
	"g.symbol LIKE ANY ($1::text[]) AND g.interval = ANY ($2::text[]) GROUP BY g.symbol, g.interval"
/* clang-format off */
#define SQL_COUNTED(what) \
	"SELECT format('%s %s: %s intervals " what "', o.symbol, o.interval, sum(interval_count(" \
	"o.interval, lower(f.span), upper(f.span)))) FROM o CROSS JOIN LATERAL unnest(o.spans) " \
	"AS f(span) GROUP BY o.symbol, o.interval ORDER BY o.symbol, interval_length(o.interval)"
#define SQL_PREVIEW "WITH o AS (" SQL_OPEN ") " SQL_COUNTED("would be settled")
#define SQL_SETTLE \
	"WITH o AS MATERIALIZED (" SQL_OPEN "), written AS (INSERT INTO market_data_unobtainable " \
	"AS u (symbol, interval, reason, spans) SELECT o.symbol, o.interval, $5, o.spans FROM o " \
	"WHERE o.spans <> '{}' ON CONFLICT (symbol, interval, reason) DO UPDATE SET spans = " \
	"u.spans + excluded.spans) " SQL_COUNTED("are settled: not available")
/* clang-format on */

static int work(struct pg *pg, const struct options *o, const struct selection *selected,
		struct err *err)
{
	struct pg_params params = PG_VALUES(selected->symbols_sql, selected->intervals_sql,
					    PG_TIME(o->from_ms), PG_TIME(o->to_ms), o->reason);
	int n;

	if (o->dry_run)
		params.n--; /* the reason */
	n = print_lines(pg, o->dry_run ? SQL_PREVIEW : SQL_SETTLE, params, PG_DEADLINE_MS, err);
	if (n == 0)
		printf("nothing is missing there, so there is nothing to settle\n");
	return n < 0 ? -1 : 0;
}

int settle_run(const void *options)
{
	return on_database(options, &(struct on_database){.verb = "settle",
							  .needs = NEEDS_SERIES | NEEDS_SPAN,
							  .work = work});
}
