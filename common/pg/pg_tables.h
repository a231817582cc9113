/* SPDX-License-Identifier: MIT */
/* Which tables of Gapless a database has: the same question, and the same sentences, of every
 * program and command. */
#ifndef GAPLESS_PG_TABLES_H
#define GAPLESS_PG_TABLES_H

#include "common/pg/pg.h"

/* The newest file of schemas/. */
enum { MIGRATION_NEWEST = 19 };

enum pg_tables {
	PG_TABLES_FIT,
	PG_TABLES_ABSENT, /* no migration has run */
	PG_TABLES_HIDDEN, /* in a schema that this role may not use, or where it does not look */
	PG_TABLES_OLDER,  /* migrations are missing */
	PG_TABLES_NEWER,  /* the program is older than the database */
	PG_TABLES_DENIED, /* this role may not ask which migrations there are */
	PG_TABLES_FAILED  /* the question failed */
};

/* Two statements. *err says what is wrong, and how to mend it: ERR_FATAL, or of its own class for
 * PG_TABLES_FAILED. */
enum pg_tables pg_tables_check(struct pg *pg, struct err *err) __attribute__((warn_unused_result));

/* A statement failed with *err: if it was because this role does not see the tables, which are
 * there, *err says that instead. Ends the transaction that the failure has left. */
void pg_tables_explain(struct pg *pg, struct err *err);

#endif
