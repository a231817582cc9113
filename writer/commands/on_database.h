/* SPDX-License-Identifier: MIT */
/* What commands have in common that do something in the database and end: the selection, the
 * connection, the exit code. */
#ifndef GAPLESS_ON_DATABASE_H
#define GAPLESS_ON_DATABASE_H

#include "common/pg/pg.h"
#include "writer/options.h"
#include "writer/selection.h"

struct on_database {
	/* What is wrong with the settings, before anything happens; NULL: nothing can be. */
	int (*check)(const struct options *o, const struct selection *selected, struct err *err);
	/* Does it, and prints to stdout. 0, or -1 with *err: ERR_RETRY if the same call may succeed
	 * later. */
	int (*work)(struct pg *pg, const struct options *o, const struct selection *selected,
		    struct err *err);
};

/* Returns the exit code: 0; 1 if the database went away in between; 2 settings, or a database that
 * refuses us, after a line in the log. */
int on_database(const struct options *o, const struct on_database *command);

/* Time as text, of an SQL expression. */
#define SQL_TIME(x) "to_char(" x " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#endif
