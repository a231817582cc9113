/* SPDX-License-Identifier: MIT */
#include "plan.h"

enum { CLAIM_PAGES = 8 };

static size_t asked_already(const struct plan *p, const struct series *s, int live)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_in_flight; i++)
		if (p->in_flight[i].series == s && (p->in_flight[i].to_ms == INT64_MAX) == live)
			n++;
	return n;
}

static int live_may_ask(const struct plan *p, const struct series *s)
{
	return s->begun && p->boot_ms >= s->unknown_until_boot_ms &&
	       p->boot_ms >= s->live_again_boot_ms && p->boot_ms >= s->again_boot_ms &&
	       asked_already(p, s, 1) == 0;
}

int plan_live(const struct plan *p, struct request *out)
{
	struct series *best = NULL;
	int64_t best_due = INT64_MAX;

	for (size_t i = 0; i < p->n; i++) {
		struct series *s = p->series[i];
		int64_t due = series_live_due_ms(s, p->now_ms);

		if (due > p->now_ms || !live_may_ask(p, s))
			continue;
		if (!best || due < best_due ||
		    (due == best_due && s->iv->nominal_ms < best->iv->nominal_ms)) {
			best = s;
			best_due = due;
		}
	}
	if (!best)
		return 0;
	*out = (struct request){.series = best,
				.epoch = best->epoch,
				.from_ms = best->live_from_ms,
				.to_ms = INT64_MAX,
				.count = series_live_count(best, p->now_ms)};
	return 1;
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

static const struct span *choose_gap(const struct series *s, const struct spans *gaps)
{
	for (size_t i = 0; i < gaps->n; i++)
		if (gaps->v[i].to - gaps->v[i].from <= CLAIM_PAGES * s->page_span_ms)
			return &gaps->v[i];
	return gaps->n > 0 ? &gaps->v[0] : NULL;
}

static int series_request(const struct plan *p, struct series *s, struct request *out)
{
	struct spans claims = {0}, gaps = {0};
	const struct span *gap;

	for (size_t i = 0; i < p->n_in_flight; i++)
		if (p->in_flight[i].series == s && p->in_flight[i].to_ms != INT64_MAX)
			spans_add(&claims, p->in_flight[i].from_ms, p->in_flight[i].to_ms);
	series_gaps(s, &claims, p->now_ms, p->boot_ms, &gaps);
	gap = choose_gap(s, &gaps);
	if (gap) {
		int64_t n = interval_count(s->iv, gap->from, gap->to);

		/* One row more than the gap has intervals: the older neighbour. */
		*out = (struct request){.series = s,
					.epoch = s->epoch,
					.from_ms = gap->from,
					.to_ms = gap->to,
					.count = n < PAGE_ROWS ? (int)n + 1 : PAGE_ROWS};
		if (s->page_span_ms > 0 && gap->to - gap->from > CLAIM_PAGES * s->page_span_ms)
			out->from_ms =
				interval_floor(s->iv, gap->to - CLAIM_PAGES * s->page_span_ms);
	}
	spans_release(&claims);
	spans_release(&gaps);
	return gap != NULL;
}

int plan_backfill(const struct plan *p, struct request *out)
{
	struct request best = {0}, candidate;

	for (size_t i = 0; i < p->n; i++) {
		struct series *s = p->series[i];

		if (best.series && s->backfill_turn >= best.series->backfill_turn)
			continue;
		if (asked_already(p, s, 0) >= PLAN_SERIES_REQUESTS)
			continue;
		if (series_request(p, s, &candidate))
			best = candidate;
	}
	if (!best.series)
		return 0;
	*out = best;
	return 1;
}
