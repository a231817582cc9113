/* SPDX-License-Identifier: MIT */
/* What the exchange was asked, and what it answered. Seconds are real ones (unix time; the wall
 * clock as it stood at the start, going on monotonically), the same that the limits count in. */
#ifndef EXCHANGE_STATS_H
#define EXCHANGE_STATS_H

#include "interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_SECONDS 14400 /* the history: four hours */

struct text;
struct market_list;

struct stats_second {
	int64_t second;
	unsigned requests, ok, refused, blocked; /* candle requests: all, 200, 429, 418 */
};

/* How often one page was asked for. */
struct stats_page {
	int64_t to_ms; /* INT64_MAX: without `to` */
	uint32_t market;
	uint32_t asked, answered; /* answered: 200 and not spoiled by a fault */
	uint8_t interval;
	bool used;
};

struct stats_series {
	uint64_t requests, ok, rows;
};

struct stats {
	uint64_t requests, candles, market_all, rows, body_bytes;
	uint64_t status[600];
	unsigned max_per_second;
	int64_t max_second;
	struct stats_second *history; /* a ring of STATS_SECONDS */
	struct stats_series *series;  /* markets x INTERVALS */
	size_t markets;
	struct stats_page *pages; /* a hash table */
	size_t page_count, page_room;
	bool pages_full;
	unsigned connections_opened, connections_open, connections_max;
	int64_t since_ms;
};

void stats_init(struct stats *s, size_t markets, int64_t real_ms);
void stats_release(struct stats *s);
/* Forgets all but the connections that are open, and the history of seconds. */
void stats_reset(struct stats *s, int64_t real_ms);

/* A candle request arrives; verdict: 200, 429 or 418 by the limits. */
void stats_arrival(struct stats *s, unsigned verdict, int64_t real_ms);
/* An answer goes out. market: -1 if it is not one of candles of a known market. good: 200, not
 * spoiled. */
void stats_answer(struct stats *s, int market, enum interval iv, int64_t to_ms, unsigned status,
		  bool good, size_t rows, size_t body_bytes);
void stats_connection(struct stats *s, bool opened);

void stats_json(const struct stats *s, const struct market_list *markets, struct text *out);
struct stats_query {
	unsigned min;  /* times */
	size_t max;    /* entries */
	bool by_asked; /* every request counts, not only those that got the page */
	bool live;     /* those without `to` as well */
};

/* Pages that were answered `min` times or more, the most frequent first. */
void stats_repeats_json(const struct stats *s, const struct market_list *markets,
			const struct stats_query *q, struct text *out);
/* Candle requests over windows of `window` seconds from `from` to `to` (unix seconds). */
void stats_rate_json(const struct stats *s, int64_t from, int64_t to, unsigned window,
		     struct text *out);

#endif
