/* SPDX-License-Identifier: MIT */
/* What is wanted of a series and not available, and why: neither a gap nor coverage, and not asked
 * for. What is known wins over it. Pure. */
#ifndef GAPLESS_UNOBTAINABLE_H
#define GAPLESS_UNOBTAINABLE_H

#include "common/candle/spans.h"

/* What the database forbids to ask for (schemas/006_tables.sql). */
struct limits {
	int64_t retained_from_ms; /* nothing older is kept; INT64_MIN: no such limit */
	int ended;                /* nothing of it is wanted any more */
};

enum unobtainable_reason {
	UNOBTAINABLE_OLD,      /* older than the exchange keeps */
	UNOBTAINABLE_DELISTED, /* the market is gone */
	UNOBTAINABLE_GONE,     /* not served any more, as after a relisting */
	UNOBTAINABLE_SETTLED,  /* by hand */
	UNOBTAINABLE_REASONS
};

struct unobtainable { /* all zero: nothing */
	struct spans of[UNOBTAINABLE_REASONS];
};

/* As market_data_unobtainable names it; a name that is not ours was settled by hand. */
const char *unobtainable_reason_name(enum unobtainable_reason reason);
enum unobtainable_reason unobtainable_reason_by_name(const char *name);

void unobtainable_release(struct unobtainable *u);
/* [from_ms, to_ms) but for what is known. */
void unobtainable_add(struct unobtainable *u, enum unobtainable_reason reason, int64_t from_ms,
		      int64_t to_ms, const struct spans *known);
/* A page shows all that there is in [from_ms, to_ms). */
void unobtainable_shown(struct unobtainable *u, int64_t from_ms, int64_t to_ms);
/* *u as it is by now, where `before` of it went to the database and `stored` came back. */
void unobtainable_merge(struct unobtainable *u, const struct unobtainable *before,
			const struct unobtainable *stored);
/* asks_gone: what is not served any more is asked for all the same. */
void unobtainable_subtract(const struct unobtainable *u, int asks_gone, struct spans *from);

#endif
