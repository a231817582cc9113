/* SPDX-License-Identifier: MIT */
#include "producer/series/series_page.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "producer/series/promise.h"
#include "producer/series/series_state.h"

enum { PAUSE_FIRST_MS = 1000, PAUSE_LIVE_MAX_MS = 60 * 1000, UNANSWERED_MAX_MS = 10 * 1000 };

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

/* --- answers that are none */

void series_rejected(struct series *s, const struct request *r, int64_t boot_ms)
{
	if (r->live) {
		s->live_fails++;
		s->live_again_boot_ms = boot_ms + retry_pause_ms(s->live_fails, PAUSE_LIVE_MAX_MS);
	} else {
		retry_spans_rejected(&s->retries, r->from_ms, r->to_ms, boot_ms);
	}
}

void series_unknown_market(struct series *s, int64_t boot_ms)
{
	s->unknown_until_boot_ms = boot_ms + UNKNOWN_MARKET_MS;
}

void series_unanswered(struct series *s, int64_t boot_ms)
{
	s->unanswered++;
	s->again_boot_ms =
		boot_ms + least((int64_t)PAUSE_FIRST_MS * s->unanswered, UNANSWERED_MAX_MS);
}

/* An empty page claims nothing. Twice, a minute or more apart, with nothing known before it: the
 * listing begins here. Where it is right, everything older is empty as well and must not be asked
 * for page by page: it waits with it. */
static void page_empty(struct series *s, int64_t from_ms, int64_t to_ms, int64_t boot_ms)
{
	int nothing_older = s->known.n == 0 || s->known.v[0].from >= to_ms;

	if (to_ms < s->listed_from_ms)
		return; /* beside the question below */
	if (to_ms == s->listed_from_ms) {
		s->listed_asked_boot_ms = boot_ms;
	} else if (retry_spans_empty(&s->retries, nothing_older ? INT64_MIN : from_ms, to_ms,
				     boot_ms) &&
		   nothing_older) {
		s->listed_from_ms = to_ms;
		s->listed_asked_boot_ms = boot_ms;
		retry_spans_not_empty(&s->retries, INT64_MIN);
	}
}

static void revision_raise(const struct series *s, struct publication *pub)
{
	int64_t revision = stored_revision(&s->stored, pub->candle.timestamp_ms);

	if (revision > pub->candle.revision) {
		pub->candle.revision = revision;
		pub->origin = ORIGIN_REPAIR;
	}
}

/* --- pages */

struct reading { /* what series_page works on */
	int64_t read_ms, boot_ms;
	int live;
};

static void publish(struct series *s, const struct candle *row, const struct promise *p, int live,
		    struct publications *out)
{
	struct publication *pub = publications_push(out);

	*pub = (struct publication){.candle = *row,
				    .covers_from_ms = p->covers_from_ms,
				    .covers_to_ms = p->covers_to_ms};
	pub->origin = live                                           ? ORIGIN_LIVE
		      : spans_contain(&s->repair, row->timestamp_ms) ? ORIGIN_REPAIR
								     : ORIGIN_BACKFILL;
	revision_raise(s, pub);
	spans_add(&s->in_flight, p->covers_from_ms, p->covers_to_ms);
	spans_add(&s->known, p->covers_from_ms, p->covers_to_ms);
	if (spans_contain(&s->report, row->timestamp_ms))
		s->report_came++;
}

/* 1 if the promise covers something that is wanted and not known. */
static int promise_is_news(const struct series *s, const struct reading *r, const struct promise *p)
{
	int64_t from = greatest(p->covers_from_ms, series_asked_from(s, r->read_ms, r->boot_ms));
	int64_t to = least(p->covers_to_ms, s->wanted_until_ms);

	return from < to && !spans_cover(&s->known, from, to);
}

static void final_row(struct series *s, const struct reading *r, const struct candle *row,
		      const struct promise *p, int last, struct publications *out)
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
	s->live_first_ms = INT64_MIN;
	s->live_fails = 0;
	if (page->n > 0)
		s->live_from_ms = promise_final_before(s->iv, read_ms);
}

/* What a page says of the gap that it was asked for. */
static void gap_answered(struct series *s, const struct request *r, const struct page *page,
			 int64_t boot_ms)
{
	int64_t oldest_ms;

	if (page->n == 0) {
		page_empty(s, r->from_ms, r->to_ms, boot_ms);
		return;
	}
	oldest_ms = page->rows[0].timestamp_ms;
	if (spans_contain(&s->known, r->to_ms - 1))
		retry_spans_drop(&s->retries, r->from_ms, r->to_ms);
	else
		series_rejected(s, r, boot_ms); /* nothing gained: never ask in a circle */
	retry_spans_not_empty(&s->retries, oldest_ms);
	if (oldest_ms < s->listed_from_ms)
		s->listed_from_ms = INT64_MIN;
	if (page->n == (size_t)s->exchange->page_rows)
		s->page_span_ms = r->to_ms - oldest_ms;
}

void series_page(struct series *s, const struct request *r, const struct page *page,
		 int64_t read_ms, int64_t boot_ms, struct publications *out)
{
	struct reading reading = {.read_ms = read_ms, .boot_ms = boot_ms, .live = r->live};
	struct promise *promises = xcalloc(page->n + 1, sizeof *promises);
	size_t n = promise_page(s->iv, page->rows, page->n, r->to_ms, read_ms, promises);
	int64_t final_before = promise_final_before(s->iv, read_ms);

	s->unanswered = 0;
	provisionals_drop_before(&s->provisionals, final_before);
	for (size_t i = 0; i < n; i++) {
		const struct promise *p = &promises[i];
		const struct candle *row = &page->rows[p->row];
		int last_final = row->timestamp_ms < final_before &&
				 (i + 1 == n ||
				  page->rows[promises[i + 1].row].timestamp_ms >= final_before);

		if (!s->looked_up && row->timestamp_ms < s->live_from_ms)
			continue; /* backfill waits for the first lookup */
		if (p->covers_from_ms < p->covers_to_ms)
			final_row(s, &reading, row, p, last_final, out);
		else if (row->timestamp_ms < s->wanted_until_ms &&
			 provisionals_note(&s->provisionals, row))
			publish(s, row, p, r->live, out);
	}
	if (r->live)
		live_answered(s, page, read_ms);
	else
		gap_answered(s, r, page, boot_ms);
	free(promises);
}
