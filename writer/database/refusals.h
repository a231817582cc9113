/* SPDX-License-Identifier: MIT */
/* Rows that the database refuses, counted against those that it takes: a systematic mistake (a rule
 * of the table that most rows break) is not many single ones, also where some rows are good. Each
 * ten rows that are stored make up for one that was refused. Pure. */
#ifndef GAPLESS_REFUSALS_H
#define GAPLESS_REFUSALS_H

#include <stdint.h>

/* Private but for its functions; zero it first. */
struct refusals {
	int64_t refused; /* that nothing has made up for */
	int64_t taken;   /* of the next ten */
};

/* One more. 1: they are more than the limit allows (0 = no limit). */
int refusals_add(struct refusals *r, int64_t limit) __attribute__((warn_unused_result));
/* So many rows were stored. */
void refusals_make_up(struct refusals *r, int64_t n);

#endif
