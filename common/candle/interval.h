/* SPDX-License-Identifier: MIT */
/* The intervals of candles and their grids, all in UTC.
 *
 * 1s 1m 3m 5m 10m 15m 30m 1h 4h 1d have a fixed length and a grid anchored at 1970-01-01T00:00Z; 1w
 * begins on Mondays 00:00Z; 1M on the first of a month, of unequal lengths. Nobody adds a length to
 * a timestamp by hand: interval_end and interval_add know months.
 *
 * Times lie in the years 1 to 9999 (beyond them the arithmetic could overflow); any process that
 * reads times from outside checks that first, as message_validate() does. */
#ifndef GAPLESS_INTERVAL_H
#define GAPLESS_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

struct interval {
	const char *name;   /* "1m": as in messages and the database */
	int64_t nominal_ms; /* its length; of a month: 31 days, the longest */
	int64_t anchor_ms;  /* a grid point (fixed lengths and weeks) */
	int calendar_month; /* 1: the grid is the calendar's months */
};

/* The table, shortest first; *n gets its length. */
const struct interval *interval_table(size_t *n);
/* NULL if there is no such interval. The pointer may be compared: one object an interval. */
const struct interval *interval_by_name(const char *name);

/* Their names, for a sentence, and the one that a setting ("--intervals") names; NULL with *err
 * (ERR_FATAL) if there is no such interval. */
#define INTERVAL_NAMES "1s, 1m, 3m, 5m, 10m, 15m, 30m, 1h, 4h, 1d, 1w, 1M"
const struct interval *interval_of_setting(const char *setting, const char *name, struct err *err)
	__attribute__((warn_unused_result));

/* Start of the interval that contains ms. */
int64_t interval_floor(const struct interval *iv, int64_t ms);
/* First grid point >= ms. */
int64_t interval_ceil(const struct interval *iv, int64_t ms);
int interval_on_grid(const struct interval *iv, int64_t ms);
/* The grid point n intervals after the grid point ts (n may be negative). */
int64_t interval_add(const struct interval *iv, int64_t ts, int64_t n);
/* End of the interval that starts at the grid point ts: interval_add(iv, ts, 1). */
int64_t interval_end(const struct interval *iv, int64_t ts);
/* Number of grid points in [from, to); 0 if to <= from. */
int64_t interval_count(const struct interval *iv, int64_t from, int64_t to);

#endif
