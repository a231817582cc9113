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

static int may_ask(const struct plan *p, const struct series *s)
{
	return !p->may || p->may(s, p->opaque);
}

int plan_live(const struct plan *p, struct request *out)
{
	struct series *best = NULL;
	int64_t best_due = INT64_MAX, best_length = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct series *s = p->series[i];
		int64_t due = series_live_due_ms(s, p->now_ms),
			length = series_interval(s)->nominal_ms;

		if (due > p->now_ms || !series_live_may_ask(s, p->boot_ms) ||
		    asked_already(p, s, 1) > 0 || !may_ask(p, s))
			continue;
		if (!best || due < best_due || (due == best_due && length < best_length)) {
			best = s;
			best_due = due;
			best_length = length;
		}
	}
	if (best)
		series_live_request(best, p->now_ms, out);
	return best != NULL;
}

int64_t plan_live_next_ms(const struct plan *p)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < p->n; i++) {
		int64_t due = series_live_due_ms(p->series[i], p->now_ms);

		if (due > p->now_ms && due < next)
			next = due;
	}
	return next;
}

double plan_live_rate(const struct plan *p)
{
	double rate = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct interval *iv = series_interval(p->series[i]);

		rate += (iv->nominal_ms > FINAL_MS ? 2000.0 : 1000.0) / (double)iv->nominal_ms;
	}
	return rate;
}

static int backfill_of(const struct plan *p, struct series *s, struct request *out)
{
	struct spans claims = {0};
	int found;

	for (size_t i = 0; i < p->n_in_flight; i++)
		if (p->in_flight[i].series == s && !p->in_flight[i].live)
			spans_add(&claims, p->in_flight[i].from_ms, p->in_flight[i].to_ms);
	found = series_backfill_request(s, &claims, p->now_ms, p->boot_ms, out);
	spans_release(&claims);
	return found;
}

int plan_backfill(const struct plan *p, struct request *out)
{
	struct request best = {0}, candidate;

	for (size_t i = 0; i < p->n; i++) {
		struct series *s = p->series[i];

		if (best.series && series_backfill_turn(s) >= series_backfill_turn(best.series))
			continue;
		if (asked_already(p, s, 0) >= PLAN_SERIES_REQUESTS || !may_ask(p, s))
			continue;
		if (backfill_of(p, s, &candidate))
			best = candidate;
	}
	if (!best.series)
		return 0;
	*out = best;
	return 1;
}
