/* SPDX-License-Identifier: MIT */
#include "producer/series/series.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "producer/series/late.h"
#include "producer/series/promise.h"
#include "producer/series/series_ask.h"
#include "producer/series/series_state.h"

enum { WANTED_AT_FIRST = 200 }; /* intervals, if nothing says otherwise */

void series_init(struct series *s, const char *symbol, const struct interval *iv,
		 const struct exchange *exchange, int64_t since_ms, int64_t until_ms)
{
	*s = (struct series){.iv = iv,
			     .exchange = exchange,
			     .since_ms = since_ms,
			     .until_ms = until_ms,
			     .wanted_until_ms = INT64_MAX,
			     .listed_from_ms = INT64_MIN,
			     .limits.retained_from_ms = INT64_MIN};
	snprintf(s->symbol, sizeof s->symbol, "%s", symbol);
}

struct series *series_new(const char *symbol, const struct interval *iv,
			  const struct exchange *exchange, int64_t since_ms, int64_t until_ms)
{
	struct series *s = xcalloc(1, sizeof *s);

	series_init(s, symbol, iv, exchange, since_ms, until_ms);
	return s;
}

void series_release(struct series *s)
{
	known_release(&s->known);
	spans_release(&s->seen);
	spans_release(&s->report);
	spans_release(&s->empty);
	spans_release(&s->doubted);
	spans_release(&s->untold);
	unobtainable_release(&s->unobtainable);
	unobtainable_release(&s->unobtainable_stored);
	sightings_release(&s->sightings);
	retry_spans_release(&s->retries);
	spans_release(&s->refused);
}

void series_free(struct series *s)
{
	series_release(s);
	free(s);
}

/* All but what it is, and what the list of markets says of it. */
static void forget(struct series *s)
{
	struct series fresh;

	series_init(&fresh, s->symbol, s->iv, s->exchange, s->since_ms, s->until_ms);
	fresh.changed = s->changed;
	fresh.place = s->place;
	fresh.owned = s->owned;
	fresh.epoch = s->epoch;
	fresh.market = s->market;
	series_release(s);
	*s = fresh;
	series_changed(s);
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

void series_watch(struct series *s, struct heap *changed, uint32_t place)
{
	s->changed = changed;
	s->place = place;
}

void series_begin(struct series *s, int64_t now_ms, int64_t boot_ms)
{
	series_changed(s);
	s->begun = 1;
	s->begun_ms = now_ms;
	s->begun_boot_ms = boot_ms;
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

void series_wanted_is(struct series *s, const struct wanted *wanted)
{
	series_changed(s);
	s->wanted_from_ms = wanted->from_ms;
	if (s->listed_from_ms == wanted->listed_before_ms) /* else found out in the meantime */
		s->listed_from_ms = wanted->listed_from_ms;
	if (!s->looked_up)
		s->wanted_until_ms = wanted->until_ms;
	if (s->earlier.is_other && s->earlier.until_ms == wanted->earlier_until_ms)
		earlier_end(&s->earlier);
}

void series_limits(struct series *s, const struct limits *limits)
{
	series_changed(s);
	s->limits = *limits;
	if (s->limits.ended) {
		spans_clear(&s->report);
		s->report_came = 0;
	}
}

/* --- is the market there? */

void series_market(struct series *s, int listed, int many, int64_t now_ms)
{
	if (!listed || s->market.listed != LISTED)
		series_changed(s);
	market_list(&s->market, listed, many, now_ms);
}

void series_not_found(struct series *s, int64_t now_ms, int64_t boot_ms)
{
	series_changed(s);
	market_not_found(&s->market, now_ms, boot_ms);
}

static enum market_change judge_listed(struct series *s)
{
	s->unknown_said_boot_ms = 0;
	if (!series_is_delisted(s))
		return MARKET_AS_BEFORE;
	series_changed(s);
	if (s->wanted_until_ms > s->wanted_from_ms)
		earlier_begin(&s->earlier, s->iv, s->wanted_until_ms);
	s->wanted_until_ms = INT64_MAX;
	spans_clear(&s->unobtainable.of[UNOBTAINABLE_DELISTED]);
	return MARKET_LISTED_AGAIN;
}

static enum market_change judge_gone(struct series *s)
{
	int ended = series_is_delisted(s);

	if (!s->looked_up || (!ended && !market_is_gone(&s->market)))
		return MARKET_AS_BEFORE;
	series_changed(s);
	if (!ended)
		s->wanted_until_ms = s->known.all.n > 0 ? s->known.all.v[s->known.all.n - 1].to
							: s->wanted_from_ms;
	unobtainable_add(&s->unobtainable, UNOBTAINABLE_DELISTED,
			 greatest(s->wanted_from_ms, s->listed_from_ms), s->wanted_until_ms,
			 &s->known.all);
	return ended ? MARKET_AS_BEFORE : MARKET_DELISTED;
}

enum market_change series_market_judge(struct series *s, int64_t boot_ms)
{
	if (!s->owned || s->market.listed == LISTED_UNSEEN)
		return MARKET_AS_BEFORE;
	if (s->market.listed == LISTED)
		return judge_listed(s);
	if (series_was_there(s) && s->until_ms == INT64_MAX)
		return judge_gone(s);
	/* Before the first lookup it is not known whether it was there. */
	if (series_was_there(s) || !s->looked_up || !market_is_suspected(&s->market) ||
	    (s->unknown_said_boot_ms != 0 && boot_ms - s->unknown_said_boot_ms < MARKET_GONE_MS))
		return MARKET_AS_BEFORE;
	s->unknown_said_boot_ms = boot_ms;
	return MARKET_UNKNOWN;
}

/* --- what survives a takeover */

void series_evidence_is(struct series *s, const struct evidence *evidence)
{
	if (s->looked_up)
		return;
	series_changed(s);
	market_join(&s->market, &evidence->market);
	older_join(&s->older, evidence->oldest_row_ms, &evidence->older);
	if (evidence->earlier_until_ms != 0 && !earlier_is_in_doubt(&s->earlier))
		earlier_begin(&s->earlier, s->iv, evidence->earlier_until_ms);
}

void series_unobtainable_is(struct series *s, const struct unobtainable *sent,
			    const struct unobtainable *stored)
{
	series_changed(s);
	unobtainable_merge(&s->unobtainable, sent, stored);
	unobtainable_merge(&s->unobtainable_stored, &s->unobtainable_stored, stored);
}

/* --- lookups */

void series_lookup_began(struct series *s)
{
	known_lookup_began(&s->known);
}

/* What a live poll will show is watched from now on; what lies too far back for it is read again,
 * with the gap that begins there. */
static void late_begin(struct series *s, const struct spans *covered)
{
	struct spans empty = {0};
	int64_t to_ms, until_ms = least(s->live_from_ms, s->wanted_until_ms);

	late_empty(covered, s->iv, series_young_ms(s), &s->sightings, &s->untold, &empty);
	spans_clip(&empty, INT64_MIN, s->told_until_ms);
	spans_union(&s->empty, &empty);
	to_ms = covered->n > 0 ? covered->v[covered->n - 1].to : INT64_MAX;
	if (to_ms < INT64_MAX - YOUNG_MS && to_ms + YOUNG_MS < until_ms) {
		spans_clip(&empty, interval_floor(s->iv, to_ms - LATE_MS), to_ms);
		spans_union(&s->doubted, &empty);
	}
	spans_release(&empty);
}

/* What is covered; NULL: as before, and what was delivered since then is lost. */
static void looked_is(struct series *s, const struct spans *covered)
{
	struct spans corrections = {0}, rest = {0};

	series_changed(s);
	if (covered && !s->looked_up)
		late_begin(s, covered);
	if (covered) {
		s->covered_version = 0;
		series_corrections(s, &corrections);
		spans_copy(&rest, covered);
		spans_subtract(&rest, &corrections);
	}
	known_lookup_ended(&s->known, covered ? &rest : NULL, !s->looked_up);
	spans_release(&corrections);
	spans_release(&rest);
	retry_spans_known(&s->retries, &s->known.all);
	older_known(&s->older, &s->known.all);
	sightings_covered(&s->sightings, &s->known.covered, series_young_from(s));
	s->looked_up = 1;
}

int64_t series_lookup_ended(struct series *s, const struct spans *covered, int64_t now_ms)
{
	struct spans missing = {0};
	int64_t n;

	if (covered || known_was_fresh(&s->known))
		looked_is(s, covered);
	/* What an answer showed to be empty is believed until a promise is due for it, no longer.
	 */
	if (s->seen.n > 0)
		series_changed(s);
	spans_clip(&s->seen,
		   interval_floor(s->iv, now_ms - FINAL_MS - QUIET_TAIL_MS - 2 * s->iv->nominal_ms),
		   INT64_MAX);

	series_gaps_all(s, now_ms, &missing);
	spans_subtract(&missing, &s->report);
	n = series_intervals(s, &missing);
	spans_union(&s->report, &missing);
	spans_release(&missing);
	return n;
}

void series_version_is(struct series *s, int64_t version)
{
	s->covered_version = version;
}

void series_stored(struct series *s, struct stored *rows, const struct spans *told, int64_t now_ms)
{
	int64_t until_ms = interval_floor(s->iv, now_ms); /* a gap may begin there */

	series_changed(s);
	stored_sort(rows);
	s->told_until_ms = !told ? until_ms : told->n > 0 ? told->v[told->n - 1].to : 0;
	spans_clear(&s->untold);
	if (told) {
		spans_add(&s->untold, INT64_MIN, until_ms);
		spans_subtract(&s->untold, told);
	}
	spans_add(&s->untold, INT64_MIN,
		  least(sightings_stored(&s->sightings, rows, told), until_ms));
	s->has_rows |= rows->n > 0;
}

void series_refused(struct series *s, const struct spans *refused, const char *cause)
{
	if (s->refused.n > 0 || refused->n > 0)
		series_changed(s);
	spans_copy(&s->refused, refused);
	snprintf(s->refused_cause, sizeof s->refused_cause, "%s", cause);
}

int series_report_finished(struct series *s, int64_t *came, int64_t *empty)
{
	struct spans left = {0};
	int64_t n;
	int finished;

	if (s->report.n == 0)
		return 0;
	spans_copy(&left, &s->report);
	spans_clip(&left, greatest(s->listed_from_ms, s->limits.retained_from_ms), INT64_MAX);
	unobtainable_subtract(&s->unobtainable, 0, &left);
	n = series_intervals(s, &left);
	spans_subtract(&left, &s->known.all);
	finished = left.n == 0;
	spans_release(&left);
	if (finished) {
		*came = s->report_came;
		*empty = greatest(0, n - s->report_came);
		s->report_came = 0;
		spans_clear(&s->report);
	}
	return finished;
}

/* --- requests and delivery reports */

void series_backfill_sent(struct series *s, uint64_t turn)
{
	series_changed(s);
	s->backfill_turn = turn;
}

int series_poll_soon(struct series *s, int64_t at_ms)
{
	if (!s->begun || s->limits.ended || market_is_in_question(&s->market) ||
	    s->live_from_ms >= s->wanted_until_ms || at_ms <= s->live_polled_ms)
		return 0;
	series_changed(s);
	s->live_extra_ms = at_ms;
	return 1;
}

void series_delivered(struct series *s, int64_t covers_from_ms, int64_t covers_to_ms)
{
	known_delivered(&s->known, covers_from_ms, covers_to_ms);
}

void series_failed(struct series *s, int64_t timestamp_ms, int64_t covers_from_ms,
		   int64_t covers_to_ms)
{
	series_changed(s);
	if (covers_from_ms == covers_to_ms) {
		sightings_forget(&s->sightings, timestamp_ms);
		return;
	}
	known_failed(&s->known, covers_from_ms, covers_to_ms);
}
