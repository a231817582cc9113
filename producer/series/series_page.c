/* SPDX-License-Identifier: MIT */
#include "producer/series/series_page.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/text/timetext.h"
#include "producer/series/promise.h"
#include "producer/series/reading.h"
#include "producer/series/series_state.h"
#include "producer/series/tail.h"

enum {
	PAUSE_FIRST_MS = 1000,
	PAUSE_LIVE_MAX_MS = 60 * 1000,
	UNANSWERED_MAX_MS = 10 * 1000,
	LIVE_EXTRA_MS = 4 * 1000 /* a newest candle that is late is asked for once more */
};

void publications_release(struct publications *p)
{
	free(p->v);
	*p = (struct publications){0};
}

static struct publication *publications_push(struct publications *p)
{
	GROW(p->v, p->n, p->cap);
	return &p->v[p->n++];
}

/* --- answers that are none */

static void trouble(struct series *s, const char *cause)
{
	snprintf(s->trouble, sizeof s->trouble, "%.*s", (int)sizeof s->trouble - 1, cause);
}

void series_rejected(struct series *s, const struct request *r, const char *cause, int64_t boot_ms)
{
	series_changed(s);
	trouble(s, cause);
	if (r->live) {
		s->live_fails++;
		s->live_again_boot_ms = boot_ms + retry_pause_ms(s->live_fails, PAUSE_LIVE_MAX_MS);
	} else {
		retry_spans_rejected(&s->retries, r->from_ms, r->to_ms, boot_ms);
	}
}

void series_unanswered(struct series *s, int64_t boot_ms)
{
	series_changed(s);
	s->unanswered++;
	s->again_boot_ms =
		boot_ms + least((int64_t)PAUSE_FIRST_MS * s->unanswered, UNANSWERED_MAX_MS);
}

/* --- rows */

struct reply { /* what series_page works on */
	const struct request *request;
	const struct page *page;
	int64_t boot_ms;
	struct reading reading;
	struct spans in_doubt; /* an earlier life, which it does not tell from another market's */
};

/* What was promised to be empty was one answer's word: a row that a later one shows there is
 * published all the same. */
static void empty_note(struct series *s, const struct reply *a, int64_t start_ms,
		       const struct promise *p)
{
	spans_add(&s->empty, p->covers_from_ms, p->covers_to_ms);
	spans_remove(&s->empty, start_ms, interval_end(s->iv, start_ms));
	spans_clip(&s->empty, a->reading.read_ms - EMPTY_KEPT_MS, INT64_MAX);
}

/* 1 if the row shows that what was promised of its interval was not so: there is one, or it was
 * changed since. */
static int contradicts(const struct series *s, const struct reply *a, const struct promise *p)
{
	const struct candle *row = &a->reading.rows[p->row];
	const struct sighting *seen = sightings_find(&s->sightings, row->timestamp_ms);

	return spans_contain(&s->empty, row->timestamp_ms) ||
	       (seen && sighting_is_newer(seen, row) &&
		spans_contain(&s->known.all, row->timestamp_ms));
}

/* ... or it was settled again. */
static int corrects(const struct series *s, const struct reply *a, const struct promise *p)
{
	const struct sighting *seen =
		sightings_find(&s->sightings, a->reading.rows[p->row].timestamp_ms);

	return (seen && seen->is_settled) || contradicts(s, a, p);
}

static void publish(struct series *s, const struct reply *a, const struct promise *p,
		    struct publications *out)
{
	const struct candle *row = &a->reading.rows[p->row];
	int64_t start = row->timestamp_ms, end = interval_end(s->iv, start);
	struct sighting *seen = sightings_find(&s->sightings, start);
	struct publication *pub = publications_push(out);
	int is_correction = p->covers_from_ms < p->covers_to_ms &&
			    spans_contain(&s->known.all, start) && corrects(s, a, p);

	*pub = (struct publication){.candle = *row,
				    .covers_from_ms = p->covers_from_ms,
				    .covers_to_ms = p->covers_to_ms};
	pub->origin = a->request->live                         ? ORIGIN_LIVE
		      : spans_contain(&s->known.repair, start) ? ORIGIN_REPAIR
							       : ORIGIN_BACKFILL;
	if (seen && p->covers_from_ms < p->covers_to_ms) {
		pub->candle.revision = sighting_revision(seen, row, a->reading.read_ms);
		sighting_published(seen, &pub->candle, row->revision, a->reading.read_ms);
	}
	if (!seen && (is_correction || start >= series_young_from(s)))
		(void)sightings_note(&s->sightings, row, a->reading.read_ms);
	if (is_correction) {
		sighting_corrects(sightings_find(&s->sightings, start));
		known_corrected(&s->known, start, end);
	}
	if (pub->candle.revision != row->revision)
		pub->origin = ORIGIN_REPAIR;
	known_published(&s->known, p->covers_from_ms, p->covers_to_ms);
	empty_note(s, a, start, p);
	if (spans_contain(&s->report, start))
		s->report_came++;
}

/* 1 if the promise covers something that is wanted and not known, or the row corrects something. */
static int promise_is_news(const struct series *s, const struct reply *a, const struct promise *p)
{
	int64_t from = greatest(p->covers_from_ms, series_asked_from(s, a->reading.read_ms));
	int64_t to = least(p->covers_to_ms, s->wanted_until_ms);

	return corrects(s, a, p) || (from < to && !spans_cover(&s->known.all, from, to));
}

static void final_row(struct series *s, const struct reply *a, const struct promise *p, int last,
		      struct publications *out)
{
	int64_t start = a->reading.rows[p->row].timestamp_ms;

	if (!promise_is_news(s, a, p))
		return;
	if (a->request->live && last && !contradicts(s, a, p) &&
	    spans_cover(&s->known.all, p->covers_from_ms, interval_end(s->iv, start))) {
		/* Only the quiet tail is new: withheld until it is worth a message. */
		int64_t known_to = spans_run_end(&s->known.all, p->covers_from_ms);

		if (p->covers_to_ms - known_to < QUIET_TAIL_MS) {
			spans_add(&s->seen, known_to, p->covers_to_ms);
			return;
		}
	}
	publish(s, a, p, out);
}

/* Before the first lookup it is not known what another owner has published of what had closed by
 * then. */
static void promise_clip(const struct series *s, const struct reply *a, int64_t start_ms,
			 struct promise *p)
{
	/* That clock may have been set right since then. */
	int64_t begun_ms =
		greatest(s->begun_ms, a->reading.read_ms - (a->boot_ms - s->begun_boot_ms));
	int64_t from = interval_floor(s->iv, begun_ms);

	if (s->looked_up || p->covers_from_ms >= from)
		return;
	p->covers_from_ms = from;
	if (start_ms < from)
		p->covers_from_ms = p->covers_to_ms = start_ms;
}

static void rows_take(struct series *s, const struct reply *a, struct publications *out)
{
	const struct reading *r = &a->reading;
	struct promise *promises = xcalloc(r->n + 1, sizeof *promises);
	size_t n =
		promise_page(s->iv, r->rows, r->n, r->before_ms, r->read_ms, &r->holes, promises);

	for (size_t i = 0; i < n; i++) {
		struct promise *p = &promises[i];
		const struct candle *row = &r->rows[p->row];
		int last = row->timestamp_ms < r->final_before_ms &&
			   (i + 1 == n ||
			    r->rows[promises[i + 1].row].timestamp_ms >= r->final_before_ms);

		if (!s->looked_up && row->timestamp_ms < s->live_from_ms)
			continue; /* backfill waits for the first lookup */
		if (spans_contain(&a->in_doubt, row->timestamp_ms))
			continue; /* stored, it would be compared with itself */
		promise_clip(s, a, row->timestamp_ms, p);
		if (p->covers_from_ms < p->covers_to_ms)
			final_row(s, a, p, last, out);
		else if (row->timestamp_ms < s->wanted_until_ms &&
			 sightings_note(&s->sightings, row, r->read_ms))
			publish(s, a, p, out);
	}
	free(promises);
}

/* The rows that are not candles: each costs its own interval. */
static void bad_rows(struct series *s, const struct reply *a)
{
	const struct spans *holes = &a->page->holes;
	int64_t to = least(a->reading.before_ms, a->reading.final_before_ms);

	if (a->page->n_bad > 0)
		trouble(s, a->page->bad.text);
	for (size_t i = 0; i < holes->n; i++) {
		int64_t from_ms = greatest(holes->v[i].from, s->wanted_from_ms),
			to_ms = least(holes->v[i].to, to);

		if (from_ms < to_ms && !spans_cover(&s->known.all, from_ms, to_ms))
			retry_spans_bad_row(&s->retries, from_ms, to_ms, a->boot_ms);
	}
}

/* --- what an answer says beside its rows */

/* The candle that has just closed is not there, though the two before it are: it may be late. */
static int newest_is_late(const struct series *s, const struct reading *r)
{
	int64_t closed = promise_closed_before(s->iv, r->read_ms),
		newest = interval_add(s->iv, closed, -1);

	return s->iv->nominal_ms >= FINAL_MS && newest >= s->live_polled_ms - s->iv->nominal_ms &&
	       !reading_row(r, newest) && reading_row(r, interval_add(s->iv, closed, -2)) &&
	       reading_row(r, interval_add(s->iv, closed, -3));
}

/* A live answer settles the live poll's business up to what is final by now. */
static void live_answered(struct series *s, const struct reply *a)
{
	const struct reading *r = &a->reading;
	int was_extra = s->live_extra_ms > s->live_polled_ms;

	s->live_extra_ms = !was_extra && newest_is_late(s, r) ? r->read_ms + LIVE_EXTRA_MS : 0;
	s->live_polled_ms = r->read_ms;
	s->live_first_ms = INT64_MIN;
	s->live_fails = 0;
	if (a->page->n + a->page->n_bad > 0)
		s->live_from_ms = r->final_before_ms;
}

/* What is left of a market's earlier life is compared with what is stored of it. */
static void earlier_shown(struct series *s, struct reply *a)
{
	int64_t known_from_ms = s->known.all.n > 0 ? s->known.all.v[0].from : INT64_MAX;
	const struct request *q = a->request;

	if (!earlier_is_in_doubt(&s->earlier) || s->earlier.is_other)
		return;
	if (!q->live && q->from_ms < s->earlier.until_ms &&
	    earlier_compare(&s->earlier, &a->reading, &s->sightings, &s->untold, known_from_ms,
			    series_asked_from(s, a->reading.read_ms)))
		s->covered_version = 0; /* what is covered is to be read in any case */
	else
		earlier_add(&s->earlier, &a->in_doubt);
}

/* There is nothing older than the row, though something was asked for: twice, and it is so. */
static void nothing_older(struct series *s, int64_t row_ms, int64_t read_ms)
{
	int was_another = earlier_is_in_doubt(&s->earlier) && s->earlier.until_ms <= row_ms;
	int was_there = was_another || s->unobtainable.of[UNOBTAINABLE_GONE].n > 0 ||
			(s->known.all.n > 0 && s->known.all.v[0].from < row_ms);
	const struct spans none = {0};

	if (!older_shown(&s->older, row_ms, read_ms))
		return;
	if (was_another)
		earlier_is_gone(&s->earlier);
	sightings_asked_again(&s->sightings, INT64_MIN, row_ms, &none, read_ms);
	if (!was_there && s->exchange->retention_ms(s->iv) == 0)
		s->listed_from_ms = row_ms;
	else
		unobtainable_add(&s->unobtainable, was_there ? UNOBTAINABLE_GONE : UNOBTAINABLE_OLD,
				 s->wanted_from_ms, row_ms, was_another ? &none : &s->known.all);
}

/* What a page says of the gap that it was asked for. */
static void gap_answered(struct series *s, const struct reply *a)
{
	const struct request *q = a->request;
	const struct reading *r = &a->reading;
	size_t shown = a->page->n + a->page->n_bad;

	if (shown == 0) {
		int nothing_known = s->known.all.n == 0 || s->known.all.v[0].from >= q->to_ms;

		older_empty(&s->older, nothing_known ? INT64_MIN : q->from_ms, q->to_ms,
			    spans_contain(&s->known.all, q->to_ms), a->boot_ms);
		return;
	}
	if (q->before_ms > q->to_ms && r->n > 0 && r->rows[0].timestamp_ms >= q->to_ms) {
		if (shown >= (size_t)s->exchange->page_rows) {
			older_too_far(&s->older);
			retry_spans_too_far(&s->retries, q->to_ms);
		} else if (a->page->n_bad == 0)
			nothing_older(s, r->rows[0].timestamp_ms, r->read_ms);
		return;
	}
	if (spans_contain(&s->known.all, q->to_ms - 1))
		retry_spans_drop(&s->retries, q->from_ms, q->to_ms);
	else if (!spans_contain(&r->holes, q->to_ms - 1) ||
		 spans_contain(&a->in_doubt, q->to_ms - 1)) /* never ask in a circle */
		series_rejected(s, q, "a page that tells nothing new", a->boot_ms);
	if (a->page->n == (size_t)s->exchange->page_rows)
		s->page_span_ms = q->before_ms - a->page->rows[0].timestamp_ms;
}

/* Rows that are there take back what was said of their time. */
static void rows_shown(struct series *s, const struct reply *a)
{
	int64_t oldest_ms;

	if (a->page->n == 0) {
		if (a->page->n_bad == 0)
			witness_note(&s->nothing, a->reading.read_ms);
		return;
	}
	oldest_ms = a->page->rows[0].timestamp_ms;
	s->has_rows = 1;
	older_row(&s->older, oldest_ms);
	unobtainable_shown(&s->unobtainable, oldest_ms, a->request->before_ms);
	if (oldest_ms < s->listed_from_ms)
		s->listed_from_ms = INT64_MIN;
}

/* A page may reach further back than what it was asked for: nothing is promised where something
 * that was not read may be stored. */
static void add_untold(const struct series *s, struct spans *holes)
{
	struct spans untold = {0};

	spans_copy(&untold, &s->untold);
	spans_clip(&untold, s->wanted_from_ms, INT64_MAX);
	spans_subtract(&untold, &s->known.all);
	spans_union(holes, &untold);
	spans_release(&untold);
}

/* A live page is asked for what is young: of what is not known before that, and it does not show,
 * it says nothing. */
static void add_unasked(const struct series *s, struct reading *r)
{
	int64_t end_ms = interval_end(s->iv, r->rows[r->n - 1].timestamp_ms);
	struct spans unknown = {0};

	if (!s->looked_up || end_ms >= s->live_from_ms)
		return;
	spans_add(&unknown, end_ms, s->live_from_ms);
	spans_subtract(&unknown, &s->known.all);
	spans_subtract(&unknown, &s->seen);
	spans_union(&r->holes, &unknown);
	spans_release(&unknown);
}

/* Nor does a page that ends long before its gap does, before another has said the same. */
static void add_odd_tail(struct series *s, const struct reply *a, struct reading *r)
{
	const struct request *q = a->request;
	int64_t row_ms = r->rows[r->n - 1].timestamp_ms, end_ms = interval_end(s->iv, row_ms);
	int64_t apart_ms = q->to_ms < s->live_from_ms ? TAIL_APART_BESIDE_MS : TAIL_APART_MS;
	char at[TIMETEXT_BYTES], cause[RETRY_CAUSE_BYTES];

	if (row_ms >= q->to_ms || !tail_is_odd(s->iv, r->rows, r->n, q->to_ms) ||
	    spans_contain(&r->holes, q->to_ms - 1) ||
	    retry_spans_odd(&s->retries, greatest(end_ms, q->from_ms), q->to_ms, row_ms, r->read_ms,
			    apart_ms, a->boot_ms))
		return;
	snprintf(cause, sizeof cause, "a page ends at %s, long before what it was asked up to",
		 time_format(end_ms, at));
	trouble(s, cause);
	spans_add(&r->holes, end_ms, interval_ceil(s->iv, q->to_ms));
}

void series_page(struct series *s, const struct request *request, const struct page *page,
		 int64_t read_ms, int64_t boot_ms, struct publications *out)
{
	struct reply a = {.request = request, .page = page, .boot_ms = boot_ms};
	struct reading *r = &a.reading;

	series_changed(s);
	reading_init(r, page, s->iv, request->before_ms, read_ms);
	s->unanswered = 0;
	market_found(&s->market, read_ms);
	rows_shown(s, &a);
	earlier_shown(s, &a);
	spans_union(&r->holes, &a.in_doubt);
	reading_judge(r, &s->sightings, &s->known.all);
	spans_union(&r->holes, &s->refused);
	add_untold(s, &r->holes);
	if (r->n > 0 && request->live)
		add_unasked(s, r);
	else if (r->n > 0)
		add_odd_tail(s, &a, r);
	rows_take(s, &a, out);
	bad_rows(s, &a);
	if (request->live)
		live_answered(s, &a);
	else
		gap_answered(s, &a);
	if (r->n > 0) {
		sightings_asked_again(&s->sightings, r->rows[0].timestamp_ms, r->before_ms,
				      &r->holes, read_ms);
		spans_remove(&s->doubted, r->rows[0].timestamp_ms,
			     least(r->before_ms, r->final_before_ms));
	}
	spans_release(&a.in_doubt);
	reading_release(r);
}
