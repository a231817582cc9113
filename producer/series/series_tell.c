/* SPDX-License-Identifier: MIT */
#include "producer/series/series_tell.h"

#include "producer/series/series_ask.h"
#include "producer/series/series_state.h"

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

int series_is_delisted(const struct series *s)
{
	return s->wanted_until_ms < INT64_MAX && s->until_ms == INT64_MAX;
}

int series_was_there(const struct series *s)
{
	return s->market.was_listed || s->known.all.n > 0 || series_is_delisted(s);
}

const char *series_state(const struct series *s)
{
	if (s->limits.ended)
		return "ended";
	if (series_is_delisted(s))
		return "delisted";
	if (market_is_suspected(&s->market))
		return series_was_there(s) ? "market not found" : "unknown market";
	if (earlier_is_in_doubt(&s->earlier))
		return "listed again";
	if (series_has_no_trades_yet(s))
		return "no trades yet";
	if (s->retries.n > 0)
		return "pages or rows rejected";
	return s->refused.n > 0 ? "refused by the database" : "ok";
}

const char *series_trouble(const struct series *s)
{
	if (s->retries.n > 0)
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

	return m->listed == LISTED_NOT && !series_was_there(s) &&
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
	return s->retries.n > 0;
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

int64_t series_wanted_until_ms(const struct series *s)
{
	return s->wanted_until_ms;
}

int series_market_is_doubtful(const struct series *s)
{
	return market_is_doubtful(&s->market) && !series_is_delisted(s);
}

void series_evidence(const struct series *s, struct evidence *out)
{
	*out = (struct evidence){.market = s->market,
				 .oldest_row_ms = s->older.row_ms,
				 .older = s->older.said,
				 .earlier_until_ms = s->earlier.until_ms};
}

const struct unobtainable *series_unobtainable_stored(const struct series *s)
{
	return &s->unobtainable_stored;
}

void series_corrections(const struct series *s, struct spans *out)
{
	sightings_corrections(&s->sightings, s->iv, out);
	spans_union(out, &s->doubted);
	earlier_add(&s->earlier, out);
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
	spans_subtract(&gaps, &s->untold);
	told = series_intervals(s, &gaps);
	series_corrections(s, &gaps);
	corrections = gaps.n;
	spans_release(&gaps);
	return told == missing && corrections == 0 ? s->covered_version : 0;
}
