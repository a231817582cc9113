/* SPDX-License-Identifier: MIT */
/* What a request of the page may ask for, checked. Pure. */
#ifndef GAPLESS_PAGE_PARAMS_H
#define GAPLESS_PAGE_PARAMS_H

#include <stdint.h>

#include "common/base/error.h"
#include "common/candle/interval.h"

/* The value of a parameter; NULL: it is not given. */
typedef const char *params_get(const void *request, const char *name);

enum {
	PARAMS_CELLS_MAX = 400,
	PARAMS_POINTS_MAX = 2000,
	PARAMS_INTERVALS_MAX = 600000 /* a year of minutes, and more */
};

struct params {
	const char *symbol, *symbols, *intervals; /* as given; lists may be NULL */
	const struct interval *interval;
	int64_t from_ms, to_ms;
	int cells, points;
};

/* Each 0, or -1 with *err (ERR_INPUT, a sentence that names the parameter). now_ms stands for a
 * missing `to`. */
/* symbols, intervals: lists; to; span: seconds before it (a day); cells (200). */
int params_coverage(struct params *p, params_get *get, const void *request, int64_t now_ms,
		    struct err *err) __attribute__((warn_unused_result));
/* symbol and interval, which must be given; from, to (300 intervals before it); points (600). */
int params_candles(struct params *p, params_get *get, const void *request, int64_t now_ms,
		   struct err *err) __attribute__((warn_unused_result));

/* How long a bar must be, so that no more than p->points are in the span: the interval's own
 * length, or a round multiple of it. 0: the interval has no fixed length that adds up (1w, 1M). */
int64_t params_step_ms(const struct params *p);

#endif
