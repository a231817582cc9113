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
	/* Does it, and prints to stdout. 0, or -1 with *err: ERR_RETRY if the same call may succeed
	 * later. */
	int (*work)(struct pg *pg, const struct options *o, const struct selection *selected,
		    struct err *err);
};

/* Returns the exit code: 0; 1 if the database went away in between; 2 settings, or a database that
 * refuses us, after a line in the log. */
int on_database(const struct options *o, const struct on_database *command);

/* A question that failed: 1 if it is to be asked again, behind a pause and with the connection
 * closed, at most so many *times. On a standby what the primary has removed cancels it (40001). */
int ask_again(struct pg *pg, int *times, const struct err *err);
enum { ASK_AGAIN = 10 };

/* "" or "s". */
const char *plural_of(int64_t n);

/* A read that nobody is helped by half of, however large the table is. */
#define SQL_BEGIN_READ \
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '300s'"
/* Time as text, of an SQL expression. */
#define SQL_TIME(x) "to_char(" x " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#endif
