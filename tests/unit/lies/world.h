/* SPDX-License-Identifier: MIT */
/* A world for the producer's pure core (test_producer_lies.c): an exchange that lies for bounded
 * times, a topic that loses messages, a writer, a database, and a producer that dies.
 *
 *   making.c    what the exchange finally has, and which lies it tells when
 *   exchange.c  what one answer shows
 *   storing.c   the topic, the writer, the database
 *   producing.c the producer's part of a second: list, requests, lookups
 *
 * Times are the exchange's unless said; intervals go by their number since START_MS. */
#ifndef GAPLESS_TEST_LIES_WORLD_H
#define GAPLESS_TEST_LIES_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "producer/series/plan.h"
#include "producer/series/promise.h"
#include "producer/series/series.h"
#include "producer/series/series_page.h"
#include "producer/series/series_state.h"

#define MINUTE 60000

enum {
	BEFORE = 500,
	LYING = 120, /* minutes */
	CALM = 16,
	SPAN_1M = BEFORE + LYING + CALM + 2,
	LOG_MAX = 60000,
	LIES_MAX = 24
};

static const int64_t START_MS = 1700000000000 / 86400000 * 86400000;

enum lie_kind {
	LIE_EMPTY,      /* pages without any row */
	LIE_SHORT,      /* pages without their oldest rows */
	LIE_MISSING,    /* a row that was shown is not there */
	LIE_LESS,       /* ... shows less */
	LIE_BAD_ROW,    /* ... cannot be a candle */
	LIE_BAD_TIME,   /* ... and does not tell its time */
	LIE_NOT_FOUND,  /* no such market */
	LIE_NOT_LISTED, /* the list lacks it */
	LIE_BROKEN,     /* no page at all */
	LIE_BEHIND,     /* rows and values as they stood some time ago */
	LIE_NEWEST,     /* the newest page without its newest rows */
	LIE_SILENT,     /* no answer */
	LIE_CLOCK,      /* the exchange's clock is set back */
	LIE_KINDS
};

struct lie {
	enum lie_kind kind;
	int64_t from_ms, to_ms;
	uint32_t percent; /* of the answers */
	int is_long;      /* enough for two witnesses */
	int64_t ms;       /* so far behind, or back; of the newest rows, how many lack */
};

struct truth { /* of one interval: the values it shows from which age on; value 0: no candle */
	int value[3];
	int revision[3];
	int64_t since_ms[3]; /* ms after its end; the last change is before 58 s */
	int shown;           /* the greatest revision that it had when it was published */
	int64_t doubted_ms;  /* until then it was lied about; 0: it was not */
	int is_untold;       /* ... and it was not shown as it is since then, while young */
};

struct table_row {
	int value;
	int64_t revision, fetched_ms;
};

struct sent {
	struct publication pub;
	int64_t fetched_ms;
	int delivered, lost;
};

struct world {
	uint64_t rng;
	const struct interval *iv;
	struct truth truth[SPAN_1M];
	int64_t listed, served; /* the exchange has nothing before, and serves nothing before */
	int64_t relists_ms;     /* from then on it serves nothing that is older; INT64_MAX: never */
	int64_t delists_ms;     /* INT64_MAX: never */
	struct lie lies[LIES_MAX];
	size_t n_lies;
	int dies; /* the producer does, now and then */

	/* the database */
	struct table_row db[SPAN_1M];
	struct spans coverage;
	struct wanted wanted;
	struct evidence evidence;
	struct unobtainable unobtainable;
	int has_wanted;

	struct sent *log; /* the topic */
	size_t n_log, n_reported, n_applied;

	int64_t now_ms, boot_ms, calm_ms;
	int64_t view_ms; /* what the answer shows is as it stood then */
	struct series s;
	struct schedule *schedule; /* of it */
	int64_t list_boot_ms, lookup_boot_ms, lookup_end_ms;
	size_t lookup_at;
	int looking;
	int asked, asked_old;
	int trace;
};

static inline int64_t at(const struct world *w, int64_t i)
{
	return START_MS + i * w->iv->nominal_ms;
}

static inline int64_t index_of(const struct world *w, int64_t ms)
{
	return (ms - START_MS) / w->iv->nominal_ms;
}

static inline long long seconds(int64_t ms)
{
	return (long long)(ms - START_MS) / 1000;
}

static inline int truth_final(const struct world *w, int64_t i)
{
	return w->truth[i].value[2];
}

/* Just now, so that it may not be put right yet. */
static inline int is_lied_about(const struct world *w, int64_t i)
{
	return w->truth[i].doubted_ms != 0 && w->now_ms <= w->truth[i].doubted_ms + 15 * MINUTE;
}

/* --- making.c */

struct world *world_new(uint64_t seed);
void world_free(struct world *w);
/* 0 to below - 1. */
uint32_t rnd(struct world *w, uint32_t below);
/* A line with the exchange's seconds before it (GAPLESS_TRACE=1). */
void trace(const struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- exchange.c */

/* Is that lie told now? 2: it is a long one. */
int lies_now(struct world *w, enum lie_kind kind);
/* What the producer takes for the exchange's time. */
int64_t clock_ms(struct world *w);
/* Which of the three states of that interval it shows now. */
int step_now(const struct world *w, int64_t i);
/* Up to as many rows as were asked for before the request's end, oldest first. */
void page_make(struct world *w, const struct request *r, struct page *page);

/* --- storing.c */

void publish(struct world *w, const struct publications *out);
/* The writer, and the delivery reports, have come so far in the topic. */
void writer_apply(struct world *w, size_t upto);
void reports_deliver(struct world *w, size_t upto);
/* What is stored where coverage does not speak for it, and where that is. */
void stored_read(const struct world *w, struct stored *rows, struct spans *told);

/* --- producing.c */

void producer_start(struct world *w);
/* A second passes. */
void world_turn(struct world *w);

#endif
