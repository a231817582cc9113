/* SPDX-License-Identifier: MIT */
/* The page's own connection. All that goes through it runs in a transaction that is READ ONLY and
 * has a statement timeout of READER_MS: by that, and by nothing that a statement says, the page
 * cannot change anything, nor hold the database up. (Not by settings of the session: behind a
 * pooler another client would get them next.) Blocking: of a thread that may wait. */
#ifndef GAPLESS_PAGE_READER_H
#define GAPLESS_PAGE_READER_H

#include "common/pg/pg.h"

enum { READER_MS = 5000, READER_DEADLINE_MS = 7000 };

/* Connects where it is not connected (again), and begins. 0, or -1 with *err: so if row level
 * security may hide rows, which would be shown as missing. */
int reader_begin(struct pg *pg, const char *conninfo, struct err *err)
	__attribute__((warn_unused_result));
/* Ends what was begun, whatever became of it. */
void reader_end(struct pg *pg);

#endif
