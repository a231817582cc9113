/* SPDX-License-Identifier: MIT */
/* How complete all series are, asked from the database. Calls come in this order, in one
 * transaction of the caller's (a snapshot, read only):
 *
 *   report_series()   every series that is wanted: counts, notes
 *   report_keep()     if only those with the most trouble are of interest
 *   report_bars()     what is covered of the span, in so many cells
 */
#ifndef GAPLESS_REPORT_H
#define GAPLESS_REPORT_H

#include "common/pg/pg.h"
#include "writer/report/series.h"
#include "writer/selection.h"

struct report {
	struct span span;    /* of the bars; counts are as of its end */
	int64_t deadline_ms; /* of each statement */
	int cells;
	struct report_series *series; /* by trouble from report_keep() or report_bars() on */
	size_t n;
	int64_t gaps, missing, unobtainable; /* of all, whatever is kept */
	PGresult *spans;                     /* private, as is what follows */
	int together;
};

/* 0, or -1 with *err; report_release() either way. */
int report_series(struct report *r, struct pg *pg, const struct selection *selected,
		  struct err *err) __attribute__((warn_unused_result));
void report_keep(struct report *r, size_t most);
/* cells: at most REPORT_BAR_MAX; r->cells is how many there are then. looks: how often the index
 * may be asked whether there is a candle; where that is less than once a cell of each series, quiet
 * is told for several cells together. */
int report_bars(struct report *r, struct pg *pg, int cells, size_t looks, struct err *err)
	__attribute__((warn_unused_result));
void report_release(struct report *r);

#endif
