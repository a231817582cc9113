/* SPDX-License-Identifier: MIT */
/* What is missing of a series, and what it asks for next. Pure. */
#ifndef GAPLESS_SERIES_ASK_H
#define GAPLESS_SERIES_ASK_H

#include <stdint.h>

#include "common/candle/spans.h"
#include "producer/series/unobtainable.h"
#include "producer/series/validity.h"

struct series;

/* --- what is missing. Intervals, whether they may be asked for now or not; before the first
 * lookup: all. *from_ms (NULL is allowed): where the first of them starts, INT64_MAX if there is
 * none. */
int64_t series_left(const struct series *s, int64_t now_ms, int64_t *from_ms);
/* Those of them that may be asked for now. */
int64_t series_missing(const struct series *s, int64_t now_ms, int64_t boot_ms);
/* Intervals of what is wanted that are not available and not known. */
int64_t series_unrecoverable(const struct series *s, int64_t now_ms);
/* What is missing and older than the live poll's business, asked-for spans (`claims`) left out;
 * empty before the first lookup. *out is cleared first. */
void series_gaps(const struct series *s, const struct spans *claims, int64_t now_ms,
		 int64_t boot_ms, struct spans *out);
/* The same, whether it may be asked for now or not. */
void series_gaps_all(const struct series *s, int64_t now_ms, struct spans *out);
/* 1 if no row of it was ever shown: then nothing is missing. */
int series_has_no_trades_yet(const struct series *s);

/* What of what is wanted is not available, for that reason; *out is cleared first. */
void series_unobtainable(const struct series *s, enum unobtainable_reason reason, int64_t now_ms,
			 struct spans *out);

/* --- requests: what is asked for. */
struct request {
	struct series *series;
	int live;               /* the live poll: asked without an end */
	int64_t from_ms, to_ms; /* the claim; to_ms of a live poll is PAGE_NO_TO */
	int64_t before_ms;      /* rows that start before it are asked for: to_ms, or later */
	uint32_t epoch;         /* of the series when it was asked for */
	int count;              /* rows */
};

/* When (exchange's time) the next live poll is due; INT64_MAX: never. */
int64_t series_live_due_ms(const struct series *s, int64_t now_ms);
/* How many of its requests have failed in a row. */
int series_fails(const struct series *s);
void series_live_request(struct series *s, int64_t now_ms, struct request *out);
/* The next backfill request beside the claims of others. 1 and *out, or 0: there is no gap that may
 * be asked for now. */
int series_backfill_request(struct series *s, const struct spans *claims, int64_t now_ms,
			    int64_t boot_ms, struct request *out);
/* Whether there is something to ask for (other requests and Kafka aside), and for how long that
 * holds if nothing changes the series. */
struct asking {
	int may;
	int64_t due_ms; /* of a live poll, as series_live_due_ms */
	/* When it is its turn, the least first. Of a live poll a time, among those that are due:
	 * one that failed stands back behind those that become due in the next minute, each time.
	 * So what fails for some holds up nobody else. Of backfill the turn that it had last. */
	int64_t turn;
	struct validity valid;
};
void series_live_asking(const struct series *s, int64_t now_ms, int64_t boot_ms,
			struct asking *out);
void series_backfill_asking(const struct series *s, int64_t now_ms, int64_t boot_ms,
			    struct asking *out);

/* ---- for series*.c: where asking begins (nothing before the listing, but for the daily question,
 * nothing that the exchange has dropped), and how many intervals are in the spans. */
int64_t series_asked_from(const struct series *s, int64_t now_ms);
int64_t series_intervals(const struct series *s, const struct spans *spans);

#endif
