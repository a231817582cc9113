#include "series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

enum {
	PAUSE_FIRST_MS = 1000,
	PAUSE_LIVE_MAX_MS = 60 * 1000,
	CLOCK_SET_BACK_MS = 5000,
	WANTED_AT_FIRST = 200, /* intervals, where nothing says otherwise */
	UNANSWERED_MAX_MS = 10 * 1000
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void series_init(struct series *s, const char *symbol, const struct interval *iv, int64_t since_ms, int64_t retention_ms)
{
	*s = (struct series){.iv = iv, .since_ms = since_ms, .until_ms = INT64_MAX, .retention_ms = retention_ms};
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
	struct series fresh = {.iv = s->iv, .owned = s->owned, .tenure = s->tenure, .market = s->market, .was_listed = s->was_listed,
			       .since_ms = s->since_ms, .until_ms = s->until_ms, .retention_ms = s->retention_ms, .wanted_until_ms = INT64_MAX,
			       .listed_from_ms = INT64_MIN};

	memcpy(fresh.symbol, s->symbol, sizeof fresh.symbol);
	series_release(s);
	*s = fresh;
}

void series_take(struct series *s)
{
	s->owned = 1;
	s->tenure++;
	forget(s);
}

void series_leave(struct series *s)
{
	s->owned = 0;
	forget(s);
}

void publications_release(struct publications *p)
{
	free(p->v);
	*p = (struct publications){0};
}

static struct publication *publications_push(struct publications *p)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->v = xreallocarray(p->v, p->cap, sizeof *p->v);
	}
	return &p->v[p->n++];
}

void series_begin(struct series *s, int64_t now_ms)
{
	s->begun = 1;
	s->live_from_ms = promise_final_before(s->iv, now_ms);
	s->live_polled_ms = s->live_from_ms; /* due at once */
	s->wanted_from_ms = interval_add(s->iv, interval_floor(s->iv, now_ms), -WANTED_AT_FIRST);
	if (s->since_ms != INT64_MIN)
		s->wanted_from_ms = interval_floor(s->iv, s->since_ms);
	if (s->until_ms != INT64_MAX)
		s->wanted_until_ms = s->until_ms < s->live_from_ms ? interval_ceil(s->iv, s->until_ms) : s->live_from_ms;
}

/* --- what is wanted */

/* Where asking begins: nothing before the listing (but for the daily question), nothing that the exchange has dropped. */
static int64_t asked_from(const struct series *s, int64_t now_ms, int64_t boot_ms)
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
	return least(least(s->live_from_ms, promise_final_before(s->iv, now_ms)), s->wanted_until_ms);
}

static int64_t intervals_of(const struct series *s, const struct spans *spans)
{
	int64_t n = 0;

	for (size_t i = 0; i < spans->n; i++)
		n += interval_count(s->iv, spans->v[i].from, spans->v[i].to);
	return n;
}

void series_gaps(const struct series *s, const struct spans *claims, int64_t now_ms, int64_t boot_ms, struct spans *out)
{
	spans_clear(out);
	if (!s->looked_once || boot_ms < s->unknown_until_boot_ms || boot_ms < s->again_boot_ms)
		return;
	spans_add(out, asked_from(s, now_ms, boot_ms), asked_until(s, now_ms));
	spans_subtract(out, &s->known);
	spans_subtract(out, &s->seen);
	holds_subtract(&s->holds, boot_ms, out);
	if (claims)
		spans_subtract(out, claims);
}

int64_t series_unrecoverable(const struct series *s, int64_t now_ms)
{
	struct spans lost = {0};
	int64_t n = 0;

	if (s->retention_ms > 0 && s->looked_once) {
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

	spans_add(&left, asked_from(s, now_ms, boot_ms), asked_until(s, now_ms));
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
	if (s->until_ms == INT64_MAX && s->looked_once && (s->was_listed || s->known.n > 0)) {
		int ended = s->wanted_until_ms < INT64_MAX;

		s->unknown_until_boot_ms = boot_ms + UNKNOWN_MARKET_MS;
		if (!ended)
			s->wanted_until_ms = s->known.n > 0 ? s->known.v[s->known.n - 1].to : s->wanted_from_ms;
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
	/* Deliveries reported so far lie before the end offsets that this look is about to read: when it ends, the
	 * database speaks for them. */
	spans_union(&s->fresh_before, &s->fresh_since);
	spans_clear(&s->fresh_since);
}

int64_t series_look_ended(struct series *s, const struct spans *covered, int64_t now_ms, int64_t boot_ms)
{
	struct spans before = {0}, missing = {0};
	int64_t n;

	spans_swap(&before, &s->known);
	spans_copy(&s->looked, covered);
	spans_clear(&s->fresh_before);
	known_rebuild(s);
	holds_known(&s->holds, &s->known);
	/* What an answer showed to be empty is believed until a promise is due for it, no longer. */
	spans_clip(&s->seen, now_ms - FINAL_MS - QUIET_TAIL_MS - 2 * s->iv->nominal_ms, INT64_MAX);
	if (s->looked_once) {
		spans_subtract(&before, &s->known);
		spans_union(&s->repair, &before);
	}
	spans_subtract(&s->repair, &s->known);
	s->looked_once = 1;

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

/* --- answers that are none */

void series_rejected(struct series *s, int64_t from_ms, int64_t to_ms, int64_t boot_ms)
{
	if (to_ms == INT64_MAX) {
		s->live_fails++;
		s->live_again_boot_ms = boot_ms + hold_pause_ms(s->live_fails, PAUSE_LIVE_MAX_MS);
	} else {
		holds_rejected(&s->holds, from_ms, to_ms, boot_ms);
	}
}

void series_unknown_market(struct series *s, int64_t boot_ms)
{
	s->unknown_until_boot_ms = boot_ms + UNKNOWN_MARKET_MS;
}

void series_unanswered(struct series *s, int64_t boot_ms)
{
	s->unanswered++;
	s->again_boot_ms = boot_ms + least((int64_t)PAUSE_FIRST_MS * s->unanswered, UNANSWERED_MAX_MS);
}

/* An empty page claims nothing. Twice, a minute or more apart, with nothing known before it: the listing begins here. Where it is
 * right, everything older is empty as well and must not be asked for page by page: it waits with it. */
static void page_empty(struct series *s, int64_t from_ms, int64_t to_ms, int64_t boot_ms)
{
	int nothing_older = s->known.n == 0 || s->known.v[0].from >= to_ms;

	if (to_ms < s->listed_from_ms)
		return; /* beside the question below */
	if (to_ms == s->listed_from_ms) {
		s->listed_asked_boot_ms = boot_ms;
	} else if (holds_empty(&s->holds, nothing_older ? INT64_MIN : from_ms, to_ms, boot_ms) && nothing_older) {
		s->listed_from_ms = to_ms;
		s->listed_asked_boot_ms = boot_ms;
		holds_not_empty(&s->holds, INT64_MIN);
	}
}

/* --- repairs */

static int by_timestamp(const void *a, const void *b)
{
	int64_t x = ((const struct stored *)a)->timestamp_ms, y = ((const struct stored *)b)->timestamp_ms;

	return x < y ? -1 : x > y;
}

void series_stored(struct series *s, struct stored *rows, size_t n)
{
	free(s->stored);
	s->stored = rows;
	s->n_stored = n;
	if (n > 0)
		qsort(rows, n, sizeof *rows, by_timestamp);
}

static void revision_raise(const struct series *s, struct publication *pub)
{
	struct stored key = {.timestamp_ms = pub->candle.timestamp_ms}, *found = NULL;

	if (s->n_stored > 0)
		found = bsearch(&key, s->stored, s->n_stored, sizeof *s->stored, by_timestamp);
	if (found && found->revision > pub->candle.revision) {
		pub->candle.revision = found->revision;
		pub->origin = ORIGIN_REPAIR;
	}
}

/* --- pages */

struct reading { /* what series_page works on */
	int64_t read_ms, boot_ms;
	int live;
};

static void publish(struct series *s, const struct candle *row, const struct promise *p, int live, struct publications *out)
{
	struct publication *pub = publications_push(out);

	*pub = (struct publication){.candle = *row, .covers_from_ms = p->covers_from_ms, .covers_to_ms = p->covers_to_ms};
	pub->origin = live ? ORIGIN_LIVE : spans_contain(&s->repair, row->timestamp_ms) ? ORIGIN_REPAIR : ORIGIN_BACKFILL;
	revision_raise(s, pub);
	spans_add(&s->in_flight, p->covers_from_ms, p->covers_to_ms);
	spans_add(&s->known, p->covers_from_ms, p->covers_to_ms);
	if (spans_contain(&s->report, row->timestamp_ms))
		s->report_came++;
}

/* 1 where the promise covers something that is wanted and not known. */
static int promise_is_news(const struct series *s, const struct reading *r, const struct promise *p)
{
	int64_t from = greatest(p->covers_from_ms, asked_from(s, r->read_ms, r->boot_ms));
	int64_t to = least(p->covers_to_ms, s->wanted_until_ms);

	return from < to && !spans_cover(&s->known, from, to);
}

static void final_row(struct series *s, const struct reading *r, const struct candle *row, const struct promise *p, int last,
		      struct publications *out)
{
	int64_t own_end = interval_end(s->iv, row->timestamp_ms);

	if (!promise_is_news(s, r, p))
		return;
	if (r->live && last && spans_cover(&s->known, p->covers_from_ms, own_end)) {
		/* Only the quiet tail is new: withheld until it is worth a message. */
		int64_t known_to = spans_run_end(&s->known, p->covers_from_ms);

		if (p->covers_to_ms - known_to < QUIET_TAIL_MS) {
			spans_add(&s->seen, known_to, p->covers_to_ms);
			return;
		}
	}
	publish(s, row, p, r->live, out);
}

/* A live answer settles the live poll's business up to what is final by now. */
static void live_answered(struct series *s, const struct page *page, int64_t read_ms)
{
	s->live_polled_ms = read_ms;
	s->live_fails = 0;
	if (page->n > 0)
		s->live_from_ms = promise_final_before(s->iv, read_ms);
}

void series_page(struct series *s, const struct page *page, int64_t from_ms, int64_t to_ms, int count, int64_t read_ms,
		 int64_t boot_ms, struct publications *out)
{
	struct reading r = {.read_ms = read_ms, .boot_ms = boot_ms, .live = to_ms == INT64_MAX};
	struct promise *promises = xcalloc(page->n + 1, sizeof *promises);
	size_t n = promise_page(s->iv, page->rows, page->n, to_ms, read_ms, promises);
	int64_t final_before = promise_final_before(s->iv, read_ms);

	s->unanswered = 0;
	provisionals_drop_before(&s->provisionals, final_before);
	for (size_t i = 0; i < n; i++) {
		const struct promise *p = &promises[i];
		const struct candle *row = &page->rows[p->row];
		int last_final = row->timestamp_ms < final_before &&
				 (i + 1 == n || page->rows[promises[i + 1].row].timestamp_ms >= final_before);

		if (!s->looked_once && row->timestamp_ms < s->live_from_ms)
			continue; /* backfill waits for the first look */
		if (p->covers_from_ms < p->covers_to_ms)
			final_row(s, &r, row, p, last_final, out);
		else if (row->timestamp_ms < s->wanted_until_ms && provisionals_note(&s->provisionals, row))
			publish(s, row, p, r.live, out);
	}
	if (r.live) {
		live_answered(s, page, read_ms);
	} else if (page->n == 0) {
		page_empty(s, from_ms, to_ms, boot_ms);
	} else {
		if (spans_contain(&s->known, to_ms - 1))
			holds_drop(&s->holds, from_ms, to_ms);
		else
			series_rejected(s, from_ms, to_ms, boot_ms); /* nothing gained: never ask in a circle */
		holds_not_empty(&s->holds, page->rows[0].timestamp_ms);
		if (page->rows[0].timestamp_ms < s->listed_from_ms)
			s->listed_from_ms = INT64_MIN;
		if (count >= PAGE_ROWS && page->n == PAGE_ROWS)
			s->page_span_ms = to_ms - page->rows[0].timestamp_ms;
	}
	free(promises);
}

/* --- delivery reports */

void series_delivered(struct series *s, int64_t covers_from_ms, int64_t covers_to_ms)
{
	spans_remove(&s->in_flight, covers_from_ms, covers_to_ms);
	spans_add(&s->fresh_since, covers_from_ms, covers_to_ms);
}

void series_failed(struct series *s, int64_t timestamp_ms, int64_t covers_from_ms, int64_t covers_to_ms)
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
	if (!s->begun || s->live_from_ms >= s->wanted_until_ms)
		return INT64_MAX;
	if (now_ms < s->live_polled_ms - CLOCK_SET_BACK_MS)
		return now_ms;
	/* Closed, and final: with 2 s on both, one poll of 1m serves the second of one candle and the first of the next. */
	return least(next_end_of_age(s->iv, s->live_polled_ms, SETTLE_MS),
		     next_end_of_age(s->iv, s->live_polled_ms, FINAL_MS + SETTLE_MS));
}

int series_live_count(const struct series *s, int64_t now_ms)
{
	/* What is not settled, the forming candle, an older neighbour, and what may close on the way. */
	int64_t n = interval_count(s->iv, s->live_from_ms, interval_end(s->iv, interval_floor(s->iv, now_ms))) + 2;

	return (int)least(n + (s->iv->nominal_ms < FINAL_MS ? 2 : 0), PAGE_ROWS);
}
