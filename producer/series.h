/* SPDX-License-Identifier: MIT */
/* What the producer knows of one series, and how that changes. Pure: no I/O, no clock, the
 * exchange's time comes in.
 *
 *   known = looked (coverage in the database at the last lookup)
 *         + fresh  (own deliveries that the last lookup cannot have seen)
 *         + in flight (published, delivery report outstanding)
 *   gaps  = wanted - known - seen - held
 *
 * A lookup *replaces* what was known, so whatever was lost behind Kafka comes back as a gap.
 * Nothing here is the only copy of anything: a crash forgets it all, and the next lookup finds the
 * same gaps.
 */
#ifndef GAPLESS_SERIES_H
#define GAPLESS_SERIES_H

#include "common/candle.h"
#include "common/spans.h"
#include "page.h"
#include "promise.h"
#include "provisional.h"
#include "retry_span.h"

enum {
	QUIET_TAIL_MS = 5 * 60 * 1000,  /* a quiet tail is published again at most this often */
	RELISTED_MS = 24 * 3600 * 1000, /* where a listing begins is asked again daily */
	UNKNOWN_MARKET_MS = 3600 * 1000 /* an unknown market is tried again hourly */
};

/* A candle that is stored in a span that is not covered, and its stored revision. */
struct stored {
	int64_t timestamp_ms, revision;
};

enum market { MARKET_UNSEEN /* no list yet */, MARKET_LISTED, MARKET_NOT_LISTED };

struct series {
	char symbol[SYMBOL_BYTES];
	const struct interval *iv;

	int owned;      /* this producer fetches it; what follows counts only then */
	uint32_t epoch; /* how often it was taken: what was asked for in an earlier epoch is void
			 */
	enum market market; /* in the exchange's last list */
	int was_listed;     /* in some list before */

	/* wanted: [wanted_from, wanted_until); nothing is asked before listed_from, nor what is
	 * older than the retention */
	int64_t since_ms; /* the setting; INT64_MIN: none */
	int64_t until_ms; /* of a one-shot fetch; INT64_MAX: for ever */
	int64_t wanted_from_ms, wanted_until_ms;
	int64_t listed_from_ms;        /* INT64_MIN: not known */
	int64_t listed_asked_boot_ms;  /* when that was last found out */
	int64_t unknown_until_boot_ms; /* the market is unknown to the exchange: nothing is asked
					  before */

	int64_t retention_ms; /* 0: the exchange keeps everything */
	int begun;            /* the exchange's time is known, wanted and live_from are set */
	int looked_up;
	struct spans looked, fresh_before, fresh_since, in_flight;
	struct spans known;    /* their union */
	struct spans seen;     /* found empty, not promised yet: the quiet tail */
	struct spans repair;   /* was known once, and a lookup did not find it */
	struct stored *stored; /* by timestamp: what a new reading has to win against */
	size_t n_stored;
	struct retry_spans retries;

	/* live: [live_from, now) is the live poll's business, everything older is backfill */
	int64_t live_from_ms;
	int64_t live_polled_ms;     /* the exchange's time of the last live answer */
	int64_t live_first_ms;      /* the first poll is due then; INT64_MIN: it was answered */
	int64_t live_again_boot_ms; /* after a failure: not before */
	int live_fails;
	int64_t again_boot_ms; /* the exchange did not answer: nothing is asked before */
	int unanswered;
	struct provisionals provisionals;

	int64_t page_span_ms;   /* time that the last full page spanned; 0: unknown */
	uint64_t backfill_turn; /* for fairness: when it last had its turn */

	struct spans report; /* the gaps that "Backfilling N missing candles" spoke of */
	int64_t report_missing, report_came;
};

/* One candle to publish. `covers_to_ms - covers_from_ms == 0`: provisional. */
struct publication {
	struct candle candle;
	int64_t covers_from_ms, covers_to_ms;
	enum origin origin;
};

struct publications {
	struct publication *v;
	size_t n, cap;
};

void publications_release(struct publications *p);

void series_init(struct series *s, const char *symbol, const struct interval *iv, int64_t since_ms,
		 int64_t retention_ms);
void series_release(struct series *s);
/* It is ours from now on, or no longer; either way nothing is known of it. */
void series_take(struct series *s);
void series_leave(struct series *s);
/* The exchange's time is known for the first time. */
void series_begin(struct series *s, int64_t now_ms);

/* --- the exchange's list of markets. series_market notes what it says; series_market_judge says
 * what follows from it for an owned series, once. A market that was there and is not any more ends:
 * what is wanted ends where our knowledge ends, for nothing more is available. */
enum market_change { MARKET_AS_BEFORE, MARKET_UNKNOWN, MARKET_DELISTED, MARKET_LISTED_AGAIN };

void series_market(struct series *s, int listed);
enum market_change series_market_judge(struct series *s, int64_t boot_ms);

/* --- looks. began: the end offsets are about to be read. ended: the coverage arrived; returns how
 * many intervals are missing that were not known to be missing before ("Backfilling N missing
 * candles"). now_ms is the exchange's. */
void series_look_began(struct series *s);
int64_t series_look_ended(struct series *s, const struct spans *covered, int64_t now_ms,
			  int64_t boot_ms);
/* Intervals that are missing, whether they may be asked for now or not; before the first lookup:
 * all.
 */
int64_t series_left(const struct series *s, int64_t now_ms, int64_t boot_ms);
/* Those of them that may be asked for now. */
int64_t series_missing(const struct series *s, int64_t now_ms, int64_t boot_ms);

/* What the same lookup found stored in the gaps; takes the array over. A row that is read for them
 * again is published with at least the stored revision: whatever the exchange's number says, the
 * newer reading wins, and the repair ends. */
void series_stored(struct series *s, struct stored *rows, size_t n);

/* --- answers. A page that was asked for with to_ms (INT64_MAX: the live poll) and read at read_ms:
 * adds to *out what is to be published, oldest first, and counts it as in flight. The caller must
 * publish all of it, or call series_failed. */
void series_page(struct series *s, const struct page *page, int64_t from_ms, int64_t to_ms,
		 int count, int64_t read_ms, int64_t boot_ms, struct publications *out);
/* The answer was rejected (or the market refused it); the pause grows. */
void series_rejected(struct series *s, int64_t from_ms, int64_t to_ms, int64_t boot_ms);
void series_unknown_market(struct series *s, int64_t boot_ms);
/* There was no answer at all, or one that says nothing about this series (5xx): a short pause,
 * nothing learned. */
void series_unanswered(struct series *s, int64_t boot_ms);

/* --- delivery reports of what series_page gave out. */
void series_delivered(struct series *s, int64_t covers_from_ms, int64_t covers_to_ms);
void series_failed(struct series *s, int64_t timestamp_ms, int64_t covers_from_ms,
		   int64_t covers_to_ms);

/* --- questions. What is missing and older than the live poll's business, asked-for spans
 * (`claims`) left out; empty before the first lookup. *out is cleared first. */
void series_gaps(const struct series *s, const struct spans *claims, int64_t now_ms,
		 int64_t boot_ms, struct spans *out);
/* When (exchange's time) the next live poll is due; INT64_MAX: never. */
int64_t series_live_due_ms(const struct series *s, int64_t now_ms);
/* Rows that the live poll asks for. */
int series_live_count(const struct series *s, int64_t now_ms);
/* 1, once, when everything that was reported missing is known: how many candles came, and in how
 * many intervals nothing traded (or was not listed yet). */
int series_report_finished(struct series *s, int64_t *came, int64_t *empty);
/* Intervals of what is wanted that the exchange no longer keeps and that are not known. */
int64_t series_unrecoverable(const struct series *s, int64_t now_ms);

/* ---- between series.c and series_page.c: where asking begins. Nothing before the listing (but for
 * the daily question), nothing that the exchange has dropped. */
int64_t series_asked_from(const struct series *s, int64_t now_ms, int64_t boot_ms);

#endif
