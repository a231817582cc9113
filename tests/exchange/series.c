/* SPDX-License-Identifier: MIT */
#include "series.h"

#include "generator.h"
#include "recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAW_CORRECTION = 64, DRAW_INVENTION = 96 }; /* + interval */

#define CORRECTION_FIRST_MS  2000
#define CORRECTION_SPREAD_MS 48000

void world_init(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->generator = generator_new();
}

void world_release(struct world *w)
{
	market_list_release(&w->markets);
	overlay_release(&w->overlay);
	generator_free(w->generator);
}

static void row_of_candle(struct row *row, const struct candle *c)
{
	decimal_format(row->open, c->open, PRICE_DECIMALS);
	decimal_format(row->high, c->high, PRICE_DECIMALS);
	decimal_format(row->low, c->low, PRICE_DECIMALS);
	decimal_format(row->close, c->close, PRICE_DECIMALS);
	decimal_format(row->volume, c->volume, VOLUME_DECIMALS);
	decimal_format(row->quote, c->quote, QUOTE_DECIMALS);
	snprintf(row->revision, sizeof(row->revision), "%lld", (long long)c->revision_ms);
}

/* Another close, a little more volume, a later last trade. */
static void correct(const struct market *m, struct candle *c, uint64_t draw, int64_t at_ms)
{
	wide more = (wide)(1 + (draw >> 40) % 100000) * WIDE_1E4;

	c->close += (draw & 1) || c->close <= 4 * m->tick ? m->tick : -m->tick;
	if (c->close > c->high)
		c->high = c->close;
	if (c->close < c->low)
		c->low = c->close;
	c->volume += more;
	c->quote += c->close * more;
	c->revision_ms = at_ms > c->revision_ms ? at_ms : c->revision_ms + 1;
}

/* A world with --corrections: some candles change, and some appear, 2 to 50 seconds after their
 * end. */
static void correct_by_seed(const struct world *w, const struct market *m, enum interval iv,
			    int64_t start_ms, int64_t now_ms, struct candle *c)
{
	uint64_t draw;
	int64_t at_ms;

	if (w->corrected_ppm == 0)
		return;
	draw = market_draw(m->key, DRAW_CORRECTION + iv, start_ms);
	if (draw % 1000000 >= w->corrected_ppm)
		return;
	draw >>= 20;
	at_ms = interval_next(iv, start_ms) + CORRECTION_FIRST_MS +
		(int64_t)(draw % CORRECTION_SPREAD_MS);
	draw >>= 20;
	if ((draw & 1) && now_ms < at_ms)
		c->any = false;
	else if (!(draw & 1) && now_ms >= at_ms)
		correct(m, c, draw >> 1, at_ms);
}

bool series_row(struct world *w, struct market *m, enum interval iv, int64_t start_ms,
		int64_t now_ms, struct row *row)
{
	enum overlay_verdict verdict = OVERLAY_NONE;
	struct candle c;

	if (start_ms > now_ms)
		return false;
	if (w->overlay.n > 0)
		verdict = overlay_apply(&w->overlay, m, iv, start_ms, now_ms, row);
	if (verdict == OVERLAY_HIDDEN)
		return false;
	if (verdict == OVERLAY_NONE && m->recorded != NULL) {
		if (!recorded_row(m->recorded, iv, start_ms, now_ms, row))
			return false;
	} else if (verdict == OVERLAY_NONE) {
		c = generator_candle(w->generator, m, iv, start_ms, now_ms);
		if (c.any)
			correct_by_seed(w, m, iv, start_ms, now_ms, &c);
		if (!c.any)
			return false;
		row_of_candle(row, &c);
	}
	row->market = m;
	row->interval = iv;
	row->start_ms = start_ms;
	return true;
}

/* Starts without trades that need no look at all. */
static bool skip_seconds_back(const struct market *m, int64_t *start_ms)
{
	int64_t minute_ms = interval_floor(INTERVAL_1M, *start_ms),
		at = (*start_ms - minute_ms) / 1000;

	for (; minute_ms >= m->listed_ms; minute_ms -= MINUTE_MS, at = 59) {
		uint64_t mask;

		if (!generator_minute_trades(m, minute_ms))
			continue;
		mask = generator_seconds(m, minute_ms) & ((2ULL << at) - 1);
		if (mask != 0) {
			*start_ms = minute_ms + (63 - __builtin_clzll(mask)) * SECOND_MS;
			return true;
		}
	}
	return false;
}

static bool generated_before(const struct market *m, enum interval iv, int64_t before_ms,
			     int64_t now_ms, int64_t *start_ms)
{
	int64_t first = interval_floor(iv, m->listed_ms);
	int64_t s = interval_floor(iv, before_ms - 1 < now_ms ? before_ms - 1 : now_ms);

	if (iv == INTERVAL_1S) {
		*start_ms = s;
		return skip_seconds_back(m, start_ms);
	}
	while (iv == INTERVAL_1M && s >= first && !generator_minute_trades(m, s))
		s -= MINUTE_MS;
	*start_ms = s;
	return s >= first;
}

static bool candidate_before(const struct world *w, const struct market *m, enum interval iv,
			     int64_t before_ms, int64_t now_ms, int64_t *start_ms)
{
	int64_t other;
	bool found = m->recorded != NULL ? recorded_before(m->recorded, iv, before_ms, start_ms)
					 : generated_before(m, iv, before_ms, now_ms, start_ms);

	if (overlay_before(&w->overlay, m, iv, before_ms, &other) &&
	    (!found || other > *start_ms)) {
		*start_ms = other;
		found = true;
	}
	return found;
}

/* Rows that start before are not served (any more). */
static int64_t kept_from(const struct world *w, const struct market *m, enum interval iv,
			 int64_t now_ms)
{
	int64_t from_ms = m->served_from_ms;

	if (w->kept_days[iv] > 0 && now_ms - w->kept_days[iv] * DAY_MS > from_ms)
		from_ms = now_ms - w->kept_days[iv] * DAY_MS;
	else if (w->kept_days[iv] == 0 && iv == INTERVAL_1S &&
		 utc_months_before(now_ms, 3) > from_ms)
		from_ms = utc_months_before(now_ms, 3);
	return from_ms;
}

size_t series_page(struct world *w, struct market *m, enum interval iv, int64_t to_ms, size_t count,
		   int64_t now_ms, struct row *rows)
{
	int64_t oldest = kept_from(w, m, iv, now_ms), start_ms = to_ms;
	size_t n = 0;

	while (n < count && candidate_before(w, m, iv, start_ms, now_ms, &start_ms) &&
	       start_ms >= oldest)
		if (series_row(w, m, iv, start_ms, now_ms, &rows[n]))
			n++;
	return n;
}

/* The first start >= from_ms that may have a row; at or behind to_ms where there is none before it.
 */
static int64_t generated_from(const struct market *m, enum interval iv, int64_t from_ms,
			      int64_t to_ms)
{
	int64_t s = interval_floor(iv, from_ms), first = interval_floor(iv, m->listed_ms);

	if (s < from_ms)
		s = interval_next(iv, s);
	if (s < first)
		s = first;
	while (iv <= INTERVAL_1M && s < to_ms &&
	       !generator_minute_trades(m, interval_floor(INTERVAL_1M, s)))
		s = interval_floor(INTERVAL_1M, s) + MINUTE_MS;
	return s;
}

static bool candidate_from(const struct world *w, const struct market *m, enum interval iv,
			   int64_t from_ms, int64_t to_ms, int64_t *start_ms)
{
	int64_t other;

	*start_ms = to_ms;
	if (m->recorded == NULL)
		*start_ms = generated_from(m, iv, from_ms, to_ms);
	else if (recorded_from(m->recorded, iv, from_ms, &other))
		*start_ms = other;
	if (overlay_from(&w->overlay, m, iv, from_ms, &other) && other < *start_ms)
		*start_ms = other;
	return *start_ms < to_ms;
}

bool series_first(struct world *w, struct market *m, enum interval iv, int64_t from_ms,
		  int64_t to_ms, int64_t now_ms, struct row *row)
{
	int64_t oldest = kept_from(w, m, iv, now_ms), s;

	if (from_ms < oldest)
		from_ms = oldest;
	if (to_ms > now_ms + 1)
		to_ms = now_ms + 1;
	while (candidate_from(w, m, iv, from_ms, to_ms, &s)) {
		if (series_row(w, m, iv, s, now_ms, row))
			return true;
		from_ms = s + 1;
	}
	return false;
}

bool series_invent(struct world *w, struct market *m, enum interval iv, int64_t start_ms,
		   int64_t at_ms, bool late, struct row *row)
{
	uint64_t draw = market_draw(m->key, DRAW_INVENTION + iv, start_ms ^ at_ms);
	int64_t end = interval_next(iv, start_ms);
	struct candle c;

	if (m->recorded != NULL) {
		if (!recorded_row(m->recorded, iv, start_ms, INT64_MAX, row))
			return false;
	} else {
		c = generator_candle(w->generator, m, iv, start_ms, INT64_MAX - DAY_MS);
		if (c.any && !late)
			correct(m, &c, draw, at_ms);
		if (!c.any) {
			c = (struct candle){.any = true,
					    .revision_ms = start_ms + (end - start_ms) / 2};
			c.open = c.high = c.low = c.close = generator_price(m, start_ms);
			c.volume = (wide)(1 + draw % 1000000000) * WIDE_1E4;
			c.quote = c.close * c.volume;
		}
		row_of_candle(row, &c);
	}
	row->market = m;
	row->interval = iv;
	row->start_ms = start_ms;
	return true;
}
