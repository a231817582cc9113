/* SPDX-License-Identifier: MIT */
/* What is asked next, and whether now. */
#include "collect.h"
#include "common/clock.h"

enum {
	TICK_MS = 500,      /* the longest wait of the loop */
	ROOM_AGAIN_MS = 50, /* while the publisher is full */
	SAY_MS = 10000
};

static struct flight *flight_free(struct collect *c)
{
	for (size_t i = 0; i < sizeof c->flights / sizeof *c->flights; i++)
		if (!c->flights[i].used)
			return &c->flights[i];
	return NULL;
}

static size_t flights_of_candles(const struct collect *c, struct request *out)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof c->flights / sizeof *c->flights; i++) {
		const struct flight *f = &c->flights[i];

		if (f->used && !f->markets)
			out[n++] = f->request;
	}
	return n;
}

void send_markets(struct collect *c)
{
	struct flight *f = flight_free(c);
	char url[UPBIT_URL_BYTES];
	struct err err = {0};

	if (clock_boot_ms() < c->markets_boot_ms)
		return;
	for (size_t i = 0; i < sizeof c->flights / sizeof *c->flights; i++)
		if (c->flights[i].used && c->flights[i].markets)
			return;
	if (!f || upbit_markets_url(c->options->exchange_url, url, sizeof url, &err) ||
	    http_get(c->http, url, f, &err))
		return;
	f->used = f->markets = 1;
}

static int candles_send(struct collect *c, const struct request *r, struct err *err)
{
	struct flight *f = flight_free(c);
	struct series *s = r->series;
	char url[UPBIT_URL_BYTES];

	if (!f)
		return 0;
	if (upbit_candles_url(c->options->exchange_url, s->symbol, s->iv, r->to_ms, r->count, url,
			      sizeof url, err) ||
	    http_get(c->http, url, f, err))
		return -1;
	*f = (struct flight){.used = 1, .request = *r};
	if (r->to_ms != INT64_MAX)
		s->backfill_turn = ++c->turn;
	ratelimit_spend(&c->rate, r->to_ms == INT64_MAX ? RATELIMIT_LIVE : RATELIMIT_BACKFILL,
			clock_boot_ms());
	c->requests++;
	log_debug("asking", L_STR("symbol", s->symbol), L_STR("interval", s->iv->name),
		  L_TIME("from", r->from_ms), L_TIME("to", r->to_ms == INT64_MAX ? 0 : r->to_ms),
		  L_INT("count", r->count));
	return 0;
}

static struct plan plan_of(const struct collect *c, const struct request *in_flight, size_t n)
{
	struct plan plan = {.series = c->catalogue.owned,
			    .n = c->catalogue.n_owned,
			    .in_flight = in_flight,
			    .n_in_flight = n,
			    .boot_ms = clock_boot_ms()};

	plan.now_ms = exclock_now(&c->clock, plan.boot_ms);
	return plan;
}

int64_t send_late_ms(const struct collect *c)
{
	struct request in_flight[HTTP_CONNECTIONS + 1], live;
	size_t n = flights_of_candles(c, in_flight);
	struct plan plan = plan_of(c, in_flight, n);

	if (plan.now_ms == 0 || !plan_live(&plan, &live))
		return 0;
	return plan.now_ms - series_live_due_ms(live.series, plan.now_ms);
}

int send_next(struct collect *c, int64_t *wait_ms, struct err *err)
{
	struct request in_flight[HTTP_CONNECTIONS + 1], live, backfill;
	size_t n = flights_of_candles(c, in_flight);
	struct plan plan = plan_of(c, in_flight, n);
	int has_live, has_backfill;
	int64_t skipped, next;

	*wait_ms = TICK_MS;
	if (!c->held || !c->agreed || plan.now_ms == 0 || n >= HTTP_CONNECTIONS ||
	    plan.boot_ms < c->pause_boot_ms)
		return 0;
	if (publisher_room(c->publisher) < (int64_t)(n + 1) * PAGE_ROWS) {
		if (log_due(&c->full, plan.boot_ms, SAY_MS, &skipped))
			log_warn(
				"Kafka does not take the messages as fast as they come, or is away; not fetching more",
				L_INT("waiting_messages", publisher_outstanding(c->publisher)));
		*wait_ms = ROOM_AGAIN_MS;
		return 0;
	}
	ratelimit_clock(&c->rate, plan.now_ms - plan.boot_ms);
	*wait_ms = ratelimit_wait_ms(&c->rate, plan.boot_ms);
	if (*wait_ms > 0)
		return 0;
	has_live = plan_live(&plan, &live);
	has_backfill = plan_backfill(&plan, &backfill);
	if (has_live && (!has_backfill || ratelimit_live_may(&c->rate, 1)))
		return candles_send(c, &live, err) ? -1 : 1;
	if (has_backfill)
		return candles_send(c, &backfill, err) ? -1 : 1;
	next = plan_live_next_ms(&plan) - plan.now_ms;
	*wait_ms = next < TICK_MS ? next : TICK_MS;
	return 0;
}
