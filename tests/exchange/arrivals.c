/* SPDX-License-Identifier: MIT */
#include "arrivals.h"

#include "market.h"
#include "text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Of many arrivals: how many, with which statuses. */
struct tally {
	unsigned requests;
	unsigned status[600];
};

void arrivals_init(struct arrivals *a)
{
	a->ring = room_new(ARRIVALS, sizeof(*a->ring));
	a->n = 0;
}

void arrivals_release(struct arrivals *a)
{
	free(a->ring);
	memset(a, 0, sizeof(*a));
}

uint64_t arrivals_add(struct arrivals *a, int64_t real_us, enum limit_group group, int market)
{
	a->ring[a->n % ARRIVALS] = (struct arrival){
		.real_us = real_us, .market = (int16_t)market, .group = (uint8_t)group};
	return a->n++;
}

void arrivals_answer(struct arrivals *a, uint64_t arrival, unsigned status)
{
	if (a->n - arrival <= ARRIVALS)
		a->ring[arrival % ARRIVALS].status = (uint16_t)status;
}

static uint64_t oldest(const struct arrivals *a)
{
	return a->n > ARRIVALS ? a->n - ARRIVALS : 0;
}

/* Whether the i-th is meant. group: -1 for any. */
static bool is_meant(const struct arrivals *a, const struct arrivals_query *q, uint64_t i,
		     int group)
{
	const struct arrival *x = &a->ring[i % ARRIVALS];

	return x->real_us >= q->from_us && x->real_us < q->to_us &&
	       (group < 0 || x->group == group) && (q->market < 0 || x->market == q->market);
}

static void count(struct tally *t, const struct arrival *x)
{
	t->requests++;
	t->status[x->status < 600 ? x->status : 0]++;
}

static void put_tally(struct text *out, const struct tally *t)
{
	const char *between = "";

	text_printf(out, "\"requests\":%u,\"by_status\":{", t->requests);
	for (unsigned i = 0; i < 600; i++) {
		if (t->status[i] == 0)
			continue;
		text_printf(out, "%s\"%u\":%u", between, i, t->status[i]);
		between = ",";
	}
	text_put(out, "}");
}

/* The most of a group in any window: each window ends with an arrival. */
static unsigned most(const struct arrivals *a, const struct arrivals_query *q, int group,
		     int64_t *at_us)
{
	uint64_t first = oldest(a);
	unsigned now = 0, best = 0;

	*at_us = q->from_us;
	for (uint64_t i = oldest(a); i < a->n; i++) {
		if (!is_meant(a, q, i, group))
			continue;
		now++;
		for (; a->ring[first % ARRIVALS].real_us <=
		       a->ring[i % ARRIVALS].real_us - q->window_us;
		     first++)
			now -= is_meant(a, q, first, group);
		if (now > best) {
			best = now;
			*at_us = a->ring[i % ARRIVALS].real_us;
		}
	}
	return best;
}

static void put_group(const struct arrivals *a, const struct arrivals_query *q, int group,
		      const char *name, struct text *out)
{
	struct tally *t = room_new(1, sizeof(*t));
	int64_t at_us;
	unsigned n = most(a, q, group, &at_us);

	for (uint64_t i = oldest(a); i < a->n; i++)
		if (is_meant(a, q, i, group))
			count(t, &a->ring[i % ARRIVALS]);
	text_printf(out, "\"%s\":{\"most\":%u,\"most_until_ms\":%lld,", name, n,
		    (long long)(at_us / 1000));
	put_tally(out, t);
	text_put(out, "}");
	free(t);
}

static void put_markets(const struct arrivals *a, const struct market_list *markets,
			const struct arrivals_query *q, struct text *out)
{
	struct tally *t = room_new(markets->n, sizeof(*t));
	const char *between = "";

	for (uint64_t i = oldest(a); i < a->n; i++)
		if (is_meant(a, q, i, GROUP_CANDLES) && a->ring[i % ARRIVALS].market >= 0)
			count(&t[a->ring[i % ARRIVALS].market], &a->ring[i % ARRIVALS]);
	for (size_t m = 0; m < markets->n; m++) {
		if (t[m].requests == 0)
			continue;
		text_printf(out, "%s{\"market\":\"%s\",", between, markets->at[m].name);
		put_tally(out, &t[m]);
		text_put(out, "}");
		between = ",\n";
	}
	free(t);
}

static void put_second(struct text *out, const char **between, int64_t second,
		       const unsigned n[GROUPS], const struct tally *t)
{
	if (t->requests == 0)
		return;
	text_printf(out, "%s{\"second\":%lld,\"candles\":%u,\"market\":%u,", *between,
		    (long long)second, n[GROUP_CANDLES], n[GROUP_MARKET]);
	put_tally(out, t);
	text_put(out, "}");
	*between = ",\n";
}

static void put_seconds(const struct arrivals *a, const struct arrivals_query *q, struct text *out)
{
	struct tally *t = room_new(1, sizeof(*t));
	unsigned n[GROUPS] = {0};
	const char *between = "";
	int64_t second = -1;

	for (uint64_t i = oldest(a); i < a->n; i++) {
		const struct arrival *x = &a->ring[i % ARRIVALS];

		if (!is_meant(a, q, i, -1))
			continue;
		if (x->real_us / 1000000 != second) {
			put_second(out, &between, second, n, t);
			memset(t, 0, sizeof(*t));
			memset(n, 0, sizeof(n));
			second = x->real_us / 1000000;
		}
		n[x->group]++;
		count(t, x);
	}
	put_second(out, &between, second, n, t);
	free(t);
}

void arrivals_json(const struct arrivals *a, const struct market_list *markets,
		   const struct arrivals_query *q, struct text *out)
{
	text_printf(out, "{\"from_ms\":%lld,\"to_ms\":%lld,\"window_ms\":%lld,\"complete\":%s,",
		    (long long)(q->from_us / 1000), (long long)(q->to_us / 1000),
		    (long long)(q->window_us / 1000),
		    oldest(a) == 0 || a->ring[a->n % ARRIVALS].real_us <= q->from_us ? "true"
										     : "false");
	put_group(a, q, GROUP_CANDLES, "candles", out);
	text_put(out, ",");
	put_group(a, q, GROUP_MARKET, "market", out);
	text_put(out, ",\n\"by_market\":[");
	put_markets(a, markets, q, out);
	text_put(out, "],\n\"by_second\":[");
	put_seconds(a, q, out);
	text_put(out, "]}\n");
}
