/* SPDX-License-Identifier: MIT */
/* Finding the rows that the database refuses (22xxx, 23xxx). The validation at both ends of Kafka
 * should leave none: each one is an alarm. */
#ifndef GAPLESS_BISECT_H
#define GAPLESS_BISECT_H

#include "transaction.h"

enum bisect {
	BISECT_FOUND, /* at least one more row is marked as rejected, with the database's reason */
	BISECT_NONE,  /* no single row explains the failure, or the database went away meanwhile */
	BISECT_TOO_MANY /* more in a row than the limit allows: *err is the sentence for a person */
};

/* *run counts refused rows since the last batch that had a good one; the caller resets it. *err
 * keeps the failure that led here, but for BISECT_TOO_MANY. */
enum bisect bisect_rows(struct pg *pg, struct store_scratch *scratch, const struct cursor *cursor,
			struct batch *b, int64_t limit, int64_t *run, struct err *err);

#endif
