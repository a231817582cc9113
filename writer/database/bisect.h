/* SPDX-License-Identifier: MIT */
/* Finding the rows that the database refuses. The validation at both ends of Kafka should leave
 * none: each one is an alarm.
 *
 * An error about data (22xxx, 23514) is always a row's. Any other may be one too, if a
 * trigger, a foreign key or a policy of the table's owner raised it; but it may as well be about
 * the table, or an outage. So rows are given up for it only if the rest of the batch is taken
 * without them, and if there is no rest, a row of another series. */
#ifndef GAPLESS_BISECT_H
#define GAPLESS_BISECT_H

#include "transaction.h"

/* Rows that the database refuses, counted against those that it takes: a systematic mistake (a rule
 * of the table that most rows break) is not many single ones, also where some rows are good. Each
 * ten rows that are stored make up for one that was refused. Pure. */

/* Private but for its functions; zero it first. */
struct refusals {
	int64_t refused; /* that nothing has made up for */
	int64_t taken;   /* of the next ten */
};

/* One more. 1: they are more than the limit allows (0 = no limit). */
int refusals_add(struct refusals *r, int64_t limit) __attribute__((warn_unused_result));
/* So many rows were stored. */
void refusals_make_up(struct refusals *r, int64_t n);

enum bisect {
	BISECT_FOUND, /* at least one more row is marked as rejected, with the database's reason */
	BISECT_NONE,  /* no single row explains the failure, or the database went away meanwhile */
	BISECT_SIZE,  /* each is taken by itself, all together are not */
	BISECT_TOO_MANY /* more than the limit allows: *err is the sentence for a person */
};

/* Among rows [from, to) of the batch. *err is the failure that led here, and stays so but for
 * BISECT_TOO_MANY. */
enum bisect bisect_rows(struct session *db, struct batch *b, size_t from, size_t to, int64_t limit,
			struct refusals *refusals, struct err *err);

#endif
