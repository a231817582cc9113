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

#include "producer/exchange/exchange.h"
#include "producer/series/heap.h"
#include "producer/series/series_tell.h"
#include "producer/series/sightings.h"

struct series;

/* since_ms, until_ms: where what is wanted begins, INT64_MIN: not said, and where that of a
 * one-shot fetch ends, INT64_MAX: never. */
void series_init(struct series *s, const char *symbol, const struct interval *iv,
		 const struct exchange *exchange, int64_t since_ms, int64_t until_ms);
void series_release(struct series *s);
struct series *series_new(const char *symbol, const struct interval *iv,
			  const struct exchange *exchange, int64_t since_ms, int64_t until_ms);
void series_free(struct series *s);

/* Whatever changes the series from now on puts that place there, so that nobody who changes one has
 * to know who depends on it; NULL: nobody wants to know. The heap outlives it, or the next call. */
void series_watch(struct series *s, struct heap *changed, uint32_t place);

/* It is ours from now on, or no longer; either way nothing is known of it. */
void series_take(struct series *s);
void series_leave(struct series *s);

/* The exchange's time is known for the first time: now_ms, at boot_ms of the monotonic clock. */
void series_begin(struct series *s, int64_t now_ms, int64_t boot_ms);

/* --- the exchange's list of markets, and candles that are not found. These note what is said;
 * series_market_judge says what follows for an owned series, once. A market that was there and is
 * not any more ends: what is wanted ends where our knowledge ends, what is missing before that is
 * not available. */
enum market_change { MARKET_AS_BEFORE, MARKET_UNKNOWN, MARKET_DELISTED, MARKET_LISTED_AGAIN };

/* many: the list, read at now_ms, lacks many that were there before. */
void series_market(struct series *s, int listed, int many, int64_t now_ms);
void series_not_found(struct series *s, int64_t now_ms, int64_t boot_ms);
enum market_change series_market_judge(struct series *s, int64_t boot_ms);

/* --- what the database holds: what is wanted. */
void series_wanted_is(struct series *s, const struct wanted *wanted);
/* Takes over what the database forbids to ask for. */
void series_limits(struct series *s, const struct limits *limits);
/* What witnesses said: counts until the first lookup has ended. */
void series_evidence_is(struct series *s, const struct evidence *evidence);
/* What the database has of what is not available, after `sent` was written to it (series_ask.h);
 * others change that as well. */
void series_unobtainable_is(struct series *s, const struct unobtainable *sent,
			    const struct unobtainable *stored);

/* --- lookups. began: the end offsets are about to be read. ended: the coverage arrived (NULL: it
 * is what it was at the last one); returns how many intervals are missing that were not known to be
 * missing before ("Backfilling N missing candles"). now_ms is the exchange's. */
void series_lookup_began(struct series *s);
int64_t series_lookup_ended(struct series *s, const struct spans *covered, int64_t now_ms);
/* The version of what it has read. */
void series_version_is(struct series *s, int64_t version);

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
/* A live poll is due at at_ms (exchange's time), between the others: what its newest row says is
 * wanted soon. 0: it is not polled then. */
int series_poll_soon(struct series *s, int64_t at_ms);

/* --- delivery reports of what series_page gave out. */
void series_delivered(struct series *s, int64_t covers_from_ms, int64_t covers_to_ms);
void series_failed(struct series *s, int64_t timestamp_ms, int64_t covers_from_ms,
		   int64_t covers_to_ms);

#endif
