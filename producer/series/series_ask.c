/* SPDX-License-Identifier: MIT */
#include "producer/series/series_ask.h"

#include "producer/series/promise.h"
#include "producer/series/series_state.h"

enum {
	CLOCK_SET_BACK_MS = 5000,
	CLAIM_PAGES = 8, /* of a large gap, by one request: plan.h */
	STAND_BACK_MS = 60 * 1000
};

/* --- what is wanted */

static int64_t retention_ms(const struct series *s)
{
	return s->exchange->retention_ms(s->iv);
}

/* What lies before the oldest row is asked for daily. */
static int older_is_asked_again(const struct series *s, int64_t now_ms)
{
	return witness_heard(&s->older.said) && now_ms - s->older.said.last_ms >= OLDER_AGAIN_MS;
}

int64_t series_asked_from(const struct series *s, int64_t now_ms)
{
	int64_t from = greatest(s->wanted_from_ms, s->limits.retained_from_ms);

	if (s->listed_from_ms > from && !older_is_asked_again(s, now_ms))
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

void series_gaps_all(const struct series *s, int64_t now_ms, struct spans *out)
{
	spans_clear(out);
	spans_add(out, series_asked_from(s, now_ms), asked_until(s, now_ms));
	spans_subtract(out, &s->known.all);
	spans_subtract(out, &s->seen);
	unobtainable_subtract(&s->unobtainable, older_is_asked_again(s, now_ms), out);
}

/* Nothing is asked for before. */
static int64_t paused_until(const struct series *s)
{
	return greatest(s->market.until_boot_ms, s->again_boot_ms);
}

/* 1 if gaps are asked for, pauses aside. */
static int is_filled(const struct series *s)
{
	return s->looked_up && !s->limits.ended && !market_is_in_question(&s->market);
}

void series_gaps(const struct series *s, const struct spans *claims, int64_t now_ms,
		 int64_t boot_ms, struct spans *out)
{
	spans_clear(out);
	if (!is_filled(s) || boot_ms < paused_until(s))
		return;
	series_gaps_all(s, now_ms, out);
	spans_subtract(out, &s->untold);
	if (!market_is_gone(&s->market)) /* what was seen there is what is stored */
		sightings_add_due(&s->sightings, s->iv, now_ms, out);
	retry_spans_subtract(&s->retries, boot_ms, out);
	spans_subtract(out, &s->refused);
	sightings_subtract(&s->sightings, s->iv, now_ms, out);
	older_subtract(&s->older, &s->known.all, now_ms, boot_ms, out);
	if (claims)
		spans_subtract(out, claims);
}

void series_unobtainable(const struct series *s, enum unobtainable_reason reason, int64_t now_ms,
			 struct spans *out)
{
	/* The edge of what is kept moves on; in the table, by hours. */
	const int64_t hour_ms = 3600 * 1000;

	spans_copy(out, &s->unobtainable.of[reason]);
	if (reason == UNOBTAINABLE_OLD && retention_ms(s) > 0)
		spans_add(
			out, s->wanted_from_ms,
			interval_ceil(s->iv, ((now_ms - retention_ms(s)) / hour_ms + 1) * hour_ms));
	spans_clip(out,
		   greatest(greatest(s->wanted_from_ms, s->limits.retained_from_ms),
			    s->listed_from_ms),
		   s->wanted_until_ms);
	if (reason != UNOBTAINABLE_SETTLED)
		spans_subtract(out, &s->known.all);
}

int64_t series_unrecoverable(const struct series *s, int64_t now_ms)
{
	struct spans lost = {0}, one = {0};
	int64_t n;

	for (int i = 0; s->looked_up && i < UNOBTAINABLE_REASONS; i++) {
		series_unobtainable(s, (enum unobtainable_reason)i, now_ms, &one);
		spans_union(&lost, &one);
	}
	spans_subtract(&lost, &s->known.all);
	n = series_intervals(s, &lost);
	spans_release(&lost);
	spans_release(&one);
	return n;
}

int series_has_no_trades_yet(const struct series *s)
{
	return !s->has_rows && s->known.all.n == 0 &&
	       witness_agree(&s->nothing, NO_TRADES_APART_MS);
}

int64_t series_left(const struct series *s, int64_t now_ms, int64_t *from_ms)
{
	struct spans left = {0};
	int64_t n;

	series_gaps_all(s, now_ms, &left);
	n = series_has_no_trades_yet(s) ? 0 : series_intervals(s, &left);
	if (from_ms)
		*from_ms = n > 0 ? left.v[0].from : INT64_MAX;
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

/* Where the page for a gap begins: at its end, or so much later that it has to show a row. */
static int64_t before_ms(const struct series *s, const struct span *gap)
{
	int64_t anchor = older_anchor(&s->older, gap->to);

	if (!spans_contain(&s->known.all, gap->to))
		anchor = 0;
	anchor = greatest(anchor, retry_spans_anchor(&s->retries, gap->to));
	if (anchor == 0)
		return gap->to;
	/* What is known there may not be served any more: it goes on until a row is shown. */
	return greatest(gap->to, least(interval_add(s->iv, gap->to, anchor), s->live_from_ms));
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
					.before_ms = before_ms(s, gap),
					.count = (int)least(rows, s->exchange->page_rows)};
		if (claim_ms > 0 && gap->to - gap->from > claim_ms)
			out->from_ms = interval_floor(s->iv, gap->to - claim_ms);
		if (out->before_ms > out->to_ms)
			out->count = s->exchange->page_rows;
	}
	spans_release(&gaps);
	return gap != NULL;
}

/* The moments at which there may be other gaps than at now_ms. */
static void gaps_validity(const struct series *s, int64_t now_ms, int64_t boot_ms,
			  struct validity *v)
{
	int64_t final_before = promise_final_before(s->iv, now_ms);

	if (final_before < least(s->live_from_ms, s->wanted_until_ms)) /* a clock set back */
		validity_edge(v, interval_end(s->iv, final_before) + FINAL_MS, now_ms);
	if (retention_ms(s) > 0) {
		int64_t kept_from = interval_ceil(s->iv, now_ms - retention_ms(s));

		if (kept_from >= series_asked_from(s, now_ms))
			validity_edge(v, interval_add(s->iv, kept_from, -1) + retention_ms(s) + 1,
				      now_ms);
	}
	sightings_validity(&s->sightings, now_ms, v);
	retry_spans_validity(&s->retries, boot_ms, v);
	older_validity(&s->older, now_ms, boot_ms, v);
}

void series_backfill_asking(const struct series *s, int64_t now_ms, int64_t boot_ms,
			    struct asking *out)
{
	struct spans gaps = {0};

	*out = (struct asking){.turn = (int64_t)s->backfill_turn, .valid = VALID_ALWAYS};
	if (!is_filled(s))
		return;
	validity_boot_edge(&out->valid, paused_until(s), boot_ms);
	series_gaps(s, NULL, now_ms, boot_ms, &gaps);
	out->may = gaps.n > 0;
	gaps_validity(s, now_ms, boot_ms, &out->valid);
	spans_release(&gaps);
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

	if (!s->begun || s->limits.ended)
		return INT64_MAX;
	if (market_is_in_question(&s->market))
		return market_question_ms(&s->market);
	if (s->live_from_ms >= s->wanted_until_ms)
		return INT64_MAX;
	if (now_ms < s->live_polled_ms - CLOCK_SET_BACK_MS)
		return now_ms;
	/* Closed, and final: with 2 s on both, one poll of 1m serves the second of one candle and
	 * the first of the next. */
	due = least(next_end_of_age(s->iv, s->live_polled_ms, SETTLE_MS),
		    next_end_of_age(s->iv, s->live_polled_ms, FINAL_MS + SETTLE_MS));
	if (s->live_extra_ms > s->live_polled_ms)
		due = least(due, s->live_extra_ms);
	return greatest(due, least(s->live_first_ms, now_ms));
}

int series_fails(const struct series *s)
{
	return s->unanswered + s->live_fails + s->market.fails;
}

void series_live_asking(const struct series *s, int64_t now_ms, int64_t boot_ms, struct asking *out)
{
	int64_t paused_boot_ms = greatest(paused_until(s), s->live_again_boot_ms);

	*out = (struct asking){.due_ms = series_live_due_ms(s, now_ms), .valid = VALID_ALWAYS};
	out->turn = out->due_ms;
	if (out->due_ms != INT64_MAX)
		out->turn += (int64_t)STAND_BACK_MS * series_fails(s);
	if (s->begun) {
		validity_edge(&out->valid, s->live_polled_ms - CLOCK_SET_BACK_MS, now_ms);
		validity_edge(&out->valid, s->live_first_ms, now_ms);
	}
	validity_edge(&out->valid, out->due_ms, now_ms);
	validity_boot_edge(&out->valid, paused_boot_ms, boot_ms);
	out->may = out->due_ms <= now_ms && boot_ms >= paused_boot_ms;
}

void series_live_request(struct series *s, int64_t now_ms, struct request *out)
{
	/* What is young, since an answer may have been wrong or behind and a row costs no request;
	 * what is not settled, the forming candle, an older neighbour, and what may close on the
	 * way. */
	int64_t rows = interval_count(s->iv, interval_floor(s->iv, series_young_from(s)),
				      interval_end(s->iv, interval_floor(s->iv, now_ms))) +
		       2 + (s->iv->nominal_ms < FINAL_MS ? 2 : 0);

	*out = (struct request){.series = s,
				.live = 1,
				.epoch = s->epoch,
				.from_ms = s->live_from_ms,
				.to_ms = PAGE_NO_TO,
				.before_ms = PAGE_NO_TO,
				.count = (int)least(rows, s->exchange->page_rows)};
}
