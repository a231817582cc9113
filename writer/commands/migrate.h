/* SPDX-License-Identifier: MIT */
/* Applies the numbered migrations that a database does not have yet. Safe to run twice, and by two
 * at once: each runs in a transaction of its own that holds an advisory lock, and is noted there in
 * gapless_migration (number, name, applied_at). */
#ifndef GAPLESS_MIGRATE_H
#define GAPLESS_MIGRATE_H

#include "common/pg.h"

/* Logs each migration that it applies. The market_data of an older collector is adopted on the way
 * (adopt.h), as candles of `source`. 0, or -1 with *err (and pg->sqlstate); what was applied before
 * stays. */
int migrate_run(struct pg *pg, const char *source, struct err *err)
	__attribute__((warn_unused_result));

#endif
