/* SPDX-License-Identifier: MIT */
/* Finding the rows that the database refuses (22xxx, 23xxx). The validation at both ends of Kafka
 * should leave none: each one is an alarm. */
#ifndef GAPLESS_BISECT_H
#define GAPLESS_BISECT_H

#include "refusals.h"
#include "transaction.h"

enum bisect {
	BISECT_FOUND, /* at least one more row is marked as rejected, with the database's reason */
	BISECT_NONE,  /* no single row explains the failure, or the database went away meanwhile */
	BISECT_TOO_MANY /* more than the limit allows: *err is the sentence for a person */
};

/* Among rows [from, to) of the batch. *err keeps the failure that led here, but
 * for BISECT_TOO_MANY. */
enum bisect bisect_rows(struct pg *pg, struct store_scratch *scratch, const struct cursor *cursor,
			struct batch *b, size_t from, size_t to, int64_t limit,
			struct refusals *refusals, struct err *err);

#endif
