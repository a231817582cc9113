/* SPDX-License-Identifier: MIT */
/* The plan by asking all series each time, as the schedule's choice must turn out: what is chosen
 * is compared with what asking all of them chooses. */
#ifndef GAPLESS_TEST_PLAN_REFERENCE_H
#define GAPLESS_TEST_PLAN_REFERENCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "producer/series/plan.h"
#include "producer/series/series_state.h"

static inline size_t reference_asked(const struct plan *p, const struct series *s, int live)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_in_flight; i++)
		n += p->in_flight[i].series == s && p->in_flight[i].live == live;
	return n;
}

static inline int reference_may(const struct plan *p, const struct series *s)
{
	int failed = 0;

	for (size_t i = 0; i < p->n_in_flight; i++)
		failed += series_fails(p->in_flight[i].series) > 0;
	return (series_fails(s) == 0 || failed < PLAN_FAILED_REQUESTS) &&
	       (!p->may || p->may(s, p->opaque));
}

/* A clock that was set back makes a poll due at once, all along: then the order of those that are
 * due may differ from asking at this very moment. */
static inline int reference_is_set_back(const struct series *s, int64_t now_ms)
{
	return s->begun && (now_ms < s->live_polled_ms || now_ms < s->live_first_ms);
}

static inline struct series *reference_live(const struct plan *p, int *set_back)
{
	struct series *best = NULL;
	int64_t best_turn = INT64_MAX;

	*set_back = 0;
	for (uint32_t i = 0; i < schedule_size(p->schedule); i++) {
		struct series *s = schedule_series(p->schedule, i);
		struct asking now;

		*set_back |= reference_is_set_back(s, p->now_ms);
		series_live_asking(s, p->now_ms, p->boot_ms, &now);
		if (!now.may || reference_asked(p, s, 1) > 0 || !reference_may(p, s))
			continue;
		if (!best || now.turn < best_turn ||
		    (now.turn == best_turn &&
		     series_interval(s)->nominal_ms < series_interval(best)->nominal_ms)) {
			best = s;
			best_turn = now.turn;
		}
	}
	return best;
}

static inline int64_t reference_live_next_ms(const struct plan *p)
{
	int64_t next = INT64_MAX;

	for (uint32_t i = 0; i < schedule_size(p->schedule); i++) {
		int64_t due = series_live_due_ms(schedule_series(p->schedule, i), p->now_ms);

		if (due > p->now_ms && due < next)
			next = due;
	}
	return next;
}

static inline int reference_backfill(const struct plan *p, struct request *out)
{
	struct request best = {0}, candidate;

	for (uint32_t i = 0; i < schedule_size(p->schedule); i++) {
		struct series *s = schedule_series(p->schedule, i);
		struct spans claims = {0};

		if ((best.series && s->backfill_turn >= best.series->backfill_turn) ||
		    reference_asked(p, s, 0) >= PLAN_SERIES_REQUESTS || !reference_may(p, s))
			continue;
		for (size_t k = 0; k < p->n_in_flight; k++)
			if (p->in_flight[k].series == s && !p->in_flight[k].live)
				spans_add(&claims, p->in_flight[k].from_ms, p->in_flight[k].to_ms);
		if (series_backfill_request(s, &claims, p->now_ms, p->boot_ms, &candidate))
			best = candidate;
		spans_release(&claims);
	}
	*out = best;
	return best.series != NULL;
}

/* plan_live, plan_backfill and plan_live_next_ms, compared. */
static inline int compared_live(const struct plan *p, struct request *out)
{
	int set_back, found = plan_live(p, out);
	const struct series *expected = reference_live(p, &set_back);

	assert_int_equal(found, expected != NULL);
	if (found && !set_back)
		assert_ptr_equal(out->series, expected);
	if (found)
		assert_true(series_live_due_ms(out->series, p->now_ms) <= p->now_ms);
	assert_true(plan_live_next_ms(p) == reference_live_next_ms(p));
	return found;
}

static inline int compared_backfill(const struct plan *p, struct request *out)
{
	struct request expected;
	int found = plan_backfill(p, out);

	assert_int_equal(found, reference_backfill(p, &expected));
	if (found) {
		assert_ptr_equal(out->series, expected.series);
		assert_true(out->from_ms == expected.from_ms && out->to_ms == expected.to_ms &&
			    out->before_ms == expected.before_ms && out->count == expected.count);
	}
	return found;
}

/* A schedule of these. */
static inline struct schedule *schedule_of(struct series *const *series, size_t n)
{
	struct schedule *s = schedule_new();

	schedule_own(s, series, n);
	return s;
}

#endif
