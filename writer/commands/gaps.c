/* SPDX-License-Identifier: MIT */
#include "gaps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/stop.h"
#include "common/timetext.h"
#include "writer/database/database.h"
#include "writer/selection.h"

enum { WAIT_MS = 30000, DEADLINE_MS = 300000, COLUMNS_N = 6, STATE = 5 };

static const char *const titles[COLUMNS_N] = {"symbol", "interval", "from",
					      "to",     "missing",  "state"};

/* Nobody is helped by half of it, however large the table is. */
#define SQL_BEGIN \
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '300s'"

#define SQL_WANTED                                                                                              \
	"WITH wanted AS (SELECT s.symbol, s.interval FROM market_data_series AS s "                             \
	"WHERE ($1::text[] IS NULL OR s.symbol = ANY ($1)) AND ($2::text[] IS NULL OR s.interval = ANY ($2))) " \
	"SELECT (SELECT count(*) FROM wanted), (SELECT string_agg(n, ', ') FROM ("                              \
	"SELECT n FROM unnest($1::text[]) AS u(n) WHERE n NOT IN (SELECT symbol FROM wanted) UNION ALL "        \
	"SELECT n FROM unnest($2::text[]) AS u(n) WHERE n NOT IN (SELECT interval FROM wanted)) AS u), "        \
	"to_char(coalesce($3::timestamptz, now()) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#define SQL_TIME(x) "to_char(" x " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
#define SQL_GAPS                                                                                                                                     \
	"SELECT g.symbol, g.interval, " SQL_TIME("g.gap_from") ", " SQL_TIME(                                                                        \
		"g.gap_to") ", "                                                                                                                     \
			    "interval_count(g.interval, g.gap_from, g.gap_to), CASE WHEN s.state IN ('active', 'ok') THEN '' ELSE s.state END "      \
			    "FROM market_data_gaps_at(coalesce($3::timestamptz, now())) AS g JOIN market_data_series AS s USING (symbol, interval) " \
			    "WHERE ($1::text[] IS NULL OR g.symbol = ANY ($1)) AND ($2::text[] IS NULL OR g.interval = ANY ($2)) "                   \
			    "ORDER BY g.symbol, interval_length(g.interval), g.gap_from"

static void print_tsv(const PGresult *gaps)
{
	for (int row = 0; row < PQntuples(gaps); row++) {
		for (int c = 0; c < COLUMNS_N; c++)
			printf("%s%s", PQgetvalue(gaps, row, c), c + 1 < COLUMNS_N ? "\t" : "\n");
	}
}

/* The column of states is there only where one has something to say. */
static int columns_of(const PGresult *gaps)
{
	for (int row = 0; row < PQntuples(gaps); row++) {
		if (*PQgetvalue(gaps, row, STATE))
			return COLUMNS_N;
	}
	return STATE;
}

static void print_cell(int c, const char *text, int width)
{
	if (c == STATE - 1)
		printf("  %*s", width, text);
	else if (c < STATE)
		printf("%s%-*s", c > 0 ? "  " : "", width, text);
	else if (*text)
		printf("  %s", text);
}

static void print_table(const PGresult *gaps)
{
	int width[COLUMNS_N], n = columns_of(gaps);

	for (int c = 0; c < n; c++) {
		width[c] = (int)strlen(titles[c]);
		for (int row = 0; row < PQntuples(gaps); row++) {
			int len = PQgetlength(gaps, row, c);

			if (len > width[c])
				width[c] = len;
		}
	}
	for (int row = -1; row < PQntuples(gaps); row++) {
		for (int c = 0; c < n; c++)
			print_cell(c, row < 0 ? titles[c] : PQgetvalue(gaps, row, c), width[c]);
		putchar('\n');
	}
}

static void print_summary(const PGresult *gaps, const char *wanted, const char *as_of)
{
	int64_t missing = 0;
	int series = 0;

	for (int row = 0; row < PQntuples(gaps); row++) {
		missing += pg_number(gaps, row, STATE - 1);
		series += row == 0 ||
			  strcmp(PQgetvalue(gaps, row, 0), PQgetvalue(gaps, row - 1, 0)) != 0 ||
			  strcmp(PQgetvalue(gaps, row, 1), PQgetvalue(gaps, row - 1, 1)) != 0;
	}
	if (strcmp(wanted, "0") == 0)
		printf("no gaps: nothing is wanted yet (a producer says what, when it starts)\n");
	else if (series == 0)
		printf("no gaps: all %s series are complete as of %s\n", wanted, as_of);
	else
		printf("\n%d gap%s, %" PRId64 " interval%s missing, in %d of %s series as of %s\n",
		       PQntuples(gaps), PQntuples(gaps) == 1 ? "" : "s", missing,
		       missing == 1 ? "" : "s", series, wanted, as_of);
}

/* 0; -1 with *err. The caller clears both results. */
static int ask(struct pg *pg, const struct options *o, const struct selection *selected,
	       PGresult **wanted, PGresult **gaps, struct err *err)
{
	char at[TIMETEXT_BYTES];
	const char *values[3] = {selected->symbols_sql, selected->intervals_sql,
				 o->at_ms == INT64_MIN ? NULL : time_format_ms(o->at_ms, at)};
	const struct pg_params params = {3, values}, none = {0, NULL};

	if (pg_run(pg, SQL_BEGIN, none, DEADLINE_MS, err) != 0 ||
	    (*wanted = pg_query(pg, SQL_WANTED, params, DEADLINE_MS, err)) == NULL)
		return -1;
	if (!PQgetisnull(*wanted, 0, 1))
		return err_set(err, ERR_FATAL,
			       "nothing is wanted of %s; see market_data_series for what is",
			       PQgetvalue(*wanted, 0, 1));
	*gaps = pg_query(pg, SQL_GAPS, params, DEADLINE_MS, err);
	return *gaps == NULL ? -1 : 0;
}

static int print(const struct options *o, const PGresult *wanted, const PGresult *gaps,
		 struct err *err)
{
	if (strcmp(o->format, "tsv") == 0) {
		print_tsv(gaps);
	} else {
		if (PQntuples(gaps) > 0)
			print_table(gaps);
		print_summary(gaps, PQgetvalue(wanted, 0, 0), PQgetvalue(wanted, 0, 2));
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_set(err, ERR_FATAL, "the gaps cannot be written to standard output");
	return 0;
}

int gaps_run(const struct options *o)
{
	PGresult *wanted = NULL, *gaps = NULL;
	struct selection selected;
	struct pg pg = {0};
	struct err err;
	int code = EXIT_USAGE;

	if (selection_init(&selected, o->symbols, o->intervals, &err) != 0 ||
	    database_open(&pg, o->database, WAIT_MS, &err) != 0 ||
	    ask(&pg, o, &selected, &wanted, &gaps, &err) != 0 || print(o, wanted, gaps, &err) != 0)
		log_error(err.text);
	else
		code = PQntuples(gaps) > 0 ? EXIT_GAPS : EXIT_DONE;
	PQclear(wanted);
	PQclear(gaps);
	pg_close(&pg);
	selection_release(&selected);
	return code;
}
