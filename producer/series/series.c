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
	spans_release(&s->told);
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
	fresh.changes = s->changes;
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

void series_watch(struct series *s, struct changes *changes, uint32_t place)
{
	s->changes = changes;
	s->place = place;
}

void series_begin(struct series *s, int64_t now_ms)
{
	series_changed(s);
	s->begun = 1;
	s->begun_ms = now_ms;
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

/* --- questions */

const char *series_symbol(const struct series *s)
{
	return s->symbol;
}

const struct interval *series_interval(const struct series *s)
{
	return s->iv;
}

int series_is_owned(const struct series *s)
{
	return s->owned;
}

uint32_t series_epoch(const struct series *s)
{
	return s->epoch;
}

int series_is_current(const struct series *s, uint32_t epoch)
{
	return s->owned && s->epoch == epoch;
}

int series_has_begun(const struct series *s)
{
	return s->begun;
}

int series_is_looked_up(const struct series *s)
{
	return s->looked_up;
}

int64_t series_listed_from_ms(const struct series *s)
{
	return s->listed_from_ms;
}

static int is_delisted(const struct series *s)
{
	return s->wanted_until_ms < INT64_MAX && s->until_ms == INT64_MAX;
}

static int was_there(const struct series *s)
{
	return s->market.was_listed || s->known.all.n > 0 || is_delisted(s);
}

const char *series_state(const struct series *s)
{
	if (s->limits.ended)
		return "ended";
	if (is_delisted(s))
		return "delisted";
	if (market_is_suspected(&s->market))
		return was_there(s) ? "market not found" : "unknown market";
	if (earlier_is_in_doubt(&s->earlier))
		return "listed again";
	if (series_has_no_trades_yet(s))
		return "no trades yet";
	if (retry_spans_any(&s->retries))
		return "pages or rows rejected";
	return s->refused.n > 0 ? "refused by the database" : "ok";
}

const char *series_trouble(const struct series *s)
{
	if (retry_spans_any(&s->retries))
		return s->trouble;
	return s->refused.n > 0 ? s->refused_cause : "";
}

int series_is_stuck(const struct series *s)
{
	return market_is_suspected(&s->market) || retry_spans_are_stuck(&s->retries) ||
	       s->refused.n > 0;
}

int series_is_unproven(const struct series *s)
{
	const struct market *m = &s->market;

	return m->listed == LISTED_NOT && !was_there(s) &&
	       (m->heard_ms == 0 || witness_heard(&m->not_found));
}

int64_t series_earlier_until_ms(const struct series *s)
{
	return s->earlier.is_other ? s->earlier.until_ms : INT64_MIN;
}

int series_has_candles(const struct series *s)
{
	return s->has_rows || s->known.all.n > 0;
}

int series_has_retries(const struct series *s)
{
	return retry_spans_any(&s->retries);
}

void series_retries(const struct series *s, size_t *rows, size_t *pages)
{
	*rows = retry_spans_count(&s->retries, 1);
	*pages = retry_spans_count(&s->retries, 0);
}

size_t series_fragments(const struct series *s)
{
	return s->known.covered.n;
}

/* --- what is wanted */

void series_wanted(const struct series *s, struct wanted *out)
{
	*out = (struct wanted){.widen = s->since_ms != INT64_MIN,
			       .looked_up = s->looked_up,
			       .from_ms = s->wanted_from_ms,
			       .until_ms = s->wanted_until_ms,
			       .listed_from_ms = s->listed_from_ms,
			       .listed_before_ms = s->listed_from_ms,
			       .earlier_until_ms = series_earlier_until_ms(s)};
}

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

int64_t series_wanted_until_ms(const struct series *s)
{
	return s->wanted_until_ms;
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

int series_market_is_doubtful(const struct series *s)
{
	return market_is_doubtful(&s->market) && !is_delisted(s);
}

static enum market_change judge_listed(struct series *s)
{
	s->unknown_said_boot_ms = 0;
	if (!is_delisted(s))
		return MARKET_AS_BEFORE;
	series_changed(s);
	if (s->wanted_until_ms > s->wanted_from_ms)
		earlier_begin(&s->earlier, s->iv, s->wanted_until_ms);
	s->wanted_until_ms = INT64_MAX;
	unobtainable_clear(&s->unobtainable, UNOBTAINABLE_DELISTED);
	return MARKET_LISTED_AGAIN;
}

static enum market_change judge_gone(struct series *s)
{
	int ended = is_delisted(s);

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
	if (was_there(s) && s->until_ms == INT64_MAX)
		return judge_gone(s);
	/* Before the first lookup it is not known whether it was there. */
	if (was_there(s) || !s->looked_up || !market_is_suspected(&s->market) ||
	    (s->unknown_said_boot_ms != 0 && boot_ms - s->unknown_said_boot_ms < MARKET_GONE_MS))
		return MARKET_AS_BEFORE;
	s->unknown_said_boot_ms = boot_ms;
	return MARKET_UNKNOWN;
}

/* --- what survives a takeover */

void series_evidence(const struct series *s, struct evidence *out)
{
	*out = (struct evidence){.market = s->market,
				 .oldest_row_ms = s->older.row_ms,
				 .older = s->older.said,
				 .earlier_until_ms = s->earlier.until_ms};
}

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

const struct unobtainable *series_unobtainable_stored(const struct series *s)
{
	return &s->unobtainable_stored;
}

/* --- lookups */

void series_lookup_began(struct series *s)
{
	known_lookup_began(&s->known);
}

void series_corrections(const struct series *s, struct spans *out)
{
	sightings_corrections(&s->sightings, s->iv, out);
	spans_union(out, &s->doubted);
	earlier_add(&s->earlier, out);
}

/* What a live poll will show is watched from now on; what lies too far back for it is read again,
 * with the gap that begins there. */
static void late_begin(struct series *s, const struct spans *covered)
{
	struct spans empty = {0};
	int64_t to_ms, until_ms = least(s->live_from_ms, s->wanted_until_ms);

	late_empty(covered, s->iv, series_young_ms(s), &s->sightings, &s->told, &empty);
	spans_union(&s->empty, &empty);
	to_ms = covered->n > 0 ? covered->v[covered->n - 1].to : INT64_MAX;
	if (to_ms < INT64_MAX - YOUNG_MS && to_ms + YOUNG_MS < until_ms) {
		spans_clip(&empty, to_ms - LATE_MS, to_ms);
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
	spans_clip(&s->seen, now_ms - FINAL_MS - QUIET_TAIL_MS - 2 * s->iv->nominal_ms, INT64_MAX);

	series_gaps_all(s, now_ms, &missing);
	spans_subtract(&missing, &s->report);
	n = series_intervals(s, &missing);
	spans_union(&s->report, &missing);
	spans_release(&missing);
	return n;
}

int64_t series_version(const struct series *s, int64_t now_ms)
{
	struct spans gaps = {0};
	int64_t missing, told;
	size_t corrections;

	/* Where not all of what is stored was read, the rest is still to be read; and whether a
	 * correction is stored. */
	series_gaps_all(s, now_ms, &gaps);
	missing = series_intervals(s, &gaps);
	series_subtract_untold(s, &gaps);
	told = series_intervals(s, &gaps);
	series_corrections(s, &gaps);
	corrections = gaps.n;
	spans_release(&gaps);
	return told == missing && corrections == 0 ? s->covered_version : 0;
}

void series_version_is(struct series *s, int64_t version)
{
	s->covered_version = version;
}

void series_stored(struct series *s, struct stored *rows, const struct spans *told, int64_t now_ms)
{
	int64_t from_ms;

	series_changed(s);
	stored_sort(rows);
	from_ms = sightings_stored(&s->sightings, rows, told);
	spans_clear(&s->told);
	if (told)
		spans_union(&s->told, told);
	else
		spans_add(&s->told, INT64_MIN, now_ms);
	if (from_ms > INT64_MIN)
		spans_clip(&s->told, from_ms, INT64_MAX);
	s->told_until_ms = interval_floor(s->iv, now_ms); /* a gap may begin there */
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
