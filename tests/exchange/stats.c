/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include "market.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define PAGES_MAX (1u << 20)

void stats_init(struct stats *s, size_t markets, int64_t real_ms)
{
	memset(s, 0, sizeof(*s));
	s->markets = markets;
	s->history = room_new(STATS_SECONDS, sizeof(*s->history));
	s->series = room_new(markets * INTERVALS, sizeof(*s->series));
	s->since_ms = real_ms;
}

void stats_release(struct stats *s)
{
	free(s->history);
	free(s->series);
	free(s->pages);
	memset(s, 0, sizeof(*s));
}

void stats_reset(struct stats *s, int64_t real_ms)
{
	struct stats fresh;

	stats_init(&fresh, s->markets, real_ms);
	free(fresh.history);
	fresh.history = s->history;
	fresh.connections_open = fresh.connections_max = s->connections_open;
	free(s->series);
	free(s->pages);
	*s = fresh;
}

void stats_arrival(struct stats *s, unsigned verdict, int64_t real_ms)
{
	struct stats_second *at = &s->history[real_ms / 1000 % STATS_SECONDS];

	if (at->second != real_ms / 1000)
		*at = (struct stats_second){.second = real_ms / 1000};
	at->requests++;
	at->ok += verdict == 200;
	at->refused += verdict == 429;
	at->blocked += verdict == 418;
	if (at->requests > s->max_per_second) {
		s->max_per_second = at->requests;
		s->max_second = at->second;
	}
}

static struct stats_page *page_slot(struct stats_page *pages, size_t room, uint32_t market,
				    enum interval iv, int64_t to_ms)
{
	size_t i = (size_t)market_draw(market * 16u + iv, 0, to_ms);

	for (i &= room - 1; pages[i].used; i = (i + 1) & (room - 1))
		if (pages[i].market == market && pages[i].interval == iv && pages[i].to_ms == to_ms)
			break;
	return &pages[i];
}

static void pages_grow(struct stats *s)
{
	size_t room = s->page_room ? 2 * s->page_room : 1024;
	struct stats_page *pages = room_new(room, sizeof(*pages));

	for (size_t i = 0; i < s->page_room; i++) {
		const struct stats_page *p = &s->pages[i];

		if (p->used)
			*page_slot(pages, room, p->market, (enum interval)p->interval, p->to_ms) =
				*p;
	}
	free(s->pages);
	s->pages = pages;
	s->page_room = room;
}

static void count_page(struct stats *s, uint32_t market, enum interval iv, int64_t to_ms, bool good)
{
	struct stats_page *p;

	if (s->page_count * 2 >= s->page_room && s->page_room < PAGES_MAX)
		pages_grow(s);
	p = page_slot(s->pages, s->page_room, market, iv, to_ms);
	if (!p->used) {
		if (s->page_count * 4 >= (size_t)PAGES_MAX * 3) {
			s->pages_full = true;
			return;
		}
		*p = (struct stats_page){
			.market = market, .interval = (uint8_t)iv, .to_ms = to_ms, .used = true};
		s->page_count++;
	}
	p->asked++;
	p->answered += good;
}

void stats_answer(struct stats *s, int market, enum interval iv, int64_t to_ms, unsigned status,
		  bool good, size_t rows, size_t body_bytes)
{
	struct stats_series *series;

	s->status[status < 600 ? status : 0]++;
	s->rows += rows;
	s->body_bytes += body_bytes;
	if (market < 0)
		return;
	series = &s->series[(size_t)market * INTERVALS + iv];
	series->requests++;
	series->ok += good;
	series->rows += rows;
	count_page(s, (uint32_t)market, iv, to_ms, good);
}

void stats_connection(struct stats *s, bool opened)
{
	if (opened) {
		s->connections_opened++;
		if (++s->connections_open > s->connections_max)
			s->connections_max = s->connections_open;
	} else if (s->connections_open > 0) {
		s->connections_open--;
	}
}
