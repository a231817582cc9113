/* SPDX-License-Identifier: MIT */
/* Applies the numbered migrations that a database does not have yet. Safe to run twice, and by two
 * at once: each runs in a transaction of its own that holds an advisory lock, and is noted there in
 * gapless_migration (number, name, applied_at). */
#ifndef GAPLESS_MIGRATE_H
#define GAPLESS_MIGRATE_H

#include "common/pg/pg.h"
#include "writer/adoption/adopt.h"

/* Logs each migration that it applies. The market_data of an older collector is adopted at the end
 * (adopt.h). Refuses a database with migrations that this program does not know (ERR_INPUT). Where
 * nothing is to do, it reads and writes nothing, so that any role may ask. schema: made if it is
 * not there, and what this role has as its search_path from then on; NULL: the one that it has. 0,
 * or -1 with *err (and pg->sqlstate); what was applied before stays. */
int migrate_run(struct pg *pg, const char *schema, const struct adopt_settings *settings,
		struct err *err) __attribute__((warn_unused_result));

#endif
