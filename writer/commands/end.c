/* SPDX-License-Identifier: MIT */
/* What has ended is not wanted until a producer starts that wants it. So the row of
 * market_data_series stays, even if everything else is purged: one that runs would make a new one.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/base/stop.h"
#include "on_database.h"
#include "verbs.h"
#include "writer/database/retention.h"

enum { ROWS_AT_ONCE = 10000 };

#define SQL_END \
	"SELECT symbol, interval FROM market_data_end($1::text[], $2::text[], $3::boolean) ORDER BY symbol, interval"
#define SQL_PREVIEW                                                                                          \
	"SELECT s.symbol, s.interval FROM market_data_series AS s WHERE s.symbol LIKE ANY ($1::text[]) AND " \
	"($2::text[] IS NULL OR s.interval = ANY ($2)) AND ($3::boolean OR s.ended_at IS NULL) "             \
	"ORDER BY s.symbol, s.interval"

/* Removes all rows of the series. */
static int purge(struct pg *pg, const char *symbol, const char *interval, int64_t *rows,
		 struct err *err)
{
	int64_t n;

	*rows = 0;
	do {
		if (stop_requested())
			return err_set(err, ERR_RETRY,
				       "stopped by a signal; the same command goes on");
		if (retention_remove(pg, symbol, interval, 1, ROWS_AT_ONCE, &n, err) != 0)
			return -1;
		*rows += n;
	} while (n > 0);
	return 0;
}

static int work(struct pg *pg, const struct options *o, const struct selection *selected,
		struct err *err)
{
	PGresult *res = pg_query(
		pg, o->dry_run ? SQL_PREVIEW : SQL_END,
		PG_VALUES(selected->symbols_sql, selected->intervals_sql, PG_BOOL(o->purge)),
		PG_DEADLINE_MS, err);
	int rc = res == NULL ? -1 : 0;

	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		const char *symbol = PQgetvalue(res, i, 0), *interval = PQgetvalue(res, i, 1);
		int64_t rows = 0;

		if (o->purge && !o->dry_run)
			rc = purge(pg, symbol, interval, &rows, err);
		if (o->dry_run)
			printf("%s %s: would end\n", symbol, interval);
		else if (o->purge)
			printf("%s %s: ended, %" PRId64 " rows removed\n", symbol, interval, rows);
		else
			printf("%s %s: ended; its rows stay\n", symbol, interval);
	}
	if (rc == 0 && PQntuples(res) == 0)
		printf("nothing of that is wanted, so there is nothing to end\n");
	PQclear(res);
	return rc;
}

int end_run(const void *options)
{
	return on_database(options, &(struct on_database){
					    .verb = "end", .needs = NEEDS_SYMBOLS, .work = work});
}
