/* SPDX-License-Identifier: MIT */
/* A mistake that all rows share is not many single ones: an inherited table most of whose rows
 * would be set aside is refused before anything moves. */
#ifndef GAPLESS_ADOPTION_FITNESS_H
#define GAPLESS_ADOPTION_FITNESS_H

#include "adopt_plan.h"
#include "common/pg/pg.h"

/* 0, or -1 with *err, which has the commonest reason, a row that shows it and what mends it. A
 * large table (blocks of 8 KiB) is judged by a sample. */
int fitness_check(struct pg *pg, const struct adopt_plan *plan, int64_t blocks,
		  int64_t unfit_percent, struct err *err) __attribute__((warn_unused_result));

#endif
