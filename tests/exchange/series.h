/* SPDX-License-Identifier: MIT */
/* What the exchange shows of one series (market, interval) at one moment: generated or recorded
 * candles, with late ones and corrections on top, as rows of text. Answers, and the truth that
 * tests compare with, are made of the same rows. */
#ifndef EXCHANGE_SERIES_H
#define EXCHANGE_SERIES_H

#include "decimal.h"
#include "market.h"
#include "overlay.h"

#define PAGE_ROWS 200

struct row {
	const struct market *market;
	enum interval interval;
	int64_t start_ms;
	char open[DECIMAL_SIZE], high[DECIMAL_SIZE], low[DECIMAL_SIZE], close[DECIMAL_SIZE];
	char volume[DECIMAL_SIZE], quote[DECIMAL_SIZE], revision[DECIMAL_SIZE];
};

struct generator;

/* All that decides what is true. */
struct world {
	uint64_t seed;
	unsigned corrected_ppm; /* share of generated candles that change or appear late, of a
				   million */
	unsigned
		kept_days[INTERVALS]; /* older rows are not served; 0: all are (1s: three months) */
	struct market_list markets;
	struct overlay overlay;
	struct generator *generator; /* owned */
};

void world_init(struct world *w, uint64_t seed);
void world_release(struct world *w);

/* The row that starts there, as it stands at now_ms. False: there is none. */
bool series_row(struct world *w, struct market *m, enum interval iv, int64_t start_ms,
		int64_t now_ms, struct row *row);
/* Up to `count` rows that start before `to_ms`, newest first. Returns how many. */
size_t series_page(struct world *w, struct market *m, enum interval iv, int64_t to_ms, size_t count,
		   int64_t now_ms, struct row *rows);
/* The first row that starts in [from_ms, to_ms). */
bool series_first(struct world *w, struct market *m, enum interval iv, int64_t from_ms,
		  int64_t to_ms, int64_t now_ms, struct row *row);
/* A corrected form of the candle (or an invented one where there is none) as /control/correct and
 * /control/late show it. False for a recorded market, whose numbers are only text. */
bool series_invent(struct world *w, struct market *m, enum interval iv, int64_t start_ms,
		   int64_t at_ms, bool late, struct row *row);

#endif
