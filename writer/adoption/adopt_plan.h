/* SPDX-License-Identifier: MIT */
/* What must be done with a market_data that is there already: decided from the table's description
 * alone, without a database. adopt.c describes it and carries the plan out. */
#ifndef GAPLESS_ADOPT_PLAN_H
#define GAPLESS_ADOPT_PLAN_H

#include "common/base/error.h"
#include "common/text/buf.h"

struct adopt_column {
	const char *name;     /* as it is */
	const char *ident;    /* as SQL writes it */
	const char *type;     /* format_type(), with " C" where its collation is "C" */
	const char *kind;     /* text, naive, zoned, float, number, or other */
	const char *fallback; /* default expression; NULL: none */
	int not_null, identity, generated;
};

/* The texts are the caller's. */
struct adopt_table {
	char kind;               /* relkind of pg_class */
	const char *schema;      /* where it lies */
	const char *here;        /* where new tables are made */
	const char *users;       /* what depends on it (views, foreign keys); NULL: nothing */
	const char *children;    /* tables that inherit from it; NULL: none */
	int has_key, has_finite; /* the unique constraint, the check */
	int is_hypertable;       /* of TimescaleDB */
	int is_written;          /* our writer has stored something in this database */
	int is_taken;            /* market_data_inherited is another table already */
	const struct adopt_column *columns;
	size_t n;
};

enum adopt_verdict {
	ADOPT_FIT,   /* as 001 makes it */
	ADOPT_LEAVE, /* not quite, but in use by our writer: nothing to adopt, the start-up check
			speaks */
	ADOPT_COPY,  /* an older collector's */
	ADOPT_REFUSE /* must be changed by a person first: *err, with the fix in words */
};

/* All are set by ADOPT_COPY only; init before, release after. */
struct adopt_plan {
	struct buf check; /* one row of a sample, $1 per cent of the table: rows, unfit ones, and of
			     the commonest reason the text, an example, and what mends it */
	struct buf columns; /* statements that give market_data_adopting the inherited table's other
			       columns; may be empty */
	struct buf batch;   /* copies the rows with ctid in [$1, $2), $3 the run; one row: read,
			       duplicates, unfit */
};

void adopt_plan_init(struct adopt_plan *plan);
void adopt_plan_release(struct adopt_plan *plan);
enum adopt_verdict adopt_plan_make(const struct adopt_table *table, struct adopt_plan *plan,
				   struct err *err) __attribute__((warn_unused_result));

#endif
