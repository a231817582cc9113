/* SPDX-License-Identifier: MIT */
/* Candles out of nothing: a pure function of (seed, market, time), exact to the last digit.
 *
 * A minute is drawn whole, then split into its seconds, and a second into up to four trades, so
 * that what is summed up is exactly what was split: volumes and turnovers are integers. Trades
 * become visible at the time at which they were stored, which for some is after their second has
 * ended (recorded Upbit rows: up to 348 ms, a few up to 1.9 s); here at most 1,499 ms. So a closed
 * candle can still change for a moment, and its timestamp (time of the last trade stored) grows
 * with every change. */
#ifndef EXCHANGE_GENERATOR_H
#define EXCHANGE_GENERATOR_H

#include "decimal.h"
#include "market.h"

#define LATEST_MS 1500 /* after its end a candle is final */

struct candle {
	int64_t open, high, low, close; /* 1e-8 */
	wide volume, quote;             /* 1e-12, 1e-20 */
	int64_t revision_ms;
	bool any; /* false: nothing traded, nothing else is set */
};

struct generator; /* remembers split minutes; no influence on what comes out */
struct generator *generator_new(void);
void generator_free(struct generator *g);
void day_cache_free(struct day_cache *days);

/* Whether any trade lies in that minute, once it is over. */
bool generator_minute_trades(const struct market *m, int64_t minute_ms);
/* The seconds of that minute that trade, bit 0 the first. */
uint64_t generator_seconds(const struct market *m, int64_t minute_ms);
/* The candle of that minute, or second, as it stands at now_ms. */
struct candle generator_minute(struct generator *g, const struct market *m, int64_t minute_ms,
			       int64_t now_ms);
struct candle generator_second(struct generator *g, const struct market *m, int64_t second_ms,
			       int64_t now_ms);
/* The candle of any interval that starts there, as it stands at now_ms. */
struct candle generator_candle(struct generator *g, struct market *m, enum interval iv,
			       int64_t start_ms, int64_t now_ms);
/* A price for an interval that did not trade. */
int64_t generator_price(const struct market *m, int64_t ms);
/* Adds what followed: `later` may be empty. */
void candle_join(struct candle *all, const struct candle *later);

#endif
