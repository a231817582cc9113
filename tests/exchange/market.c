/* SPDX-License-Identifier: MIT */
#include "market.h"

#include "generator.h"
#include "recorded.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KRW(x)  ((int64_t)((x)*100000000LL))
#define COIN(x) ((int64_t)((x)*100000000LL))

/* Listed: 2017-10-01T00:00Z unless KRW-NEW. */
#define OLD_MS 1506816000000LL

static const struct market roles[] = {
	{.name = "KRW-BTC",
	 .english = "Bitcoin",
	 .korean = "\xeb\xb9\x84\xed\x8a\xb8\xec\xbd\x94\xec\x9d\xb8",
	 .role = "dense: a candle in every second and every minute",
	 .minute_share = ALWAYS,
	 .second_sixteenths = 16,
	 .base = KRW(46825000),
	 .tick = KRW(1000),
	 .volume = COIN(3),
	 .fine_share = 8},
	{.name = "KRW-ETH",
	 .english = "Ethereum",
	 .korean = "\xec\x9d\xb4\xeb\x8d\x94\xeb\xa6\xac\xec\x9b\x80",
	 .role = "dense in minutes, about seven seconds of eight",
	 .minute_share = ALWAYS,
	 .second_sixteenths = 14,
	 .base = KRW(3120000),
	 .tick = KRW(1000),
	 .volume = COIN(40),
	 .fine_share = 8},
	{.name = "KRW-XRP",
	 .english = "Ripple",
	 .korean = "\xeb\xa6\xac\xed\x94\x8c",
	 .role = "dense in minutes, one second of four, prices with one decimal",
	 .minute_share = ALWAYS,
	 .second_sixteenths = 4,
	 .base = KRW(712),
	 .tick = KRW(1) / 10,
	 .volume = COIN(90000),
	 .fine_share = 64},
	{.name = "KRW-SPARSE",
	 .english = "Sparse",
	 .role = "a tenth of the minutes",
	 .minute_share = 6554,
	 .second_sixteenths = 1,
	 .base = KRW(8125),
	 .tick = KRW(5),
	 .volume = COIN(70),
	 .fine_share = 16},
	{.name = "KRW-HOURLY",
	 .english = "Hourly",
	 .role = "trades about once an hour",
	 .minute_share = 1092,
	 .second_sixteenths = 0,
	 .base = KRW(153),
	 .tick = KRW(1),
	 .volume = COIN(25)},
	{.name = "KRW-QUIET",
	 .english = "Quiet",
	 .role = "dense, but quiet from 00:00 to 04:10, 07:30 to 09:10 and 15:50 to 17:20 UTC",
	 .pattern = PATTERN_BLOCKS,
	 .minute_share = ALWAYS,
	 .second_sixteenths = 16,
	 .base = KRW(2410),
	 .tick = KRW(1),
	 .volume = COIN(300)},
	{.name = "KRW-NEW",
	 .english = "New",
	 .role = "listed late (--new-listed), dense in minutes",
	 .minute_share = ALWAYS,
	 .second_sixteenths = 8,
	 .base = KRW(95),
	 .tick = KRW(1) / 10,
	 .volume = COIN(5000)},
	{.name = "KRW-TINY",
	 .english = "Tiny",
	 .role = "three minutes of five, prices under a millionth, exponents",
	 .minute_share = 39322,
	 .second_sixteenths = 4,
	 .base = 80,
	 .tick = 1,
	 .volume = COIN(900000),
	 .tiny_share = 128},
	{.name = "KRW-DIGITS",
	 .english = "Digits",
	 .role = "dense in minutes, more digits than a double holds",
	 .minute_share = ALWAYS,
	 .second_sixteenths = 8,
	 .base = KRW(86074353) + 1234567,
	 .tick = 1,
	 .volume = COIN(120),
	 .fine_share = 192,
	 .tiny_share = 8},
};

#define ROLES (sizeof(roles) / sizeof(roles[0]))

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

uint64_t market_draw(uint64_t key, unsigned what, int64_t n)
{
	return mix(key + mix((uint64_t)n + what * 0x9e3779b97f4a7c15ULL));
}

static uint64_t key_of(uint64_t seed, const char *name)
{
	uint64_t key = mix(seed + 0x9e3779b97f4a7c15ULL);

	for (; *name != '\0'; name++)
		key = mix(key * 31 + (unsigned char)*name);
	return key;
}

static struct market *append(struct market_list *l, const struct market *from)
{
	struct market *m;

	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->at = room_grow(l->at, l->room, sizeof(*l->at));
	}
	m = &l->at[l->n];
	*m = *from;
	m->index = (unsigned)l->n++;
	return m;
}

/* The traits of KRW-Mnnn follow its number, so that any twenty in a row are a mixture: of ten, four
 * are dense, two nearly so, two sparse, one trades about once an hour, one has quiet blocks. */
static void append_generated(struct market_list *l, uint64_t seed, unsigned number)
{
	static const unsigned share[10] = {ALWAYS, ALWAYS, 55000, 20000, ALWAYS,
					   8000,   ALWAYS, 1092,  40000, ALWAYS};
	static const int64_t ticks[4] = {KRW(1), KRW(1) / 10, KRW(1) / 100, KRW(5)};
	static const unsigned sixteenths[10] = {16, 8, 4, 3, 2, 1, 12, 0, 2, 6};
	struct market m = {.role = NULL};
	uint64_t draw;

	snprintf(m.name, sizeof(m.name), "KRW-M%03u", number);
	snprintf(m.english, sizeof(m.english), "Made %u", number);
	snprintf(m.korean, sizeof(m.korean), "\xeb\xa7\x88\xec\xbc\x93%u", number);
	m.key = key_of(seed, m.name);
	draw = market_draw(m.key, 0, 0);
	m.minute_share = share[number % 10];
	m.second_sixteenths = sixteenths[number % 10];
	m.pattern = number % 10 == 9 ? PATTERN_RANDOM : PATTERN_ALWAYS;
	m.tick = ticks[draw & 3];
	m.base = m.tick * (int64_t)(900 + (draw >> 8) % 90000);
	m.volume = COIN(1) * (int64_t)(1 + (draw >> 32) % 5000);
	m.fine_share = (unsigned)(draw >> 50) % 32;
	m.listed_ms = OLD_MS + (int64_t)((draw >> 20) % 600) * DAY_MS +
		      (int64_t)((draw >> 40) % 1440) * MINUTE_MS;
	append(l, &m);
}

void market_list_init(struct market_list *l, uint64_t seed, bool with_roles, unsigned generated,
		      int64_t new_listed_ms)
{
	memset(l, 0, sizeof(*l));
	for (size_t i = 0; with_roles && i < ROLES; i++) {
		struct market *m = append(l, &roles[i]);

		m->key = key_of(seed, m->name);
		m->listed_ms = OLD_MS;
		if (strcmp(m->name, "KRW-NEW") == 0)
			m->listed_ms = interval_floor(INTERVAL_1M, new_listed_ms);
		if (m->korean[0] == '\0')
			memcpy(m->korean, m->english, sizeof(m->english));
	}
	for (unsigned i = 1; i <= generated; i++)
		append_generated(l, seed, i);
}

void market_list_release(struct market_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		recorded_free(l->at[i].recorded);
		day_cache_free(l->at[i].days);
	}
	free(l->at);
	memset(l, 0, sizeof(*l));
}

struct market *market_find(const struct market_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].name, name) == 0)
			return &l->at[i];
	return NULL;
}

struct market *market_add(struct market_list *l, uint64_t seed, const char *name)
{
	struct market m = {.listed_ms = OLD_MS};

	snprintf(m.name, sizeof(m.name), "%s", name);
	snprintf(m.english, sizeof(m.english), "%s", name);
	snprintf(m.korean, sizeof(m.korean), "%s", name);
	m.key = key_of(seed, name);
	return append(l, &m);
}

bool market_exists(const struct market *m, int64_t now_ms)
{
	return !m->delisted && (m->recorded != NULL || m->listed_ms <= now_ms);
}

const char *market_role_help(size_t i, const char **name)
{
	if (i >= ROLES)
		return NULL;
	*name = roles[i].name;
	return roles[i].role;
}
