/* SPDX-License-Identifier: MIT */
#include "series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

enum {
	CLOCK_SET_BACK_MS = 5000,
	WANTED_AT_FIRST = 200 /* intervals, where nothing says otherwise */
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void series_init(struct series *s, const char *symbol, const struct interval *iv, int64_t since_ms,
		 int64_t retention_ms)
{
	*s = (struct series){.iv = iv,
			     .since_ms = since_ms,
			     .until_ms = INT64_MAX,
			     .retention_ms = retention_ms};
	snprintf(s->symbol, sizeof s->symbol, "%s", symbol);
	s->wanted_until_ms = INT64_MAX;
	s->listed_from_ms = INT64_MIN;
}

void series_release(struct series *s)
{
	spans_release(&s->looked);
	spans_release(&s->fresh_before);
	spans_release(&s->fresh_since);
	spans_release(&s->in_flight);
	spans_release(&s->known);
	spans_release(&s->seen);
	spans_release(&s->repair);
	spans_release(&s->report);
	provisionals_release(&s->provisionals);
	free(s->stored);
	s->stored = NULL;
}

/* All but what it is, and what the list of markets says of it. */
static void forget(struct series *s)
{
	struct series fresh = {.iv = s->iv,
			       .owned = s->owned,
			       .epoch = s->epoch,
			       .market = s->market,
			       .was_listed = s->was_listed,
			       .since_ms = s->since_ms,
			       .until_ms = s->until_ms,
			       .retention_ms = s->retention_ms,
			       .wanted_until_ms = INT64_MAX,
			       .listed_from_ms = INT64_MIN};

	memcpy(fresh.symbol, s->symbol, sizeof fresh.symbol);
	series_release(s);
	*s = fresh;
}

void series_take(struct series *s)
{
	s->owned = 1;
	s->epoch++;
	forget(s);
}

void series_leave(struct series *s)
{
	s->owned = 0;
	forget(s);
}

void series_begin(struct series *s, int64_t now_ms)
{
	s->begun = 1;
	s->live_from_ms = promise_final_before(s->iv, now_ms);
	s->live_polled_ms = s->live_from_ms;
	s->live_first_ms =
		now_ms; /* due at once, all alike: not a day late where the interval is one */
	s->wanted_from_ms = interval_add(s->iv, interval_floor(s->iv, now_ms), -WANTED_AT_FIRST);
	if (s->since_ms != INT64_MIN)
		s->wanted_from_ms = interval_floor(s->iv, s->since_ms);
	if (s->until_ms != INT64_MAX)
		s->wanted_until_ms = s->until_ms < s->live_from_ms
					     ? interval_ceil(s->iv, s->until_ms)
					     : s->live_from_ms;
}

/* --- what is wanted */

int64_t series_asked_from(const struct series *s, int64_t now_ms, int64_t boot_ms)
{
	int64_t from = s->wanted_from_ms;

	if (s->listed_from_ms > from && boot_ms - s->listed_asked_boot_ms < RELISTED_MS)
		from = s->listed_from_ms;
	if (s->retention_ms > 0)
		from = greatest(from, interval_ceil(s->iv, now_ms - s->retention_ms));
	return from;
}

static int64_t asked_until(const struct series *s, int64_t now_ms)
{
	/* live_from can lie ahead of a clock that was set back. */
	return least(least(s->live_from_ms, promise_final_before(s->iv, now_ms)),
		     s->wanted_until_ms);
}

static int64_t intervals_of(const struct series *s, const struct spans *spans)
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
	if (!s->looked_up || boot_ms < s->unknown_until_boot_ms || boot_ms < s->again_boot_ms)
		return;
	spans_add(out, series_asked_from(s, now_ms, boot_ms), asked_until(s, now_ms));
	spans_subtract(out, &s->known);
	spans_subtract(out, &s->seen);
	retry_spans_subtract(&s->retries, boot_ms, out);
	if (claims)
		spans_subtract(out, claims);
}

int64_t series_unrecoverable(const struct series *s, int64_t now_ms)
{
	struct spans lost = {0};
	int64_t n = 0;

	if (s->retention_ms > 0 && s->looked_up) {
		spans_add(&lost, greatest(s->wanted_from_ms, s->listed_from_ms),
			  interval_ceil(s->iv, now_ms - s->retention_ms));
		spans_subtract(&lost, &s->known);
		n = intervals_of(s, &lost);
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
	n = intervals_of(s, &left);
	spans_release(&left);
	return n;
}

int64_t series_missing(const struct series *s, int64_t now_ms, int64_t boot_ms)
{
	struct spans gaps = {0};
	int64_t n;

	series_gaps(s, NULL, now_ms, boot_ms, &gaps);
	n = intervals_of(s, &gaps);
	spans_release(&gaps);
	return n;
}

/* --- the list of markets */

void series_market(struct series *s, int listed)
{
	if (listed && s->market == MARKET_NOT_LISTED)
		s->unknown_until_boot_ms = 0;
	s->market = listed ? MARKET_LISTED : MARKET_NOT_LISTED;
	s->was_listed |= listed;
}

enum market_change series_market_judge(struct series *s, int64_t boot_ms)
{
	if (!s->owned || s->market == MARKET_UNSEEN)
		return MARKET_AS_BEFORE;
	if (s->market == MARKET_LISTED) {
		if (s->wanted_until_ms == INT64_MAX || s->until_ms != INT64_MAX)
			return MARKET_AS_BEFORE;
		s->wanted_until_ms = INT64_MAX;
		return MARKET_LISTED_AGAIN;
	}
	if (s->until_ms == INT64_MAX && s->looked_up && (s->was_listed || s->known.n > 0)) {
		int ended = s->wanted_until_ms < INT64_MAX;

		s->unknown_until_boot_ms = boot_ms + UNKNOWN_MARKET_MS;
		if (!ended)
			s->wanted_until_ms =
				s->known.n > 0 ? s->known.v[s->known.n - 1].to : s->wanted_from_ms;
		return ended ? MARKET_AS_BEFORE : MARKET_DELISTED;
	}
	if (boot_ms < s->unknown_until_boot_ms)
		return MARKET_AS_BEFORE;
	s->unknown_until_boot_ms = boot_ms + UNKNOWN_MARKET_MS;
	return s->was_listed ? MARKET_AS_BEFORE : MARKET_UNKNOWN;
}

/* --- looks */

static void known_rebuild(struct series *s)
{
	spans_copy(&s->known, &s->looked);
	spans_union(&s->known, &s->fresh_before);
	spans_union(&s->known, &s->fresh_since);
	spans_union(&s->known, &s->in_flight);
}

void series_look_began(struct series *s)
{
	/* Deliveries reported so far lie before the end offsets that this lookup is about to read:
	 * when it ends, the database speaks for them. */
	spans_union(&s->fresh_before, &s->fresh_since);
	spans_clear(&s->fresh_since);
}

int64_t series_look_ended(struct series *s, const struct spans *covered, int64_t now_ms,
			  int64_t boot_ms)
{
	struct spans before = {0}, missing = {0};
	int64_t n;

	spans_swap(&before, &s->known);
	spans_copy(&s->looked, covered);
	spans_clear(&s->fresh_before);
	known_rebuild(s);
	retry_spans_known(&s->retries, &s->known);
	/* What an answer showed to be empty is believed until a promise is due for it, no longer.
	 */
	spans_clip(&s->seen, now_ms - FINAL_MS - QUIET_TAIL_MS - 2 * s->iv->nominal_ms, INT64_MAX);
	if (s->looked_up) {
		spans_subtract(&before, &s->known);
		spans_union(&s->repair, &before);
	}
	spans_subtract(&s->repair, &s->known);
	s->looked_up = 1;

	series_gaps(s, NULL, now_ms, boot_ms, &missing);
	spans_subtract(&missing, &s->report);
	n = intervals_of(s, &missing);
	spans_union(&s->report, &missing);
	s->report_missing += n;
	spans_release(&before);
	spans_release(&missing);
	return n;
}

int series_report_finished(struct series *s, int64_t *came, int64_t *empty)
{
	struct spans left = {0};
	int finished;

	if (s->report.n == 0)
		return 0;
	spans_copy(&left, &s->report);
	spans_clip(&left, greatest(s->listed_from_ms, INT64_MIN), INT64_MAX);
	spans_subtract(&left, &s->known);
	finished = left.n == 0;
	spans_release(&left);
	if (finished) {
		*came = s->report_came;
		*empty = greatest(0, s->report_missing - s->report_came);
		s->report_came = s->report_missing = 0;
		spans_clear(&s->report);
	}
	return finished;
}

/* --- delivery reports */

void series_delivered(struct series *s, int64_t covers_from_ms, int64_t covers_to_ms)
{
	spans_remove(&s->in_flight, covers_from_ms, covers_to_ms);
	spans_add(&s->fresh_since, covers_from_ms, covers_to_ms);
}

void series_failed(struct series *s, int64_t timestamp_ms, int64_t covers_from_ms,
		   int64_t covers_to_ms)
{
	if (covers_from_ms == covers_to_ms) {
		provisionals_forget(&s->provisionals, timestamp_ms);
		return;
	}
	spans_remove(&s->in_flight, covers_from_ms, covers_to_ms);
	known_rebuild(s);
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

	if (!s->begun || s->live_from_ms >= s->wanted_until_ms)
		return INT64_MAX;
	if (now_ms < s->live_polled_ms - CLOCK_SET_BACK_MS)
		return now_ms;
	/* Closed, and final: with 2 s on both, one poll of 1m serves the second of one candle and
	 * the first of the next. */
	due = least(next_end_of_age(s->iv, s->live_polled_ms, SETTLE_MS),
		    next_end_of_age(s->iv, s->live_polled_ms, FINAL_MS + SETTLE_MS));
	return greatest(due, least(s->live_first_ms, now_ms));
}

int series_live_count(const struct series *s, int64_t now_ms)
{
	/* What is not settled, the forming candle, an older neighbour, and what may close on the
	 * way. */
	int64_t n = interval_count(s->iv, s->live_from_ms,
				   interval_end(s->iv, interval_floor(s->iv, now_ms))) +
		    2;

	return (int)least(n + (s->iv->nominal_ms < FINAL_MS ? 2 : 0), PAGE_ROWS);
}
