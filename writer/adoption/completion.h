/* SPDX-License-Identifier: MIT */
/* What market_data has beside its columns and its key: chunks where TimescaleDB is, the index of
 * unconfirmed rows, a replica identity and the guards of its coverage (schemas/008_guard.sql). */
#ifndef GAPLESS_ADOPTION_COMPLETION_H
#define GAPLESS_ADOPTION_COMPLETION_H

#include "common/pg/pg.h"

/* Makes what is missing, and logs it; chunks: the length of them, NULL: what suits. 0, or -1 with
 * *err. */
int completion_run(struct pg *pg, const char *chunks, struct err *err)
	__attribute__((warn_unused_result));
/* The replica identity of a copy that an older program began: a publication may want one. */
int completion_identify_copy(struct pg *pg, struct err *err) __attribute__((warn_unused_result));

#endif
