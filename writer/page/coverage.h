/* SPDX-License-Identifier: MIT */
/* The map: what is covered of every series. */
#ifndef GAPLESS_PAGE_COVERAGE_H
#define GAPLESS_PAGE_COVERAGE_H

#include "common/pg/pg.h"
#include "common/text/buf.h"
#include "params.h"

enum { COVERAGE_SERIES_MAX = 1000 };

/* Within reader_begin() and reader_end(). Appends JSON; of more than COVERAGE_SERIES_MAX series,
 * those with the most trouble. 1, or -1 with *err. */
int coverage_put(struct buf *out, struct pg *pg, const struct params *p, int64_t now_ms,
		 struct err *err) __attribute__((warn_unused_result));

#endif
