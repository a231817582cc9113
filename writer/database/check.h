/* SPDX-License-Identifier: MIT */
/* Is this database fit to be written to? A table without its unique constraint collects duplicates,
 * numeric(20,8) rounds without a word, a server without fsync forgets what it has committed:
 * refused, with the fix in words. */
#ifndef GAPLESS_CHECK_H
#define GAPLESS_CHECK_H

#include "common/pg/pg.h"

enum check {
	CHECK_FIT,
	CHECK_ABSENT,   /* tables are missing: no migration has run yet, or one is running */
	CHECK_OUTDATED, /* migrations are missing, or the program is older than the database */
	CHECK_UNFIT,    /* the server or a table must be changed by a person */
	CHECK_DENIED,   /* the role lacks privileges, or does not look where the tables are */
	CHECK_FAILED    /* could not be asked; class of *err, pg->sqlstate */
};

/* A few statements. *err says what is wrong and how to mend it. Where the database is fit, its
 * coverage is made true against what its triggers cannot see (market_data_reconcile), which is
 * logged; nothing else is written. */
enum check check_database(struct pg *pg, struct err *err) __attribute__((warn_unused_result));
/* Of that the tables alone, one statement, within a transaction too: privileges, columns, the
 * constraint. */
enum check check_tables(struct pg *pg, struct err *err) __attribute__((warn_unused_result));

/* Warns of triggers that may store something else than the exchange has sent. 0, or -1: it could
 * not be asked. */
int check_triggers(struct pg *pg, struct err *err) __attribute__((warn_unused_result));

#endif
