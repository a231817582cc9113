/* SPDX-License-Identifier: MIT */
#include "producer/series/plan.h"

#include "producer/series/promise.h"

static size_t asked_already(const struct plan *p, const struct series *s, int live)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_in_flight; i++)
		if (p->in_flight[i].series == s && p->in_flight[i].live == live)
			n++;
	return n;
}

/* Connections are few, and a request that hangs keeps one for seconds. */
static int may_fail(const struct plan *p, const struct series *s)
{
	size_t n = 0;

	if (series_fails(s) == 0)
		return 1;
	for (size_t i = 0; i < p->n_in_flight; i++)
		n += series_fails(p->in_flight[i].series) > 0;
	return n < PLAN_FAILED_REQUESTS;
}

static int may_ask(const struct plan *p, const struct series *s)
{
	return may_fail(p, s) && (!p->may || p->may(s, p->opaque));
}

/* A search for the next request. */
struct search {
	const struct plan *plan;
	struct request *out; /* of the last one that was accepted */
	/* of a probe: the one so far */
	int found, fails;
	uint32_t place, lot;
};

static int live_of(uint32_t place, void *opaque)
{
	const struct plan *p = ((const struct search *)opaque)->plan;
	const struct series *s = schedule_series(p->schedule, place);

	return asked_already(p, s, 1) == 0 && may_ask(p, s);
}

/* A lot for that place, another one each millisecond. */
static uint32_t draw(uint32_t place, int64_t boot_ms)
{
	uint32_t x = place * 2654435761U + (uint32_t)boot_ms * 2246822519U;

	x = (x ^ x >> 15) * 2246822519U;
	return x ^ x >> 13;
}

/* While the exchange does not answer one is asked at a time. Were it the next in the order, a part
 * of the markets that fails would be asked one after the other before any that does not. */
static int probe_of(uint32_t place, void *opaque)
{
	struct search *search = opaque;
	const struct plan *p = search->plan;
	int fails = series_fails(schedule_series(p->schedule, place));
	uint32_t lot = draw(place, p->boot_ms);

	if (!live_of(place, opaque) ||
	    (search->found &&
	     (fails > search->fails || (fails == search->fails && lot >= search->lot))))
		return 0;
	search->found = 1;
	search->fails = fails;
	search->place = place;
	search->lot = lot;
	return 0; /* all of them are looked at */
}

int plan_live(const struct plan *p, struct request *out)
{
	struct search search = {.plan = p};
	struct series *s;

	schedule_advance(p->schedule, p->now_ms, p->boot_ms);
	s = schedule_find(p->schedule, 1, p->is_out ? probe_of : live_of, &search);
	if (search.found)
		s = schedule_series(p->schedule, search.place);
	if (s)
		series_live_request(s, p->now_ms, out);
	return s != NULL;
}

int64_t plan_live_next_ms(const struct plan *p)
{
	schedule_advance(p->schedule, p->now_ms, p->boot_ms);
	return schedule_live_next_ms(p->schedule);
}

double plan_live_rate(const struct schedule *owned)
{
	double rate = 0;

	for (uint32_t i = 0; i < schedule_size(owned); i++) {
		const struct interval *iv = series_interval(schedule_series(owned, i));

		rate += (iv->nominal_ms > FINAL_MS ? 2000.0 : 1000.0) / (double)iv->nominal_ms;
	}
	return rate;
}

static int backfill_of(uint32_t place, void *opaque)
{
	struct search *search = opaque;
	const struct plan *p = search->plan;
	struct series *s = schedule_series(p->schedule, place);
	struct spans claims = {0};
	size_t asked = asked_already(p, s, 0);
	int found;

	if (asked >= PLAN_SERIES_REQUESTS || !may_ask(p, s))
		return 0;
	for (size_t i = 0; i < p->n_in_flight; i++)
		if (p->in_flight[i].series == s && !p->in_flight[i].live)
			spans_add(&claims, p->in_flight[i].from_ms, p->in_flight[i].to_ms);
	found = series_backfill_request(s, &claims, p->now_ms, p->boot_ms, search->out);
	spans_release(&claims);
	if (!found && asked == 0) /* it had something to ask for, and has not by now */
		schedule_again(p->schedule, place);
	return found;
}

int plan_backfill(const struct plan *p, struct request *out)
{
	struct search search = {.plan = p, .out = out};

	schedule_advance(p->schedule, p->now_ms, p->boot_ms);
	return schedule_find(p->schedule, 0, backfill_of, &search) != NULL;
}

int plan_next(const struct plan *p, int live_may, struct request *out, int64_t *wait_ms)
{
	struct request live, backfill;
	int has_live = plan_live(p, &live), has_backfill = plan_backfill(p, &backfill);

	if (p->is_out && has_live && has_backfill)
		live_may = series_fails(live.series) <= series_fails(backfill.series);
	if (has_live && (!has_backfill || live_may))
		*out = live;
	else if (has_backfill)
		*out = backfill;
	else
		*wait_ms = plan_live_next_ms(p) - p->now_ms;
	return has_live || has_backfill;
}

int64_t plan_live_late_ms(const struct plan *p)
{
	struct request live;

	return plan_live(p, &live) ? p->now_ms - series_live_due_ms(live.series, p->now_ms) : 0;
}
