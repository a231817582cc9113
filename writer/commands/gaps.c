/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/stop.h"
#include "on_database.h"
#include "verbs.h"

enum { DEADLINE_MS = 300000, COLUMNS_N = 6, STATE = 5 };

static const char *const titles[COLUMNS_N] = {"symbol", "interval", "from",
					      "to",     "missing",  "state"};

#define SQL_AT "coalesce($3::timestamptz, now())"

/* One row: how many series are wanted, how many have ended, what is named and known of nobody, and
 * the instant. */
enum { WANTED, ENDED, UNKNOWN, AS_OF };
#define SQL_SERIES                                                                                             \
	"WITH asked AS (SELECT s.symbol, s.interval, s.ended_at FROM market_data_series AS s "                 \
	"WHERE " SQL_OF(                                                                                       \
		"s") ") SELECT (SELECT count(*) FROM asked AS a WHERE a.ended_at IS "                          \
		     "NULL), (SELECT count(*) FROM asked AS a WHERE a.ended_at IS NOT NULL), " SQL_UNKNOWN_OF( \
			     "asked") ", " SQL_TIME(SQL_AT)

#define SQL_MISSING                                                                                                               \
	"SELECT g.symbol, g.interval, " SQL_TIME("g.missing_from") ", " SQL_TIME(                                                 \
		"g.missing_to") ", "                                                                                              \
				"interval_count(g.interval, g.missing_from, g.missing_to), CASE WHEN g.reason IS NOT NULL THEN "  \
				"g.reason WHEN s.state IN ('active', 'ok') THEN '' ELSE s.state || coalesce(': ' || (s.evidence " \
				"->> 'trouble'), '') END, g.kind FROM "                                                           \
				"market_data_missing_at(" SQL_AT                                                                  \
				") AS g JOIN market_data_series AS s ON s.symbol = g.symbol AND "                                 \
				"s.interval = g.interval WHERE " SQL_OF(                                                          \
					"g") " ORDER BY g.kind, g.symbol, interval_length(g.interval), g.missing_from"
enum { KIND = COLUMNS_N };

#define SQL_UNCONFIRMED                                                                                          \
	"SELECT u.symbol, u.interval, " SQL_TIME("u.timestamp") ", " SQL_TIME(                                   \
		"interval_add(u.interval, u.timestamp, 1)") ", 1, '', 'unconfirmed' FROM "                       \
							    "market_data_unconfirmed_rows() AS u WHERE " SQL_OF( \
								    "u") " AND u.timestamp < " SQL_AT            \
									 " "                                     \
									 "ORDER BY u.symbol, interval_length(u.interval), u.timestamp"

/* What was found; the rows that are printed are [from, to) of one of the two results. */
struct found {
	PGresult *series, *missing, *unconfirmed;
	int gaps; /* the first rows of `missing`; the others are unobtainable */
};

/* The rows to be printed. */
struct shown {
	const PGresult *rows;
	int from, to;
};

static void print_tsv(const struct shown *s)
{
	for (int row = s->from; row < s->to; row++) {
		for (int c = 0; c < COLUMNS_N; c++)
			printf("%s%s", PQgetvalue(s->rows, row, c),
			       c + 1 < COLUMNS_N ? "\t" : "\n");
	}
}

/* The column of states is there only where one has something to say. */
static int columns_of(const struct shown *s)
{
	for (int row = s->from; row < s->to; row++) {
		if (*PQgetvalue(s->rows, row, STATE))
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

static void print_table(const struct shown *s)
{
	int n = columns_of(s), width[COLUMNS_N];

	for (int c = 0; c < n; c++) {
		width[c] = (int)strlen(titles[c]);
		for (int row = s->from; row < s->to; row++) {
			int len = PQgetlength(s->rows, row, c);

			if (len > width[c])
				width[c] = len;
		}
	}
	for (int row = s->from - 1; row < s->to; row++) {
		for (int c = 0; c < n; c++)
			print_cell(c, row < s->from ? titles[c] : PQgetvalue(s->rows, row, c),
				   width[c]);
		putchar('\n');
	}
	putchar('\n');
}

/* How many intervals the rows [from, to) are, and of how many series. */
static int64_t intervals_of(const PGresult *rows, int from, int to, int *series)
{
	int64_t n = 0;

	*series = 0;
	for (int row = from; row < to; row++) {
		n += pg_number(rows, row, STATE - 1);
		*series += row == from ||
			   strcmp(PQgetvalue(rows, row, 0), PQgetvalue(rows, row - 1, 0)) != 0 ||
			   strcmp(PQgetvalue(rows, row, 1), PQgetvalue(rows, row - 1, 1)) != 0;
	}
	return n;
}

static void print_summary(const struct found *f)
{
	const char *wanted = PQgetvalue(f->series, 0, WANTED);
	const char *as_of = PQgetvalue(f->series, 0, AS_OF);
	int series, all = PQntuples(f->missing), unconfirmed = PQntuples(f->unconfirmed);
	int64_t missing = intervals_of(f->missing, 0, f->gaps, &series);

	if (pg_number(f->series, 0, WANTED) == 0)
		printf(pg_number(f->series, 0, ENDED) == 0
			       ? "nothing is wanted yet: a producer says what, when it starts\n"
			       : "nothing is wanted any more: all of it has ended\n");
	else if (f->gaps == 0)
		printf("no gaps: all %s series are complete as of %s\n", wanted, as_of);
	else
		printf("%d gap%s, %" PRId64 " interval%s missing, in %d of %s series as of %s\n",
		       f->gaps, plural_of(f->gaps), missing, plural_of(missing), series, wanted,
		       as_of);
	if (all > f->gaps)
		printf("%" PRId64 " intervals are not available; why: gapless-writer gaps --kind "
		       "unobtainable\n",
		       intervals_of(f->missing, f->gaps, all, &series));
	if (unconfirmed > 0)
		printf("%d row%s nobody has confirmed; which: gapless-writer gaps --kind "
		       "unconfirmed\n",
		       unconfirmed, plural_of(unconfirmed));
}

/* 0; -1 with *err. The caller clears the results. */
static int ask(struct pg *pg, const struct options *o, const struct selection *selected,
	       struct found *f, struct err *err)
{
	const struct pg_params params =
		PG_VALUES(selected->symbols_sql, selected->intervals_sql, PG_TIME(o->at_ms));

	if (pg_exec(pg, SQL_BEGIN_READ, err) != 0 ||
	    (f->series = pg_query(pg, SQL_SERIES, params, DEADLINE_MS, err)) == NULL)
		return -1;
	if (!PQgetisnull(f->series, 0, UNKNOWN))
		return err_set(err, ERR_FATAL,
			       "nothing is wanted of %s; see market_data_series for what is",
			       PQgetvalue(f->series, 0, UNKNOWN));
	if ((f->missing = pg_query(pg, SQL_MISSING, params, DEADLINE_MS, err)) == NULL ||
	    (f->unconfirmed = pg_query(pg, SQL_UNCONFIRMED, params, DEADLINE_MS, err)) == NULL)
		return -1;
	while (f->gaps < PQntuples(f->missing) &&
	       strcmp(PQgetvalue(f->missing, f->gaps, KIND), "gap") == 0)
		f->gaps++;
	return 0;
}

static void print(const struct options *o, const struct found *f)
{
	struct shown shown = {f->missing, 0, f->gaps};

	if (strcmp(o->kind, "unobtainable") == 0)
		shown = (struct shown){f->missing, f->gaps, PQntuples(f->missing)};
	else if (strcmp(o->kind, "unconfirmed") == 0)
		shown = (struct shown){f->unconfirmed, 0, PQntuples(f->unconfirmed)};
	if (strcmp(o->format, "tsv") == 0) {
		print_tsv(&shown);
	} else {
		if (shown.to > shown.from)
			print_table(&shown);
		print_summary(f);
	}
}

static int code_of(const struct found *f)
{
	if (f->gaps > 0)
		return EXIT_GAPS;
	return pg_number(f->series, 0, WANTED) + pg_number(f->series, 0, ENDED) == 0
		       ? EXIT_NOTHING_WANTED
		       : EXIT_DONE;
}

static int work(struct pg *pg, const struct options *o, const struct selection *selected,
		struct err *err)
{
	struct found found = {0};
	int code = ask(pg, o, selected, &found, err);

	if (code == 0) {
		print(o, &found);
		code = code_of(&found);
	}
	PQclear(found.series);
	PQclear(found.missing);
	PQclear(found.unconfirmed);
	return code;
}

int gaps_run(const void *options)
{
	return on_database(options, &(struct on_database){.reads = "the gaps", .work = work});
}
