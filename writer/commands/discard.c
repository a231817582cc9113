/* SPDX-License-Identifier: MIT */
/* An unconfirmed row lies in a span that a producer has read completely, without finding it. What
 * is deleted is not covered any more, so that it is read once more: if the exchange has the candle
 * after all, it comes back, and confirmed. */
#include <inttypes.h>
#include <stdio.h>

#include "on_database.h"
#include "verbs.h"

enum { DEADLINE_MS = 300000 };

#define SQL_BEGIN \
	"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = '300s'"

#define SQL_UNCONFIRMED                                                                                     \
	"SELECT u.symbol, u.interval, u.timestamp FROM market_data_unconfirmed_rows() AS u WHERE u.symbol " \
	"LIKE ANY ($1::text[]) AND ($2::text[] IS NULL OR u.interval = ANY ($2)) AND u.timestamp >= "       \
	"coalesce($3::timestamptz, '-infinity') AND u.timestamp < coalesce($4::timestamptz, 'infinity')"
#define SQL_COUNTED                                                                                      \
	"SELECT r.symbol, r.interval, count(*) FROM r GROUP BY r.symbol, r.interval ORDER BY r.symbol, " \
	"interval_length(r.interval)"
#define SQL_PREVIEW "WITH r AS (" SQL_UNCONFIRMED ") " SQL_COUNTED
/* Asked again of the row itself: a writer may have confirmed it meanwhile. */
#define SQL_DISCARD                                                                                        \
	"WITH r AS (DELETE FROM market_data AS m USING (" SQL_UNCONFIRMED                                  \
	") AS u WHERE m.symbol = u.symbol "                                                                \
	"AND m.interval = u.interval AND m.timestamp = u.timestamp AND candle_is_unconfirmed(m.interval, " \
	"m.timestamp, m.fetched_at) RETURNING m.symbol, m.interval) " SQL_COUNTED

static int work(struct pg *pg, const struct options *o, const struct selection *selected,
		struct err *err)
{
	PGresult *res;
	int64_t total = 0;

	if (pg_exec(pg, SQL_BEGIN, err) != 0)
		return -1;
	res = pg_query(pg, o->dry_run ? SQL_PREVIEW : SQL_DISCARD,
		       PG_VALUES(selected->symbols_sql, selected->intervals_sql,
				 PG_TIME(o->from_ms), PG_TIME(o->to_ms)),
		       DEADLINE_MS, err);
	if (res == NULL)
		return -1;
	for (int i = 0; i < PQntuples(res); i++) {
		int64_t n = pg_number(res, i, 2);

		total += n;
		printf("%s %s: %" PRId64 " row%s %s\n", PQgetvalue(res, i, 0),
		       PQgetvalue(res, i, 1), n, plural_of(n),
		       o->dry_run ? "would be removed" : "removed");
	}
	PQclear(res);
	if (total == 0)
		printf("every row there is confirmed\n");
	else if (!o->dry_run)
		printf("%" PRId64 " in all; the producer reads their intervals once more\n", total);
	return pg_exec(pg, "COMMIT", err);
}

int discard_run(const void *options)
{
	return on_database(
		options,
		&(struct on_database){.verb = "discard", .needs = NEEDS_SYMBOLS, .work = work});
}
