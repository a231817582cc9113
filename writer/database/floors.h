/* SPDX-License-Identifier: MIT */
/* What is given up (market_data_series.retained_from) is not stored again, wherever it comes from:
 * a producer with an older start, a replay, a group that was rewound. Asked in the batch's
 * transaction, after its locks: `retain` waits for these, so that nothing older comes in behind it.
 */
#ifndef GAPLESS_FLOORS_H
#define GAPLESS_FLOORS_H

#include "common/pg/pg.h"
#include "scratch.h"
#include "writer/batch.h"

/* Fills scratch->floor_ms for every row of the sealed batch: nothing of its series before that is
 * to be stored or covered; INT64_MIN: all of it may. *below: how many rows are. 0, or -1 with *err.
 */
int floors_ask(struct pg *pg, struct store_scratch *scratch, const struct batch *b, int64_t *below,
	       struct err *err) __attribute__((warn_unused_result));

#endif
