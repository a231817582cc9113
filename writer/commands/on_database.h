/* SPDX-License-Identifier: MIT */
/* What commands have in common that do something in the database and end: the selection, the
 * connection, the exit code. */
#ifndef GAPLESS_ON_DATABASE_H
#define GAPLESS_ON_DATABASE_H

#include "common/pg/pg.h"
#include "writer/options.h"
#include "writer/selection.h"

/* What must be named; a set. */
enum needs {
	NEEDS_SYMBOLS = 1,
	NEEDS_SERIES = 2, /* --symbols and --intervals */
	NEEDS_SPAN = 4
};

struct on_database {
	const char *verb; /* "name what to <verb>" */
	unsigned needs;
	/* What else is wrong with the settings, before anything happens; NULL: nothing can be. */
	int (*check)(const struct options *o, struct err *err);
	/* What it prints, "the gaps", if it only reads: then a standby will do, what the database
	 * does not say is asked again a few times, and whatever fails has the exit code 2, since it
	 * is the others that say something. NULL: it changes
	 * something. */
	const char *reads;
	/* Does it, and prints to stdout. The exit code, or -1 with *err: ERR_RETRY if the same call
	 * may succeed later. */
	int (*work)(struct pg *pg, const struct options *o, const struct selection *selected,
		    struct err *err);
};

/* Waits for a database that is not reachable for half a minute. With --watch it does so for ever,
 * and the work again and again until a signal. Returns the exit code: that of the work; 1 if the
 * database went away in between; 2 settings, or a database that refuses us, after a line in the
 * log. */
int on_database(const struct options *o, const struct on_database *command);

/* With what it prints. */
#define CANNOT_WRITE "%s cannot be written to standard output"
/* Prints what a statement says, a line a row. How many there are; -1 with *err. */
int print_lines(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms,
		struct err *err) __attribute__((warn_unused_result));
/* "" or "s". */
const char *plural_of(int64_t n);

/* A read that nobody is helped by half of, however large the table is. */
#define SQL_BEGIN_READ \
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '300s'"
/* Of the selection, names and patterns that no row of `rows` has, which has those of it; NULL: all
 * are there. */
#define SQL_UNKNOWN_OF(rows)                                                                         \
	"(SELECT string_agg(translate(n, '%_', '*?'), ', ') FROM (SELECT n FROM unnest($1::text[]) " \
	"AS u(n) WHERE NOT EXISTS (SELECT FROM " rows " AS a WHERE a.symbol LIKE n) UNION ALL "      \
	"SELECT n FROM unnest($2::text[]) AS u(n) WHERE n NOT IN (SELECT a.interval FROM " rows      \
	" AS a)) AS u)"
/* Time as text, of an SQL expression. */
#define SQL_TIME(x) "to_char(" x " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#endif
