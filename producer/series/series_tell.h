/* SPDX-License-Identifier: MIT */
/* What a series tells of itself, which changes nothing: what it is, how it stands, and what of it
 * is to be kept in the database. */
#ifndef GAPLESS_SERIES_TELL_H
#define GAPLESS_SERIES_TELL_H

#include "common/candle/interval.h"
#include "common/candle/spans.h"
#include "producer/series/market.h"
#include "producer/series/unobtainable.h"

struct series;

const char *series_symbol(const struct series *s);
const struct interval *series_interval(const struct series *s);
/* The fields of a log line (log.h) that say which series it is about. */
#define L_SERIES(s) L_STR("symbol", series_symbol(s)), L_STR("interval", series_interval(s)->name)

int series_is_owned(const struct series *s);
/* How often it was taken. */
uint32_t series_epoch(const struct series *s);
/* 1 if it is ours and has been since that epoch: else what was asked for then is void. */
int series_is_current(const struct series *s, uint32_t epoch);
int series_has_begun(const struct series *s);
int series_is_looked_up(const struct series *s);
int64_t series_listed_from_ms(const struct series *s); /* INT64_MIN: not known */
/* How it stands, for market_data_series: "ok", "unknown market" ... */
const char *series_state(const struct series *s);
/* What is wrong with the last bad row or page; "" if nothing is. Printable ASCII. */
const char *series_trouble(const struct series *s);
/* 1 if waiting alone will hardly mend what is missing. */
int series_is_stuck(const struct series *s);
/* Its market: was it ever there, is it gone, is it said not to be there, which the list has to be
 * asked for again soon; 1 if the list lacks it and nothing else says that there is such a one. */
int series_was_there(const struct series *s);
int series_is_delisted(const struct series *s);
int series_market_is_doubtful(const struct series *s);
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

/* What is wanted, as it goes to the database and comes back from it. */
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
/* Where it ends; INT64_MAX: never. */
int64_t series_wanted_until_ms(const struct series *s);

/* What witnesses said, which survives a takeover. */
struct evidence {
	struct market market;
	int64_t oldest_row_ms; /* nothing older than this row was shown */
	struct witness older;
	int64_t earlier_until_ms; /* an earlier life that is in doubt ended there; 0: none is */
};

void series_evidence(const struct series *s, struct evidence *out);
/* What the database had of what is not available (what it is now: series_ask.h). */
const struct unobtainable *series_unobtainable_stored(const struct series *s);

/* Corrections of what is covered that no lookup has found stored yet, what is to be read again
 * (late.h), and an earlier life's end that is in doubt: a lookup is to read what is stored there as
 * well; *out is cleared first. */
void series_corrections(const struct series *s, struct spans *out);
/* The version of what a lookup has read of it; 0: nothing, or something is to be read in any case.
 */
int64_t series_version(const struct series *s, int64_t now_ms);

#endif
