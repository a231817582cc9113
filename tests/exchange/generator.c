/* SPDX-License-Identifier: MIT */
#include "generator.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

/* What the draws are for. */
enum {
	DRAW_TRADES = 1,
	DRAW_BLOCK,
	DRAW_SECONDS,
	DRAW_SHAPE,
	DRAW_VOLUME,
	DRAW_WAVE,
	DRAW_LATE,
	DRAW_SECOND,
	DRAW_STEP
};

#define SPLITS 64

/* A minute split into its seconds. */
struct split {
	const struct market *market;
	int64_t minute_ms;
	uint64_t mask;
	struct candle seconds[60]; /* final ones */
};

struct generator {
	struct split splits[SPLITS];
};

struct generator *generator_new(void)
{
	return room_new(1, sizeof(struct generator));
}

void generator_free(struct generator *g)
{
	free(g);
}

/* KRW-QUIET trades 04:10-07:30 (200 minutes), 09:10-15:50 and 17:20-24:00 (400 each): pages of 200
 * rows that walk back from the end of such a time end exactly at its beginning. */
static bool blocks_trade(int64_t minute)
{
	int64_t of_day = minute % 1440;

	return (of_day >= 250 && of_day < 450) || (of_day >= 550 && of_day < 950) || of_day >= 1040;
}

bool generator_minute_trades(const struct market *m, int64_t minute_ms)
{
	int64_t minute = minute_ms / MINUTE_MS;

	if (minute_ms < m->listed_ms)
		return false;
	if (m->pattern == PATTERN_BLOCKS && !blocks_trade(minute))
		return false;
	if (m->pattern == PATTERN_RANDOM &&
	    market_draw(m->key, DRAW_BLOCK, minute / 180) % 100 < 35)
		return false;
	return m->minute_share >= ALWAYS ||
	       (market_draw(m->key, DRAW_TRADES, minute) & 0xffff) < m->minute_share;
}

static bool is_tiny(const struct market *m, int64_t minute)
{
	return m->tiny_share != 0 &&
	       market_draw(m->key, DRAW_VOLUME, minute) % 1024 < m->tiny_share;
}

/* Bits that are each set with a probability of sixteenths/16: four random words, combined from the
 * lowest digit of the binary fraction on. */
uint64_t generator_seconds(const struct market *m, int64_t minute_ms)
{
	const uint64_t sixty = (1ULL << 60) - 1;
	int64_t minute = minute_ms / MINUTE_MS;
	uint64_t bits = 0;

	if (m->second_sixteenths >= 16 && !is_tiny(m, minute))
		return sixty;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t word = market_draw(m->key, DRAW_SECONDS, minute * 8 + i);

		bits = (m->second_sixteenths >> i & 1) ? bits | word : bits & word;
	}
	bits &= sixty;
	if (bits == 0 || is_tiny(m, minute))
		bits = 1ULL << market_draw(m->key, DRAW_SECONDS, minute * 8 + 4) % 60;
	return bits;
}

/* When the last trade of a second was stored, after its start. */
static int64_t last_trade_ms(const struct market *m, int64_t second)
{
	uint64_t draw = market_draw(m->key, DRAW_LATE, second);
	unsigned kind = (unsigned)(draw % 100);

	draw >>= 8;
	if (kind < 15)
		return 1001 + (int64_t)(draw % 348);
	if (kind < 17)
		return 1349 + (int64_t)(draw % 151);
	return (int64_t)(draw % 1000);
}

static int64_t wave(const struct market *m, int64_t minute, unsigned shift, int64_t height)
{
	int64_t at = minute >> shift, part = minute & ((1LL << shift) - 1);
	int64_t a = (int64_t)(market_draw(m->key, DRAW_WAVE, at * 32 + shift) & 0xffff) - 32768;
	int64_t b =
		(int64_t)(market_draw(m->key, DRAW_WAVE, (at + 1) * 32 + shift) & 0xffff) - 32768;

	return (a + (((b - a) * part) >> shift)) * height;
}

/* A price that wanders: waves of 4 minutes to 91 days on top of each other, a third up or down at
 * most. */
int64_t generator_price(const struct market *m, int64_t ms)
{
	int64_t minute = ms / MINUTE_MS;
	int64_t move = wave(m, minute, 17, 500) + wave(m, minute, 13, 120) +
		       wave(m, minute, 9, 30) + wave(m, minute, 5, 8) + wave(m, minute, 2, 3);
	int64_t price = m->base + (int64_t)(((wide)m->base * move) >> 26);

	price -= price % m->tick;
	return price < 8 * m->tick ? 8 * m->tick : price;
}

/* The whole minute, but for its revision. */
static struct candle minute_shape(const struct market *m, int64_t minute_ms)
{
	int64_t minute = minute_ms / MINUTE_MS, tick = m->tick, mean;
	uint64_t draw = market_draw(m->key, DRAW_SHAPE, minute),
		 amount = market_draw(m->key, DRAW_VOLUME, minute);
	struct candle c = {.any = true};

	c.open = generator_price(m, minute_ms) + ((int64_t)(draw % 5) - 2) * tick;
	if (is_tiny(m, minute)) {
		c.high = c.low = c.close = c.open;
		c.volume = (wide)(1 + (amount >> 16) % 99) * WIDE_1E4;
		c.quote = c.open * c.volume;
		return c;
	}
	c.close =
		generator_price(m, minute_ms + MINUTE_MS) + ((int64_t)((draw >> 4) % 5) - 2) * tick;
	c.high = (c.open > c.close ? c.open : c.close) + (int64_t)((draw >> 8) % 4) * tick;
	c.low = (c.open < c.close ? c.open : c.close) - (int64_t)((draw >> 12) % 4) * tick;
	c.volume = (wide)(m->volume / 4096 * (int64_t)(64 + (amount >> 16) % 8192) +
			  (int64_t)((amount >> 32) % 4096)) *
		   WIDE_1E4;
	mean = (c.open + c.high + c.low + c.close) / 4;
	if ((amount >> 48) % 256 < m->fine_share)
		c.volume += 1 + (wide)((draw >> 16) % 9998);
	else
		mean -= mean % tick;
	c.quote = mean * c.volume;
	return c;
}

/* Prices of one second: anything between the minute's lowest and highest. */
static void second_prices(const struct market *m, const struct candle *minute, int64_t second,
			  struct candle *c)
{
	uint64_t draw = market_draw(m->key, DRAW_SECOND, second), steps;

	steps = (uint64_t)((minute->high - minute->low) / m->tick) + 1;
	c->open = minute->low + (int64_t)((draw & 0xffff) % steps) * m->tick;
	c->close = minute->low + (int64_t)((draw >> 16 & 0xffff) % steps) * m->tick;
	c->high = c->open > c->close ? c->open : c->close;
	c->low = c->open < c->close ? c->open : c->close;
}

static void stretch(struct candle *c)
{
	int64_t high = c->open > c->close ? c->open : c->close,
		low = c->open < c->close ? c->open : c->close;

	if (high > c->high)
		c->high = high;
	if (low < c->low)
		c->low = low;
}

/* Volume and turnover by random weights, in whole 1e-8; the last second takes what is left. */
static void split_amounts(struct split *s, const struct candle *minute)
{
	int64_t first = s->minute_ms / 1000, weights = 0, last = 63 - __builtin_clzll(s->mask);
	wide volume_left = minute->volume, quote_left = minute->quote,
	     quote8 = minute->quote / WIDE_1E12;
	int64_t volume8 = (int64_t)(minute->volume / WIDE_1E4), weight[60];

	for (int i = 0; i < 60; i++) {
		weight[i] = (s->mask >> i & 1)
				    ? 64 + (int64_t)(market_draw(s->market->key, DRAW_SECOND,
								 first + i) >>
						     56)
				    : 0;
		weights += weight[i];
	}
	for (int i = 0; i < 60; i++) {
		struct candle *c = &s->seconds[i];

		if (!c->any)
			continue;
		c->volume =
			i == last ? volume_left : (wide)(volume8 / weights * weight[i]) * WIDE_1E4;
		c->quote = i == last ? quote_left : quote8 / weights * weight[i] * WIDE_1E12;
		volume_left -= c->volume;
		quote_left -= c->quote;
	}
}

static const struct split *split_minute(struct generator *g, const struct market *m,
					int64_t minute_ms)
{
	struct split *s = &g->splits[(size_t)(minute_ms / MINUTE_MS + m->index * 7) % SPLITS];
	struct candle minute;
	int first = -1, last = -1, seconds = 0, highest, lowest;

	if (s->market == m && s->minute_ms == minute_ms)
		return s;
	s->market = m;
	s->minute_ms = minute_ms;
	s->mask = generator_seconds(m, minute_ms);
	minute = minute_shape(m, minute_ms);
	for (int i = 0; i < 60; i++) {
		s->seconds[i].any = s->mask >> i & 1;
		if (!s->seconds[i].any)
			continue;
		second_prices(m, &minute, minute_ms / 1000 + i, &s->seconds[i]);
		s->seconds[i].revision_ms =
			minute_ms + i * SECOND_MS + last_trade_ms(m, minute_ms / 1000 + i);
		first = first < 0 ? i : first;
		last = i;
		seconds++;
	}
	s->seconds[first].open = minute.open;
	s->seconds[last].close = minute.close;
	highest = (int)(market_draw(m->key, DRAW_SECOND, minute_ms) % (unsigned)seconds);
	lowest = (int)(market_draw(m->key, DRAW_SECOND, minute_ms + 1) % (unsigned)seconds);
	for (int i = 0, nth = 0; i < 60; i++) {
		if (!s->seconds[i].any)
			continue;
		stretch(&s->seconds[i]);
		if (nth == highest)
			s->seconds[i].high = minute.high;
		if (nth == lowest)
			s->seconds[i].low = minute.low;
		nth++;
	}
	split_amounts(s, &minute);
	return s;
}

/* A second as it stands at now_ms: its trades come at equal steps up to the last one. */
static struct candle second_candle(const struct market *m, const struct split *s, int i,
				   int64_t now_ms)
{
	const struct candle *whole = &s->seconds[i];
	int64_t start = s->minute_ms + i * SECOND_MS, last = whole->revision_ms - start, shown = 0,
		n;
	struct candle c = *whole;

	if (!whole->any || now_ms >= whole->revision_ms)
		return c;
	n = 1 + (int64_t)(market_draw(m->key, DRAW_STEP, start) % 4);
	if (last < n || whole->volume < 4 * WIDE_1E4)
		n = 1;
	while (shown < n && start + last * (shown + 1) / n <= now_ms)
		shown++;
	if (shown == 0)
		return (struct candle){.any = false};
	c.high = c.low = c.open;
	for (int64_t step = 1; step <= shown; step++) {
		uint64_t draw = market_draw(m->key, DRAW_STEP, start + step);

		c.close = whole->low +
			  (int64_t)(draw % (uint64_t)((whole->high - whole->low) / m->tick + 1)) *
				  m->tick;
		stretch(&c);
	}
	c.volume = whole->volume / WIDE_1E4 * shown / n * WIDE_1E4;
	c.quote = whole->quote / WIDE_1E12 * shown / n * WIDE_1E12;
	c.revision_ms = start + last * shown / n;
	return c;
}

struct candle generator_minute(struct generator *g, const struct market *m, int64_t minute_ms,
			       int64_t now_ms)
{
	struct candle c = {.any = false};

	if (!generator_minute_trades(m, minute_ms))
		return c;
	if (now_ms < minute_ms + MINUTE_MS + LATEST_MS) {
		const struct split *s = split_minute(g, m, minute_ms);

		for (int i = 0; i < 60 && minute_ms + i * SECOND_MS <= now_ms; i++) {
			struct candle second = second_candle(m, s, i, now_ms);

			candle_join(&c, &second);
		}
		return c;
	}
	uint64_t mask = generator_seconds(m, minute_ms);
	int last = 63 - __builtin_clzll(mask);

	c = minute_shape(m, minute_ms);
	for (int i = last; i >= 0 && i >= last - 2; i--) {
		int64_t at = minute_ms + i * SECOND_MS + last_trade_ms(m, minute_ms / 1000 + i);

		if ((mask >> i & 1) && at > c.revision_ms)
			c.revision_ms = at;
	}
	return c;
}

struct candle generator_second(struct generator *g, const struct market *m, int64_t second_ms,
			       int64_t now_ms)
{
	int64_t minute_ms = interval_floor(INTERVAL_1M, second_ms);

	if (!generator_minute_trades(m, minute_ms) || second_ms > now_ms)
		return (struct candle){.any = false};
	return second_candle(m, split_minute(g, m, minute_ms),
			     (int)((second_ms - minute_ms) / 1000), now_ms);
}
