/* SPDX-License-Identifier: MIT */
/* The database at start: waited for where it is not there yet, refused where it is not fit. */
#ifndef GAPLESS_DATABASE_H
#define GAPLESS_DATABASE_H

#include "common/pg/pg.h"
#include "writer/options.h"

/* Opens the connection; waits for a server that is not reachable, at most wait_ms (-1: until a
 * signal). 0, or -1 with *err (ERR_RETRY: not reachable in time or a signal; ERR_FATAL: refuses
 * us). */
int database_open(struct pg *pg, const char *conninfo, int64_t wait_ms, struct err *err)
	__attribute__((warn_unused_result));

/* For commands: are the tables those of this program? 0, or -1 with *err. A role that may not ask
 * which migrations there are is not kept from its work: that says what is wrong, if anything is. */
int database_fits(struct pg *pg, struct err *err) __attribute__((warn_unused_result));

/* What else a database must be. 0, or -1 with *err; ERR_RETRY: ask again. */
typedef int database_fit(struct pg *pg, const struct options *o, struct err *err);
/* Returns EXIT_DONE when the database is fit to be written to, and is_ours says so, too; else logs
 * why, and returns the exit code. Waits for tables that are not there yet. EXIT_DONE as well after
 * a signal: ask stop_requested(). */
int database_wait(const struct options *o, database_fit *is_ours);

#endif
