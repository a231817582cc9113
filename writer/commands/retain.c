/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "common/base/stop.h"
#include "on_database.h"
#include "verbs.h"
#include "writer/database/retention.h"

enum { DEADLINE_MS = 300000, ROWS_AT_ONCE = 1000000 };

/* What would move, with how many rows are before it; and what has a floor already. */
/* clang-format off */
#define SQL_PREVIEW \
	"SELECT format('%s %s: would be kept from %s on; %s rows would be removed', r.symbol, " \
	"r.interval, " SQL_TIME("r.retained_from") ", (SELECT count(*) FROM market_data AS m WHERE " \
	"m.symbol = r.symbol AND m.interval = r.interval AND m.timestamp < r.retained_from)) " \
	"FROM market_data_retention($1::text[], $2::bigint[], $3::text[], now()) AS r " \
	"ORDER BY r.symbol, interval_length(r.interval)"
#define SQL_FLOORS \
	"SELECT format('%s %s: kept from %s on', s.symbol, s.interval, " \
	SQL_TIME("s.retained_from") ") FROM market_data_series AS s WHERE s.retained_from IS NOT " \
	"NULL AND ($1::text[] IS NULL OR s.symbol LIKE ANY ($1)) " \
	"ORDER BY s.symbol, interval_length(s.interval)"
/* clang-format on */

static int preview(struct pg *pg, const struct retention *keep, const char *symbols_sql,
		   struct err *err)
{
	int n;

	if (pg_exec(pg, "BEGIN READ ONLY; SET LOCAL statement_timeout = '300s'", err) != 0)
		return -1;
	n = print_lines(pg, SQL_PREVIEW, PG_VALUES(keep->names_sql, keep->seconds_sql, symbols_sql),
			DEADLINE_MS, err);
	if (n < 0)
		return -1;
	printf("%d series would move on; nothing was changed (--dry-run)\n", n);
	return 0;
}

static int apply(struct pg *pg, const struct retention *keep, const char *symbols_sql,
		 struct err *err)
{
	struct retention_result done = {0};

	do {
		if (stop_requested())
			return err_set(err, ERR_RETRY,
				       "stopped by a signal; the same command goes on");
		if (retention_apply(pg, keep, symbols_sql, ROWS_AT_ONCE, &done, err) != 0)
			return -1;
	} while (done.more);
	if (print_lines(pg, SQL_FLOORS, PG_VALUES(symbols_sql), DEADLINE_MS, err) < 0)
		return -1;
	printf("%" PRId64 " series moved on, %" PRId64 " row%s removed, %" PRId64
	       " chunk%s dropped\n",
	       done.series, done.rows, plural_of(done.rows), done.chunks, plural_of(done.chunks));
	if (keep->dead_s > 0)
		printf("%" PRId64 " dead letter%s removed\n", done.dead, plural_of(done.dead));
	return 0;
}

static int check(const struct options *o, struct err *err)
{
	struct retention keep;
	int rc = retention_parse(&keep, o->keep, err);

	retention_release(&keep);
	return rc;
}

static int work(struct pg *pg, const struct options *o, const struct selection *selected,
		struct err *err)
{
	struct retention keep;
	int rc = retention_parse(&keep, o->keep, err);

	if (rc == 0)
		rc = o->dry_run ? preview(pg, &keep, selected->symbols_sql, err)
				: apply(pg, &keep, selected->symbols_sql, err);
	retention_release(&keep);
	return rc;
}

int retain_run(const void *options)
{
	return on_database(options, &(struct on_database){.check = check, .work = work});
}
