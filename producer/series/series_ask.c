/* SPDX-License-Identifier: MIT */
#include "producer/series/series_ask.h"

#include "producer/series/promise.h"
#include "producer/series/series_state.h"

enum {
	CLOCK_SET_BACK_MS = 5000,
	CLAIM_PAGES = 8 /* of a large gap, by one request: plan.h */
};

/* --- what is wanted */

static int64_t retention_ms(const struct series *s)
{
	return s->exchange->retention_ms(s->iv);
}

int64_t series_asked_from(const struct series *s, int64_t now_ms, int64_t boot_ms)
{
	int64_t from = greatest(s->wanted_from_ms, s->limits.retained_from_ms);

	if (s->listed_from_ms > from && boot_ms - s->listed_asked_boot_ms < RELISTED_MS)
		from = s->listed_from_ms;
	if (retention_ms(s) > 0)
		from = greatest(from, interval_ceil(s->iv, now_ms - retention_ms(s)));
	return from;
}

static int64_t asked_until(const struct series *s, int64_t now_ms)
{
	/* live_from can lie ahead of a clock that was set back. */
	return least(least(s->live_from_ms, promise_final_before(s->iv, now_ms)),
		     s->wanted_until_ms);
}

int64_t series_intervals(const struct series *s, const struct spans *spans)
{
	int64_t n = 0;

	for (size_t i = 0; i < spans->n; i++)
		n += interval_count(s->iv, spans->v[i].from, spans->v[i].to);
	return n;
}

void series_gaps(const struct series *s, const struct spans *claims, int64_t now_ms,
		 int64_t boot_ms, struct spans *out)
{
	spans_clear(out);
	if (!s->looked_up || s->limits.ended || boot_ms < s->unknown_until_boot_ms ||
	    boot_ms < s->again_boot_ms)
		return;
	spans_add(out, series_asked_from(s, now_ms, boot_ms), asked_until(s, now_ms));
	spans_subtract(out, &s->known);
	spans_subtract(out, &s->seen);
	spans_subtract(out, &s->limits.unobtainable);
	retry_spans_subtract(&s->retries, boot_ms, out);
	if (claims)
		spans_subtract(out, claims);
}

int64_t series_unrecoverable(const struct series *s, int64_t now_ms)
{
	struct spans lost = {0};
	int64_t n = 0;

	if (retention_ms(s) > 0 && s->looked_up) {
		spans_add(&lost,
			  greatest(greatest(s->wanted_from_ms, s->limits.retained_from_ms),
				   s->listed_from_ms),
			  interval_ceil(s->iv, now_ms - retention_ms(s)));
		spans_subtract(&lost, &s->known);
		n = series_intervals(s, &lost);
	}
	spans_release(&lost);
	return n;
}

int64_t series_left(const struct series *s, int64_t now_ms, int64_t boot_ms)
{
	struct spans left = {0};
	int64_t n;

	spans_add(&left, series_asked_from(s, now_ms, boot_ms), asked_until(s, now_ms));
	spans_subtract(&left, &s->known);
	spans_subtract(&left, &s->seen);
	spans_subtract(&left, &s->limits.unobtainable);
	n = series_intervals(s, &left);
	spans_release(&left);
	return n;
}

int64_t series_missing(const struct series *s, int64_t now_ms, int64_t boot_ms)
{
	struct spans gaps = {0};
	int64_t n;

	series_gaps(s, NULL, now_ms, boot_ms, &gaps);
	n = series_intervals(s, &gaps);
	spans_release(&gaps);
	return n;
}

/* --- backfill */

static const struct span *choose_gap(const struct series *s, const struct spans *gaps)
{
	for (size_t i = 0; i < gaps->n; i++)
		if (gaps->v[i].to - gaps->v[i].from <= CLAIM_PAGES * s->page_span_ms)
			return &gaps->v[i];
	return gaps->n > 0 ? &gaps->v[0] : NULL;
}

int series_backfill_request(struct series *s, const struct spans *claims, int64_t now_ms,
			    int64_t boot_ms, struct request *out)
{
	int64_t claim_ms = CLAIM_PAGES * s->page_span_ms;
	struct spans gaps = {0};
	const struct span *gap;

	series_gaps(s, claims, now_ms, boot_ms, &gaps);
	gap = choose_gap(s, &gaps);
	if (gap) {
		/* One row more than the gap has intervals: the older neighbour. */
		int64_t rows = interval_count(s->iv, gap->from, gap->to) + 1;

		*out = (struct request){.series = s,
					.epoch = s->epoch,
					.from_ms = gap->from,
					.to_ms = gap->to,
					.count = (int)least(rows, s->exchange->page_rows)};
		if (claim_ms > 0 && gap->to - gap->from > claim_ms)
			out->from_ms = interval_floor(s->iv, gap->to - claim_ms);
	}
	spans_release(&gaps);
	return gap != NULL;
}

uint64_t series_backfill_turn(const struct series *s)
{
	return s->backfill_turn;
}

/* --- the live poll */

/* The first moment after `after` at which some interval's end was exactly `age_ms` ago. */
static int64_t next_end_of_age(const struct interval *iv, int64_t after_ms, int64_t age_ms)
{
	return interval_end(iv, interval_floor(iv, after_ms - age_ms)) + age_ms;
}

int64_t series_live_due_ms(const struct series *s, int64_t now_ms)
{
	int64_t due;

	if (!s->begun || s->limits.ended || s->live_from_ms >= s->wanted_until_ms)
		return INT64_MAX;
	if (now_ms < s->live_polled_ms - CLOCK_SET_BACK_MS)
		return now_ms;
	/* Closed, and final: with 2 s on both, one poll of 1m serves the second of one candle and
	 * the first of the next. */
	due = least(next_end_of_age(s->iv, s->live_polled_ms, SETTLE_MS),
		    next_end_of_age(s->iv, s->live_polled_ms, FINAL_MS + SETTLE_MS));
	return greatest(due, least(s->live_first_ms, now_ms));
}

int series_live_may_ask(const struct series *s, int64_t boot_ms)
{
	return s->begun && boot_ms >= s->unknown_until_boot_ms &&
	       boot_ms >= s->live_again_boot_ms && boot_ms >= s->again_boot_ms;
}

void series_live_request(struct series *s, int64_t now_ms, struct request *out)
{
	/* What is not settled, the forming candle, an older neighbour, and what may close on the
	 * way. */
	int64_t rows = interval_count(s->iv, s->live_from_ms,
				      interval_end(s->iv, interval_floor(s->iv, now_ms))) +
		       2 + (s->iv->nominal_ms < FINAL_MS ? 2 : 0);

	*out = (struct request){.series = s,
				.live = 1,
				.epoch = s->epoch,
				.from_ms = s->live_from_ms,
				.to_ms = PAGE_NO_TO,
				.count = (int)least(rows, s->exchange->page_rows)};
}
