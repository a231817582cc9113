/* SPDX-License-Identifier: MIT */
/* The description of market_data that adopt_plan.h decides on, and how far an adoption is. */
#ifndef GAPLESS_ADOPT_INSPECT_H
#define GAPLESS_ADOPT_INSPECT_H

#include "adopt_plan.h"
#include "common/pg/pg.h"

enum { RUN_BYTES = 16 };

struct adopt_inspect {
	struct adopt_table table; /* its texts live in the results; the columns are owned */
	int64_t blocks;
	char run[RUN_BYTES]; /* the open run, "" where there is none for this file of the table */
	PGresult *facts, *columns;
};

/* 0, or -1 with *err; release it in both cases. */
int adopt_inspect(struct pg *pg, struct adopt_inspect *found, struct err *err)
	__attribute__((warn_unused_result));
void adopt_inspect_release(struct adopt_inspect *found);

#endif
