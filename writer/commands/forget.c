/* SPDX-License-Identifier: MIT */
/* A writer's coverage statement is a union, made by the server under the row's lock; so taking a
 * span away under the same lock cannot lose what a writer adds, nor be lost. What is in flight at
 * that moment may cover a part again: it is what the exchange has, read before. */
#include <inttypes.h>
#include <stdio.h>

#include "on_database.h"
#include "verbs.h"

/* Names and patterns that nothing matches. */
#define SQL_UNKNOWN                                                                                                                                                                     \
	"WITH known AS (SELECT s.symbol, s.interval FROM market_data_series AS s WHERE " SQL_OF("s") " UNION SELECT c.symbol, c.interval FROM market_data_coverage AS c WHERE " SQL_OF( \
		"c") ") SELECT 'nothing is known of ' || " SQL_UNKNOWN_OF("known") " || '; nothing was forgotten'"
/* Waits for the writers' transactions that have begun: one that found a candle in the table which
 * somebody has deleted since is about to cover it. */
#define SQL_BEGIN     \
	PG_BEGIN "; " \
		 "LOCK TABLE ONLY market_data_coverage IN SHARE ROW EXCLUSIVE MODE"

/* In the order in which writers take them. */
#define SQL_LOCK                                                                                               \
	"SELECT FROM market_data_coverage WHERE symbol LIKE ANY ($1::text[]) AND interval = ANY ($2::text[]) " \
	"ORDER BY symbol, interval FOR UPDATE"

/* The span of each series, on its grid. */
#define SQL_SPAN \
	"tstzrange(interval_floor(c.interval, $3::timestamptz), interval_ceil(c.interval, $4::timestamptz))"

#define SQL_COUNT                                                                                                             \
	"SELECT c.symbol, c.interval, " SQL_TIME("lower(" SQL_SPAN ")") ", " SQL_TIME(                                        \
		"upper(" SQL_SPAN                                                                                             \
		")") ", "                                                                                                     \
		     "(SELECT coalesce(sum(interval_count(c.interval, lower(f.span), upper(f.span))), 0) "                    \
		     "FROM unnest(c.covered * tstzmultirange(" SQL_SPAN ")) AS f(span)) "                                     \
		     "FROM market_data_coverage AS c WHERE c.symbol LIKE ANY ($1::text[]) AND c.interval = ANY ($2::text[]) " \
		     "ORDER BY c.symbol, interval_length(c.interval)"

#define SQL_TAKE_BACK(table, spans)                                                         \
	"UPDATE " table " AS c SET " spans " = c." spans " - tstzmultirange(" SQL_SPAN ") " \
	"WHERE " SQL_OF("c") " AND c." spans " && " SQL_SPAN
#define SQL_FORGET SQL_TAKE_BACK("market_data_coverage", "covered")
/* What was said not available is asked for again, too. */
#define SQL_ASK_AGAIN SQL_TAKE_BACK("market_data_unobtainable", "spans")

/* 0 with the counts of SQL_COUNT, committed unless it is a dry run; -1 with *err. */
static int forget(struct pg *pg, const struct options *o, const struct selection *selected,
		  PGresult **counts, struct err *err)
{
	const struct pg_params series = PG_VALUES(selected->symbols_sql, selected->intervals_sql);
	const struct pg_params all = PG_VALUES(selected->symbols_sql, selected->intervals_sql,
					       PG_TIME(o->from_ms), PG_TIME(o->to_ms));

	if (pg_complains(pg, SQL_UNKNOWN, series, ERR_FATAL, err) != 0 ||
	    pg_exec(pg, SQL_BEGIN, err) != 0 ||
	    pg_run(pg, SQL_LOCK, series, PG_DEADLINE_MS, err) != 0 ||
	    (*counts = pg_query(pg, SQL_COUNT, all, PG_DEADLINE_MS, err)) == NULL)
		return -1;
	if (o->dry_run)
		return pg_exec(pg, "ROLLBACK", err);
	if (pg_run(pg, SQL_FORGET, all, PG_DEADLINE_MS, err) != 0 ||
	    pg_run(pg, SQL_ASK_AGAIN, all, PG_DEADLINE_MS, err) != 0)
		return -1;
	return pg_exec(pg, "COMMIT", err);
}

static void print(const struct options *o, const PGresult *counts)
{
	int64_t total = 0;

	for (int row = 0; row < PQntuples(counts); row++) {
		int64_t n = pg_number(counts, row, 4);

		total += n;
		printf("%s %s: %" PRId64 " interval%s of %s to %s %s\n", PQgetvalue(counts, row, 0),
		       PQgetvalue(counts, row, 1), n, plural_of(n), PQgetvalue(counts, row, 2),
		       PQgetvalue(counts, row, 3), o->dry_run ? "would be forgotten" : "forgotten");
	}
	if (total == 0)
		printf("nothing was covered there, so there is nothing to forget\n");
	else if (o->dry_run)
		printf("%" PRId64 " interval%s in all; nothing was changed (--dry-run)\n", total,
		       plural_of(total));
	else
		printf("%" PRId64
		       " interval%s in all; the producer fetches them again after its next lookup\n",
		       total, plural_of(total));
}

static int work(struct pg *pg, const struct options *o, const struct selection *selected,
		struct err *err)
{
	PGresult *counts = NULL;
	int rc = forget(pg, o, selected, &counts, err);

	if (rc == 0)
		print(o, counts);
	PQclear(counts);
	return rc;
}

int forget_run(const void *options)
{
	return on_database(options, &(struct on_database){.verb = "forget",
							  .needs = NEEDS_SERIES | NEEDS_SPAN,
							  .work = work});
}
