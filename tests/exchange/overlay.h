/* SPDX-License-Identifier: MIT */
/* Single candles that a test changes: from a time on, this candle shows other values; or before
 * that time, it does not show at all; or from a time on, it is gone. The newest entry whose time
 * has come counts. */
#ifndef EXCHANGE_OVERLAY_H
#define EXCHANGE_OVERLAY_H

#include "interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct market;
struct row;

enum overlay_verdict {
	OVERLAY_NONE,   /* nothing is said about this candle */
	OVERLAY_HIDDEN, /* it does not show yet */
	OVERLAY_SHOWN,  /* the row was filled */
};

struct overlay_entry;

struct overlay {
	struct overlay_entry *at; /* sorted by series, start, time */
	size_t n, room;
};

void overlay_release(struct overlay *o);
enum overlay_change {
	OVERLAY_CORRECTS, /* from at_ms on the candle shows as the row says */
	OVERLAY_IS_LATE,  /* the same, and before that it does not show */
	OVERLAY_WITHDRAWS /* from at_ms on it does not show */
};

void overlay_add(struct overlay *o, const struct row *row, int64_t at_ms,
		 enum overlay_change change);
enum overlay_verdict overlay_apply(const struct overlay *o, const struct market *m,
				   enum interval iv, int64_t start_ms, int64_t now_ms,
				   struct row *row);
/* The nearest start with an entry: < before_ms, or >= from_ms. False: there is none. */
bool overlay_before(const struct overlay *o, const struct market *m, enum interval iv,
		    int64_t before_ms, int64_t *start_ms);
bool overlay_from(const struct overlay *o, const struct market *m, enum interval iv,
		  int64_t from_ms, int64_t *start_ms);

#endif
