/* SPDX-License-Identifier: MIT */
/* The fields of a series: for series*.c alone, which are one part in four files (series.h: how it
 * changes, series_page.h: by an answer; series_ask.h; series_tell.h). */
#ifndef GAPLESS_SERIES_STATE_H
#define GAPLESS_SERIES_STATE_H

#include "common/base/least.h"
#include "producer/exchange/exchange.h"
#include "producer/series/earlier.h"
#include "producer/series/heap.h"
#include "producer/series/known.h"
#include "producer/series/market.h"
#include "producer/series/older.h"
#include "producer/series/retry_span.h"
#include "producer/series/sightings.h"
#include "producer/series/unobtainable.h"

enum {
	QUIET_TAIL_MS = 5 * 60 * 1000, /* a quiet tail is published again at most this often */
	EMPTY_KEPT_MS = 24 * 3600 * 1000,
	YOUNG_MS = 15 * 60 * 1000, /* so long a row that is covered is compared with what comes */
	YOUNG_ROWS = 60,
	LATE_MS = 5 * 60 * 1000, /* at the end of what is covered: read again by one who begins */
	NO_TRADES_APART_MS = 60 * 1000 /* between two witnesses of a market without any row */
};

struct series {
	char symbol[SYMBOL_BYTES];
	const struct interval *iv;
	const struct exchange *exchange;

	struct heap *changed; /* the places of those that have changed, or NULL; and ours */
	uint32_t place;

	int owned;      /* this producer fetches it; what follows counts only then */
	uint32_t epoch; /* how often it was taken */

	/* wanted: [wanted_from, wanted_until); nothing is asked before listed_from, nor what is
	 * older than the retention */
	int64_t since_ms; /* the setting; INT64_MIN: none */
	int64_t until_ms; /* of a one-shot fetch; INT64_MAX: for ever */
	int64_t wanted_from_ms, wanted_until_ms;
	int64_t listed_from_ms;                                /* INT64_MIN: not known */
	struct unobtainable unobtainable, unobtainable_stored; /* ... as the database had it last */
	struct limits limits;

	/* what witnesses said */
	struct market market;
	struct earlier earlier;       /* its life before it was listed again */
	int64_t unknown_said_boot_ms; /* the market was never there; 0: not said */
	struct older older;           /* of the time before the oldest row */
	struct witness nothing;       /* no row of it at all */
	int has_rows;                 /* ... which one has contradicted */

	int begun;        /* the exchange's time is known, wanted and live_from are set */
	int64_t begun_ms; /* what closed before may have been published by another owner */
	int64_t begun_boot_ms;
	int looked_up;
	int64_t covered_version; /* of what it covers and of what is stored beside it; 0: not known
				  */
	struct known known;
	struct spans seen;     /* found empty, not promised yet: the quiet tail */
	struct spans empty;    /* promised of late without a row, which one may contradict */
	struct spans doubted;  /* covered, as another had it, and to be read again: late.h */
	struct spans untold;   /* where it is not known what is stored, which could win */
	int64_t told_until_ms; /* ... and up to where it was read */
	struct sightings sightings;
	struct retry_spans retries;
	struct spans refused; /* by the database: neither asked for nor sent now */
	char refused_cause[RETRY_CAUSE_BYTES];
	char trouble[RETRY_CAUSE_BYTES]; /* what is wrong with the last bad row or page; "":
					       nothing was */

	/* live: [live_from, now) is the live poll's business, everything older is backfill */
	int64_t live_from_ms;
	int64_t live_polled_ms;     /* the exchange's time of the last live answer */
	int64_t live_first_ms;      /* the first poll is due then; INT64_MIN: it was answered */
	int64_t live_extra_ms;      /* a poll between the others; 0: none */
	int64_t live_again_boot_ms; /* after a failure: not before */
	int live_fails;
	int64_t again_boot_ms; /* the exchange did not answer: nothing is asked before */
	int unanswered;

	int64_t page_span_ms;   /* time that the last full page spanned; 0: unknown */
	uint64_t backfill_turn; /* for fairness: when it last had its turn */

	struct spans report; /* the gaps that "Backfilling N missing candles" spoke of */
	int64_t report_came;
};

/* At the end of whatever may change what the series asks for: tests/lint/changes.sh looks for it in
 * every function that takes a series to change it. */
static inline void series_changed(const struct series *s)
{
	if (s->changed)
		heap_put(s->changed, (struct heap_item){.place = s->place});
}

static inline int64_t series_young_ms(const struct series *s)
{
	return s->iv->nominal_ms + least(YOUNG_ROWS * s->iv->nominal_ms, YOUNG_MS);
}

static inline int64_t series_young_from(const struct series *s)
{
	return s->live_from_ms - series_young_ms(s);
}

#endif
