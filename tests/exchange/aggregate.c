/* SPDX-License-Identifier: MIT */
/* Candles of every interval, summed up from minutes. */

#include "generator.h"
#include "text.h"

#include <stdlib.h>

void candle_join(struct candle *all, const struct candle *later)
{
	if (!later->any)
		return;
	if (!all->any) {
		*all = *later;
		return;
	}
	if (later->high > all->high)
		all->high = later->high;
	if (later->low < all->low)
		all->low = later->low;
	all->close = later->close;
	all->volume += later->volume;
	all->quote += later->quote;
	if (later->revision_ms > all->revision_ms)
		all->revision_ms = later->revision_ms;
}

static struct candle minutes_candle(struct generator *g, const struct market *m, int64_t from,
				    int64_t to, int64_t now_ms)
{
	struct candle all = {.any = false};

	for (; from < to && from <= now_ms; from += MINUTE_MS) {
		struct candle c = generator_minute(g, m, from, now_ms);

		candle_join(&all, &c);
	}
	return all;
}

/* Days that are over, kept: a month would be 44,640 minutes each time. */
struct day_cache {
	int64_t first_day;
	size_t n;
	struct {
		struct candle candle;
		bool known;
	} at[];
};

#define CACHED_DAYS 8192

void day_cache_free(struct day_cache *days)
{
	free(days);
}

static struct candle day_candle(struct generator *g, struct market *m, int64_t start,
				int64_t now_ms)
{
	struct candle c;
	int64_t n;

	if (start + DAY_MS <= m->listed_ms)
		return (struct candle){.any = false};
	if (m->days == NULL) {
		m->days = room_new(1, sizeof(*m->days) + CACHED_DAYS * sizeof(m->days->at[0]));
		m->days->first_day = m->listed_ms / DAY_MS;
		m->days->n = CACHED_DAYS;
	}
	n = start / DAY_MS - m->days->first_day;
	if (n < 0 || n >= (int64_t)m->days->n || now_ms < start + DAY_MS + LATEST_MS)
		return minutes_candle(g, m, start, start + DAY_MS, now_ms);
	if (!m->days->at[n].known) {
		c = minutes_candle(g, m, start, start + DAY_MS, now_ms);
		m->days->at[n].candle = c;
		m->days->at[n].known = true;
	}
	return m->days->at[n].candle;
}

struct candle generator_candle(struct generator *g, struct market *m, enum interval iv,
			       int64_t start_ms, int64_t now_ms)
{
	int64_t end = interval_next(iv, start_ms);
	struct candle all = {.any = false};

	if (iv == INTERVAL_1S)
		return generator_second(g, m, start_ms, now_ms);
	if (iv < INTERVAL_1D)
		return minutes_candle(g, m, start_ms, end, now_ms);
	for (int64_t day = start_ms; day < end && day <= now_ms; day += DAY_MS) {
		struct candle c = day_candle(g, m, day, now_ms);

		candle_join(&all, &c);
	}
	return all;
}
