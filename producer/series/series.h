/* SPDX-License-Identifier: MIT */
/* What the producer knows of one series, and how that changes. Pure: no I/O, no clock, the
 * exchange's time comes in.
 *
 *   gaps = wanted - known (known.h) - seen - retry spans
 *
 * Nothing here is the only copy of anything: a crash forgets it all, and the next lookup finds the
 * same gaps.
 */
#ifndef GAPLESS_SERIES_H
#define GAPLESS_SERIES_H

#include "common/candle/candle.h"
#include "common/candle/spans.h"
#include "producer/exchange/exchange.h"
#include "producer/series/changes.h"
#include "producer/series/limits.h"
#include "producer/series/market.h"
#include "producer/series/stored.h"
#include "producer/series/unobtainable.h"

struct series;

/* since_ms, until_ms: where what is wanted begins, INT64_MIN: not said, and where that of a
 * one-shot fetch ends, INT64_MAX: never. */
void series_init(struct series *s, const char *symbol, const struct interval *iv,
		 const struct exchange *exchange, int64_t since_ms, int64_t until_ms);
void series_release(struct series *s);
struct series *series_new(const char *symbol, const struct interval *iv,
			  const struct exchange *exchange, int64_t since_ms, int64_t until_ms);
void series_free(struct series *s);

/* Whatever changes the series from now on notes that place; NULL: nobody wants to know. The changes
 * outlive it, or the next call. */
void series_watch(struct series *s, struct changes *changes, uint32_t place);

const char *series_symbol(const struct series *s);
const struct interval *series_interval(const struct series *s);
/* The fields of a log line (log.h) that say which series it is about. */
#define L_SERIES(s) L_STR("symbol", series_symbol(s)), L_STR("interval", series_interval(s)->name)

/* It is ours from now on, or no longer; either way nothing is known of it. */
void series_take(struct series *s);
void series_leave(struct series *s);
int series_is_owned(const struct series *s);
/* How often it was taken. */
uint32_t series_epoch(const struct series *s);
/* 1 if it is ours and has been since that epoch: else what was asked for then is void. */
int series_is_current(const struct series *s, uint32_t epoch);

/* The exchange's time is known for the first time. */
void series_begin(struct series *s, int64_t now_ms);
int series_has_begun(const struct series *s);
int series_is_looked_up(const struct series *s);
int64_t series_listed_from_ms(const struct series *s); /* INT64_MIN: not known */
/* How it stands, for market_data_series: "ok", "unknown market" ... */
const char *series_state(const struct series *s);
/* What is wrong with the last bad row or page; "" if nothing is. Printable ASCII. */
const char *series_trouble(const struct series *s);
/* 1 if waiting alone will hardly mend what is missing. */
int series_is_stuck(const struct series *s);
/* 1 if the list lacks it and nothing else says that there is such a market. */
int series_is_unproven(const struct series *s);
/* Where the earlier life ended whose history is another one, until that is stored; INT64_MIN: there
 * is none. */
int64_t series_earlier_until_ms(const struct series *s);
/* 1 if it has, or had, a candle. */
int series_has_candles(const struct series *s);
/* 1 if something is asked for again only after a pause. */
int series_has_retries(const struct series *s);
/* Spans that are: those of bad rows, those of rejected pages. */
void series_retries(const struct series *s, size_t *rows, size_t *pages);
/* Spans that its coverage in the database consisted of at the last lookup. */
size_t series_fragments(const struct series *s);

/* --- the exchange's list of markets, and candles that are not found. These note what is said;
 * series_market_judge says what follows for an owned series, once. A market that was there and is
 * not any more ends: what is wanted ends where our knowledge ends, what is missing before that is
 * not available. */
enum market_change { MARKET_AS_BEFORE, MARKET_UNKNOWN, MARKET_DELISTED, MARKET_LISTED_AGAIN };

/* many: the list, read at now_ms, lacks many that were there before. */
void series_market(struct series *s, int listed, int many, int64_t now_ms);
void series_not_found(struct series *s, int64_t now_ms, int64_t boot_ms);
enum market_change series_market_judge(struct series *s, int64_t boot_ms);
/* 1 if it is said not to be there, which the list has to be asked for again soon. */
int series_market_is_doubtful(const struct series *s);

/* --- what is wanted, as it goes to the database and comes back from it. */
struct wanted {
	int widen;                /* from_ms was asked for by name (--since) */
	int looked_up;            /* 0: until_ms and listed_from_ms are not ours to write yet */
	int64_t from_ms;          /* where nothing is stored yet, or to widen what is */
	int64_t until_ms;         /* INT64_MAX: open */
	int64_t listed_from_ms;   /* INT64_MIN: not known */
	int64_t listed_before_ms; /* as it was when this was read from the series */
	int64_t earlier_until_ms; /* before it is another market's life; INT64_MIN: none is */
};

void series_wanted(const struct series *s, struct wanted *out);
/* What the database holds. */
void series_wanted_is(struct series *s, const struct wanted *wanted);
/* Takes over what the database forbids to ask for. */
void series_limits(struct series *s, const struct limits *limits);
/* Where it ends; INT64_MAX: never. */
int64_t series_wanted_until_ms(const struct series *s);

/* --- what witnesses said, which survives a takeover. */
struct evidence {
	struct market market;
	int64_t oldest_row_ms; /* nothing older than this row was shown */
	struct witness older;
	int64_t earlier_until_ms; /* an earlier life that is in doubt ended there; 0: none is */
};

void series_evidence(const struct series *s, struct evidence *out);
/* What is stored of it: counts until the first lookup has ended. */
void series_evidence_is(struct series *s, const struct evidence *evidence);
/* What the database has of what is not available, after `sent` was written to it (series_ask.h);
 * others change that as well. */
void series_unobtainable_is(struct series *s, const struct unobtainable *sent,
			    const struct unobtainable *stored);
/* What it had before. */
const struct unobtainable *series_unobtainable_stored(const struct series *s);

/* --- lookups. began: the end offsets are about to be read. ended: the coverage arrived (NULL: it
 * is what it was at the last one); returns how many intervals are missing that were not known to be
 * missing before ("Backfilling N missing candles"). now_ms is the exchange's. */
void series_lookup_began(struct series *s);
/* Corrections of what is covered that no lookup has found stored yet, what is to be read again
 * (late.h), and an earlier life's end that is in doubt: it is to read what is stored there as well;
 * *out is cleared first. */
void series_corrections(const struct series *s, struct spans *out);
/* The version of what was read of it, 0: nothing, or something is to be read in any case; and what
 * it is, to be told at the end. */
int64_t series_version(const struct series *s, int64_t now_ms);
void series_version_is(struct series *s, int64_t version);
int64_t series_lookup_ended(struct series *s, const struct spans *covered, int64_t now_ms);

/* What the same lookup, at now_ms, found stored in what is not covered, and where corrections are;
 * told before it ends. told: where all of it was read (NULL: everywhere). Nothing else may be asked
 * for: a final read is published with at least the stored revision, so that it wins whatever the
 * exchange's number says, and the repair ends. */
void series_stored(struct series *s, struct stored *rows, const struct spans *told, int64_t now_ms);

/* What the database has refused, by the same lookup, and why: it stays a gap, neither asked for nor
 * sent again before a lookup no longer says so. */
void series_refused(struct series *s, const struct spans *refused, const char *cause);

/* 1, once, when everything that was reported missing is known: how many candles came, and in how
 * many intervals nothing traded (or was not listed yet). */
int series_report_finished(struct series *s, int64_t *came, int64_t *empty);

/* --- requests. */
/* A backfill request was sent in that turn, a number greater than all before. */
void series_backfill_sent(struct series *s, uint64_t turn);

/* --- delivery reports of what series_page gave out. */
void series_delivered(struct series *s, int64_t covers_from_ms, int64_t covers_to_ms);
void series_failed(struct series *s, int64_t timestamp_ms, int64_t covers_from_ms,
		   int64_t covers_to_ms);

#endif
