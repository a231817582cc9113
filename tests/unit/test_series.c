/* SPDX-License-Identifier: MIT */
/* Promises, series and plan, scene by scene. Pages are written as a picture: one character an
 * interval from 10:00 on, a letter for a candle, a dot for an interval without trades. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/alloc.h"
#include "producer/exchange/upbit.h"
#include "producer/exchange/upbit_page.h"
#include "producer/series/plan.h"
#include "producer/series/promise.h"
#include "producer/series/series.h"
#include "producer/series/series_page.h"
#include "producer/series/series_state.h"

#define T0    1700042400000 /* 2023-11-15T10:00:00Z */
#define MIN   60000
#define NO_TO INT64_MAX

static const struct interval *m1(void)
{
	return interval_by_name("1m");
}

static int64_t clock_at(int minute, int second)
{
	return T0 + (int64_t)minute * MIN + second * 1000;
}

static void page_of(const char *picture, struct page *page)
{
	*page = (struct page){.rows = xcalloc(strlen(picture) + 1, sizeof *page->rows)};
	for (size_t i = 0; picture[i]; i++) {
		struct candle *c = &page->rows[page->n];

		if (picture[i] == '.')
			continue;
		snprintf(c->symbol, sizeof c->symbol, "KRW-BTC");
		c->interval = m1();
		c->timestamp_ms = T0 + (int64_t)i * MIN;
		c->revision = c->timestamp_ms + 1;
		snprintf(c->close, sizeof c->close, "%d", picture[i]);
		snprintf(c->open, sizeof c->open, "1");
		snprintf(c->high, sizeof c->high, "1");
		snprintf(c->low, sizeof c->low, "1");
		snprintf(c->volume, sizeof c->volume, "1");
		snprintf(c->quote_volume, sizeof c->quote_volume, "1");
		page->n++;
	}
}

static void looked(struct series *s, int from_minute, int to_minute, int64_t now_ms,
		   int64_t missing)
{
	struct spans covered = {0};

	spans_add(&covered, clock_at(from_minute, 0), clock_at(to_minute, 0));
	series_lookup_began(s);
	assert_int_equal(series_lookup_ended(s, &covered, now_ms), missing);
	spans_release(&covered);
}

static struct request asked(struct series *s, int64_t from_ms, int64_t to_ms)
{
	return (struct request){.series = s,
				.live = to_ms == NO_TO,
				.from_ms = from_ms,
				.to_ms = to_ms,
				.before_ms = to_ms};
}

/* "A[0,1) E[2,5) F[]": minutes from 10:00. */
static const char *publications_text(const struct publications *out, char text[512])
{
	text[0] = 0;
	for (size_t i = 0; i < out->n; i++) {
		const struct publication *p = &out->v[i];
		size_t at = strlen(text);

		if (p->covers_from_ms == p->covers_to_ms)
			snprintf(text + at, 512 - at, "%s%c[]", i ? " " : "",
				 atoi(p->candle.close));
		else
			snprintf(text + at, 512 - at, "%s%c[%d,%d)", i ? " " : "",
				 atoi(p->candle.close), (int)((p->covers_from_ms - T0) / MIN),
				 (int)((p->covers_to_ms - T0) / MIN));
	}
	return text;
}

/* The publications of a page. */
static void page_gives(struct series *s, const char *picture, int64_t to_ms, int64_t read_ms,
		       int64_t boot_ms, const char *expected)
{
	struct request r = asked(s, T0, to_ms);
	struct publications out = {0};
	struct page page;
	char text[512];

	page_of(picture, &page);
	series_page(s, &r, &page, read_ms, boot_ms, &out);
	assert_string_equal(publications_text(&out, text), expected);
	publications_release(&out);
	page_release(&page);
}

static void begin(struct series *s, int64_t since_ms, int64_t now_ms)
{
	series_init(s, "KRW-BTC", m1(), &exchange_upbit, since_ms, INT64_MAX);
	series_begin(s, now_ms);
}

static void the_picture_of_the_contract(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(1, 0));
	looked(&s, -1, 0, clock_at(1, 0), 0);
	page_gives(&s, "AB..EFg", NO_TO, clock_at(6, 5), 0, "A[0,1) B[1,2) E[2,5) F[]");
	/* unchanged: not again, but for the final form */
	page_gives(&s, "AB..EFg", NO_TO, clock_at(6, 35), 0, "");
	page_gives(&s, "AB..EF", NO_TO, clock_at(7, 5), 0, "F[5,6)");
	/* the quiet tail: withheld until it is 5 minutes long */
	page_gives(&s, "AB..EF", NO_TO, clock_at(9, 5), 0, "");
	page_gives(&s, "AB..EF", NO_TO, clock_at(11, 59), 0, "");
	page_gives(&s, "AB..EF", NO_TO, clock_at(12, 5), 0, "F[5,11)");
	page_gives(&s, "AB..EF", NO_TO, clock_at(30, 0), 0, "F[5,29)");
	series_release(&s);
}

static void a_changed_provisional_candle_is_published_again(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	looked(&s, -1, 4, clock_at(5, 30), 0);
	page_gives(&s, "ABCDE", NO_TO, clock_at(5, 31), 0, "E[]");
	page_gives(&s, "ABCDF", NO_TO, clock_at(5, 33), 0, "F[]");
	page_gives(&s, "ABCDF", NO_TO, clock_at(5, 35), 0, "");
	/* its delivery failed: once more */
	series_failed(&s, clock_at(4, 0), clock_at(4, 0), clock_at(4, 0));
	page_gives(&s, "ABCDF", NO_TO, clock_at(5, 36), 0, "F[]");
	/* 2 s of settling: the candle of 10:05 is not closed at 10:06:01 */
	page_gives(&s, "ABCDFG", NO_TO, clock_at(6, 1), 0, "F[4,5)");
	page_gives(&s, "ABCDFG", NO_TO, clock_at(6, 2), 0, "G[]");
	series_release(&s);
}

static void five_missing_candles(void **state)
{
	struct series s;
	struct spans gaps = {0};
	int64_t came, empty;

	(void)state;
	begin(&s, INT64_MIN, clock_at(10, 30));
	s.wanted_from_ms = clock_at(-100, 0);
	/* live goes first, but leaves what ended a minute or more ago to the first lookup */
	page_gives(&s, "ABCDEFGHIJk", NO_TO, clock_at(10, 30), 0, "J[]");
	looked(&s, -100, 4, clock_at(10, 30), 5);
	series_gaps(&s, NULL, clock_at(10, 30), 0, &gaps);
	assert_int_equal(gaps.n, 1);
	assert_int_equal(gaps.v[0].from, clock_at(4, 0));
	assert_int_equal(gaps.v[0].to, clock_at(9, 0));
	assert_false(series_report_finished(&s, &came, &empty));
	page_gives(&s, "...DEF.HI", clock_at(9, 0), clock_at(10, 31), 0,
		   "E[4,5) F[5,6) H[6,8) I[8,9)");
	assert_true(series_report_finished(&s, &came, &empty));
	assert_int_equal(came, 4);
	assert_int_equal(empty, 1);
	spans_release(&gaps);
	series_release(&s);
}

static void a_gap_without_any_trade_is_promised_by_the_candle_before_it(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 5, clock_at(60, 0), 54);
	page_gives(&s, "ABC", clock_at(50, 0), clock_at(60, 1), 0, "C[2,50)");
	series_release(&s);
}

static void pages_join_without_a_seam(void **state)
{
	struct series s;
	struct spans gaps = {0};

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 0, clock_at(60, 0), 59);
	page_gives(&s, "........................................OP", clock_at(59, 0),
		   clock_at(60, 1), 0, "O[40,41) P[41,59)");
	series_gaps(&s, NULL, clock_at(60, 1), 0, &gaps);
	assert_int_equal(gaps.v[0].to, clock_at(40, 0)); /* the oldest row's start, unchanged */
	page_gives(&s, "A.C", clock_at(40, 0), clock_at(60, 2), 0, "A[0,1) C[1,40)");
	series_gaps(&s, NULL, clock_at(60, 2), 0, &gaps);
	assert_int_equal(gaps.n, 0);
	spans_release(&gaps);
	series_release(&s);
}

static void what_was_not_delivered_is_a_gap_again(void **state)
{
	struct series s;
	struct spans gaps = {0};

	(void)state;
	begin(&s, T0, clock_at(10, 0));
	looked(&s, -1, 0, clock_at(10, 0), 9);
	page_gives(&s, "ABC", clock_at(9, 0), clock_at(10, 1), 0, "A[0,1) B[1,2) C[2,9)");
	series_delivered(&s, clock_at(0, 0), clock_at(1, 0));
	series_failed(&s, clock_at(1, 0), clock_at(1, 0), clock_at(2, 0));
	series_delivered(&s, clock_at(2, 0), clock_at(9, 0));
	series_gaps(&s, NULL, clock_at(10, 1), 0, &gaps);
	assert_int_equal(gaps.n, 1);
	assert_int_equal(gaps.v[0].from, clock_at(1, 0));
	assert_int_equal(gaps.v[0].to, clock_at(2, 0));
	spans_release(&gaps);
	series_release(&s);
}

static void a_look_replaces_what_was_known(void **state)
{
	struct series s;
	struct spans gaps = {0};

	(void)state;
	begin(&s, T0, clock_at(10, 0));
	looked(&s, -1, 9, clock_at(10, 0), 0);
	/* delivered before the lookup began: the database must have it by now */
	series_delivered(&s, clock_at(9, 0), clock_at(10, 0));
	series_lookup_began(&s);
	/* delivered since: the lookup cannot have seen it */
	series_delivered(&s, clock_at(10, 0), clock_at(11, 0));
	s.live_from_ms = clock_at(11, 0);
	struct spans covered = {0};

	spans_add(&covered, clock_at(-1, 0), clock_at(2, 0));
	spans_add(&covered, clock_at(4, 0), clock_at(9, 0));
	assert_int_equal(series_lookup_ended(&s, &covered, clock_at(12, 30)), 3);
	series_gaps(&s, NULL, clock_at(12, 30), 0, &gaps);
	assert_int_equal(gaps.n, 2);
	assert_int_equal(gaps.v[0].from, clock_at(2, 0));
	assert_int_equal(gaps.v[0].to, clock_at(4, 0));
	assert_int_equal(gaps.v[1].from, clock_at(9, 0));
	assert_int_equal(gaps.v[1].to, clock_at(10, 0));
	/* what was covered and is not any more is repaired: the gap, and no neighbour that is known
	 */
	struct publications out = {0};
	struct page page;

	struct request r = asked(&s, clock_at(2, 0), clock_at(4, 0) + MIN);

	page_of(".BCDE", &page);
	series_page(&s, &r, &page, clock_at(12, 31), 0, &out);
	assert_int_equal(out.n, 2);
	assert_int_equal(out.v[0].candle.timestamp_ms, clock_at(2, 0));
	assert_int_equal(out.v[0].origin, ORIGIN_REPAIR);
	assert_int_equal(out.v[1].candle.timestamp_ms, clock_at(3, 0));
	publications_release(&out);
	page_release(&page);
	spans_release(&covered);
	spans_release(&gaps);
	series_release(&s);
}

static void a_repair_wins_against_what_is_stored(void **state)
{
	struct series s;
	struct publications out = {0};
	struct request r;
	struct page page;
	struct stored rows = {0};

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 50, clock_at(60, 0), 9);
	stored_add(&rows, &(struct stored_row){clock_at(52, 0), clock_at(52, 0) + 900,
					       clock_at(53, 0)}); /* more than it says */
	stored_add(&rows, &(struct stored_row){clock_at(51, 0), clock_at(51, 0), clock_at(53, 0)});
	series_stored(&s, &rows, NULL, clock_at(60, 0));
	stored_release(&rows);
	page_of("..................................................ABC", &page);
	r = asked(&s, T0, clock_at(59, 0));
	series_page(&s, &r, &page, clock_at(60, 1), 0, &out);
	assert_int_equal(out.n, 2); /* less than was seen is read twice */
	assert_int_equal(out.v[0].candle.revision, clock_at(50, 0) + 1);
	assert_int_equal(out.v[1].candle.revision, clock_at(51, 0) + 1);
	assert_int_equal(out.v[1].origin, ORIGIN_BACKFILL);
	series_page(&s, &r, &page, clock_at(60, 30), 0, &out);
	assert_int_equal(out.n, 2);
	series_page(&s, &r, &page, clock_at(60, 31), 0, &out);
	assert_int_equal(out.n, 3);
	assert_int_equal(out.v[2].candle.revision, clock_at(52, 0) + 901);
	assert_int_equal(out.v[2].origin, ORIGIN_REPAIR);
	publications_release(&out);
	page_release(&page);
	series_release(&s);
}

/* What the next backfill request would be: the claim, and where the page begins. */
static void asks(struct series *s, int64_t now_ms, int64_t boot_ms, int from, int to, int before)
{
	struct spans none = {0};
	struct request r;

	if (!series_backfill_request(s, &none, now_ms, boot_ms, &r)) {
		assert_int_equal(from, to); /* nothing was expected */
		return;
	}
	assert_int_equal((r.from_ms - T0) / MIN, from);
	assert_int_equal((r.to_ms - T0) / MIN, to);
	assert_int_equal((r.before_ms - T0) / MIN, before);
}

/* ... and the page that answers it. */
static void answered(struct series *s, const char *picture, int64_t now_ms, int64_t boot_ms,
		     const char *expected)
{
	struct publications out = {0};
	struct spans none = {0};
	struct request r;
	struct page page;
	char text[512];

	assert_true(series_backfill_request(s, &none, now_ms, boot_ms, &r));
	page_of(picture, &page);
	while (page.n > 0 && page.rows[page.n - 1].timestamp_ms >= r.before_ms)
		page.n--;
	series_page(s, &r, &page, now_ms, boot_ms, &out);
	assert_string_equal(publications_text(&out, text), expected);
	publications_release(&out);
	page_release(&page);
}

static void an_empty_page_claims_nothing(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, 30, 59, clock_at(60, 0), 30);
	asks(&s, clock_at(60, 1), 0, 0, 30, 30);
	answered(&s, "", clock_at(60, 1), 1000, "");
	asks(&s, clock_at(60, 1), 1500, 0, 0, 0); /* not at once */
	/* ... and then so that the page has to show what is known after the gap */
	asks(&s, clock_at(60, 2), 2000, 0, 30, 38);
	answered(&s, "", clock_at(60, 2), 2000, "");
	asks(&s, clock_at(60, 3), 3000, 0, 0, 0);
	for (int64_t boot = 4000, i = 0; i < 40; i++) { /* empty ones prove nothing, ever */
		struct spans gaps = {0};

		series_gaps(&s, NULL, clock_at(60, 4) + boot, boot, &gaps);
		if (gaps.n > 0)
			answered(&s, "", clock_at(60, 4) + boot, boot, "");
		spans_release(&gaps);
		boot += 60 * 1000;
	}
	assert_true(s.listed_from_ms == INT64_MIN);
	answered(&s, "AB............................CD", clock_at(110, 0), 3600 * 1000,
		 "A[0,1) B[1,2) C[2,31)");
	asks(&s, clock_at(110, 0), 4000 * 1000, 0, 0, 0);
	series_release(&s);
}

#define ONLY_30 "..............................CD"

static void the_listing_begins_where_two_pages_show_nothing_older(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, 30, 59, clock_at(60, 0), 30);
	answered(&s, "", clock_at(60, 1), 1000, "");
	answered(&s, ONLY_30, clock_at(60, 3), 3000, "");
	assert_true(s.listed_from_ms == INT64_MIN);
	asks(&s, clock_at(70, 2), 603 * 1000, 0, 0, 0);
	assert_int_equal(series_left(&s, clock_at(70, 2)), 30); /* a gap so far */
	asks(&s, clock_at(70, 3), 604 * 1000, 0, 30, 38);
	answered(&s, ONLY_30, clock_at(70, 3), 604 * 1000, "");
	assert_true(s.listed_from_ms == clock_at(30, 0));
	assert_int_equal(series_left(&s, clock_at(70, 4)), 0);
	/* asked again daily, and then one page is enough */
	asks(&s, clock_at(70 + 1439, 0), 0, 0, 0, 0);
	asks(&s, clock_at(70 + 1440, 4), 0, 0, 30, 38);
	answered(&s, ONLY_30, clock_at(70 + 1440, 4), 0, "");
	asks(&s, clock_at(70 + 1440, 5), 0, 0, 0, 0);
	/* an older row takes it back */
	answered(&s, "A.............................CD", clock_at(70 + 2880, 5), 0,
		 "A[0,1) C[1,31)");
	assert_true(s.listed_from_ms == INT64_MIN);
	series_release(&s);
}

static void another_row_is_another_question(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, 30, 59, clock_at(60, 0), 30);
	answered(&s, "", clock_at(60, 1), 1000, "");
	answered(&s, "...............................D", clock_at(60, 3), 3000, "");
	/* a page that lacks its oldest row, and one that shows it */
	answered(&s, ONLY_30, clock_at(70, 4), 610 * 1000, "");
	assert_true(s.listed_from_ms == INT64_MIN);
	answered(&s, ONLY_30, clock_at(80, 4), 1210 * 1000, "");
	assert_true(s.listed_from_ms == clock_at(30, 0));
	series_release(&s);
}

/* What was there once and is not served any more is no listing: it is not to be had. */
static void with_rows_on_the_far_side_it_is_gone(void **state)
{
	struct series s;
	struct spans covered = {0}, gone = {0};

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	spans_add(&covered, clock_at(0, 0), clock_at(10, 0));
	spans_add(&covered, clock_at(30, 0), clock_at(59, 0));
	series_lookup_began(&s);
	assert_int_equal(series_lookup_ended(&s, &covered, clock_at(60, 0)), 20);
	answered(&s, "", clock_at(60, 1), 1000, "");
	answered(&s, ONLY_30, clock_at(60, 3), 3000, "");
	assert_int_equal(series_left(&s, clock_at(60, 3)), 20);
	answered(&s, ONLY_30, clock_at(70, 4), 610 * 1000, "");
	assert_true(s.listed_from_ms == INT64_MIN);
	assert_int_equal(series_left(&s, clock_at(70, 5)), 0);
	assert_int_equal(series_unrecoverable(&s, clock_at(70, 5)), 20);
	series_unobtainable(&s, UNOBTAINABLE_GONE, clock_at(70, 5), &gone);
	assert_int_equal(gone.n, 1);
	assert_int_equal(gone.v[0].from, clock_at(10, 0));
	assert_int_equal(gone.v[0].to, clock_at(30, 0));
	spans_release(&covered);
	spans_release(&gone);
	series_release(&s);
}

static void a_market_without_rows_has_no_gap(void **state)
{
	struct series s;
	struct spans covered = {0};

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	series_lookup_began(&s);
	assert_int_equal(series_lookup_ended(&s, &covered, clock_at(60, 0)), 59);
	page_gives(&s, "", NO_TO, clock_at(60, 1), 0, "");
	assert_int_equal(series_left(&s, clock_at(60, 2)), 59); /* one answer */
	page_gives(&s, "", NO_TO, clock_at(61, 1), 0, "");
	assert_int_equal(series_left(&s, clock_at(61, 2)), 0);
	assert_string_equal(series_state(&s), "no trades yet");
	answered(&s, "", clock_at(61, 3), 0, "");
	asks(&s, clock_at(61, 4), 999, 0, 0, 0);
	page_gives(&s,
		   "............................................................."
		   "A",
		   NO_TO, clock_at(62, 5), 0, "A[]");
	assert_string_equal(series_state(&s), "ok");
	assert_true(series_left(&s, clock_at(62, 6)) > 0);
	series_release(&s);
}

/* --- a row that is not a candle */

static void hole(struct page *page, int from, int to)
{
	struct err cause = {.class = ERR_INPUT, .text = "Row 1 is nonsense."};

	page_row_bad(page, &cause);
	spans_add(&page->holes, clock_at(from, 0), clock_at(to, 0));
}

static void a_bad_row_costs_its_own_interval(void **state)
{
	struct series s;
	struct publications out = {0};
	struct request r;
	struct page page;
	char text[512];

	(void)state;
	begin(&s, T0, clock_at(10, 30));
	looked(&s, -1, 0, clock_at(10, 30), 9);
	r = asked(&s, T0, clock_at(9, 0));
	page_of("AB..E.G", &page); /* and nonsense at 10:03 */
	hole(&page, 3, 4);
	series_page(&s, &r, &page, clock_at(10, 31), 0, &out);
	assert_string_equal(publications_text(&out, text), "A[0,1) B[1,2) E[4,5) G[5,9)");
	assert_string_equal(series_trouble(&s), "Row 1 is nonsense.");
	assert_int_equal(series_left(&s, clock_at(10, 31)), 2);
	/* the one beside it is asked for at once, that one after a pause, which grows */
	asks(&s, clock_at(10, 31), 0, 2, 3, 3);
	answered(&s, "AB", clock_at(10, 32), 500, "B[1,3)");
	asks(&s, clock_at(10, 33), 999, 0, 0, 0);
	asks(&s, clock_at(10, 34), 1000, 3, 4, 4);
	for (int i = 0; i < 2; i++) {
		out.n = 0;
		r = asked(&s, clock_at(3, 0), clock_at(4, 0));
		series_page(&s, &r, &page, clock_at(10, 35), 1000, &out);
		assert_int_equal(out.n, 0);
		asks(&s, clock_at(10, 36), 2999, 0, 0, 0);
	}
	asks(&s, clock_at(10, 36), 3000, 3, 4, 4);
	answered(&s, "ABCD", clock_at(11, 0), 3000, "D[3,4)");
	assert_int_equal(series_left(&s, clock_at(11, 1)), 0);
	publications_release(&out);
	page_release(&page);
	series_release(&s);
}

static void live_goes_on_beside_a_bad_row(void **state)
{
	struct series s;
	struct publications out = {0};
	struct request r;
	struct page page;
	char text[512];

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	looked(&s, -1, 4, clock_at(5, 30), 0);
	page_gives(&s, "ABCDE", NO_TO, clock_at(5, 31), 0, "E[]");
	for (int minute = 6; minute < 9; minute++) {
		r = asked(&s, T0, NO_TO);
		page_of(minute == 6 ? "ABCDE" : minute == 7 ? "ABCDE.G" : "ABCDE.GH", &page);
		hole(&page, 5, 6); /* the minute after E */
		out.n = 0;
		series_page(&s, &r, &page, clock_at(minute, 2), 0, &out);
		assert_string_equal(publications_text(&out, text), minute == 6   ? "E[4,5)"
								   : minute == 7 ? "G[]"
										 : "G[6,7) H[]");
		page_release(&page);
	}
	assert_int_equal(series_left(&s, clock_at(8, 3)), 1);
	publications_release(&out);
	series_release(&s);
}

static void what_the_database_refuses_is_left_alone(void **state)
{
	struct series s;
	struct spans refused = {0}, none = {0};

	(void)state;
	begin(&s, T0, clock_at(10, 30));
	looked(&s, -1, 0, clock_at(10, 30), 9);
	spans_add(&refused, clock_at(2, 0), clock_at(3, 0));
	series_refused(&s, &refused, "a CHECK says no");
	page_gives(&s, "ABCD.F", clock_at(9, 0), clock_at(10, 31), 0,
		   "A[0,1) B[1,2) D[3,4) F[4,9)");
	asks(&s, clock_at(10, 31), 0, 0, 0, 0);
	assert_int_equal(series_left(&s, clock_at(10, 31)), 1);
	assert_string_equal(series_state(&s), "refused by the database");
	assert_string_equal(series_trouble(&s), "a CHECK says no");
	assert_true(series_is_stuck(&s));
	/* nor does a live page send it */
	page_gives(&s, "ABCD.F..I", NO_TO, clock_at(10, 33), 0, "");
	/* until a lookup no longer finds it */
	series_refused(&s, &none, "");
	assert_string_equal(series_state(&s), "ok");
	asks(&s, clock_at(10, 34), 0, 2, 3, 3);
	answered(&s, "ABC", clock_at(10, 34), 0, "C[2,3)");
	assert_int_equal(series_left(&s, clock_at(10, 35)), 0);
	spans_release(&refused);
	series_release(&s);
}

/* --- rows that were seen */

static void a_row_that_was_seen_and_is_missing_promises_nothing(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	looked(&s, -1, 4, clock_at(5, 30), 0);
	page_gives(&s, "ABCDE", NO_TO, clock_at(5, 31), 0, "E[]");
	page_gives(&s, "ABCDEF", NO_TO, clock_at(6, 2), 0, "E[4,5) F[]");
	page_gives(&s, "ABCDE.G", NO_TO, clock_at(7, 2), 0, "G[]");
	assert_int_equal(series_left(&s, clock_at(7, 2)), 1);
	asks(&s, clock_at(7, 31), 0, 0, 0, 0);
	asks(&s, clock_at(7, 32), 0, 5, 6, 6);
	/* it comes back with other values, and wins against what was seen */
	page_gives(&s, "ABCDE", clock_at(6, 0), clock_at(7, 20), 0, ""); /* too soon to count */
	page_gives(&s, "ABCDEX", clock_at(6, 0), clock_at(10, 0), 0, "X[5,6)");
	assert_int_equal(series_left(&s, clock_at(7, 40)), 0);
	series_release(&s);
}

static void missing_twice_it_is_gone_and_is_asked_for_once_more(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	looked(&s, -1, 5, clock_at(5, 30), 0);
	page_gives(&s, "ABCDEF", NO_TO, clock_at(6, 2), 0, "F[]");
	page_gives(&s, "ABCDE.G", NO_TO, clock_at(7, 2), 0, "G[]");
	answered(&s, "ABCDE", clock_at(7, 32), 0, "E[4,6)");
	assert_int_equal(series_left(&s, clock_at(7, 33)), 0);
	asks(&s, clock_at(12, 31), 0, 0, 0, 0);
	asks(&s, clock_at(12, 32), 0, 5, 6, 6);
	answered(&s, "ABCDEX", clock_at(12, 33), 0, "X[5,6)");
	asks(&s, clock_at(59, 0), 0, 0, 0, 0);
	series_release(&s);
}

/* What is believed to be gone does not stand in the way of what comes after it. */
static void nothing_is_missing_after_a_row_that_is_gone(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	looked(&s, -1, 5, clock_at(5, 30), 0);
	page_gives(&s, "ABCDEF", NO_TO, clock_at(6, 2), 0, "F[]");
	page_gives(&s, "ABCDE", NO_TO, clock_at(7, 2), 0, "");
	answered(&s, "ABCDE", clock_at(7, 32), 0, "E[4,6)");
	page_gives(&s, "ABCDE", NO_TO, clock_at(8, 2), 0, "");
	assert_int_equal(series_left(&s, clock_at(8, 3)), 0); /* seen to be empty */
	series_release(&s);
}

/* Two reads that both show less, but not the same, do not agree. */
static void two_that_are_less_and_differ_are_no_two_witnesses(void **state)
{
	struct series s;
	struct publications out = {0};
	struct request r = {0};
	struct page page;

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	looked(&s, -1, 5, clock_at(5, 30), 0);
	page_gives(&s, "ABCDEF", NO_TO, clock_at(6, 2), 0, "F[]");
	r = asked(&s, clock_at(5, 0), clock_at(6, 0));
	s.live_from_ms = clock_at(6, 0);
	page_of("ABCDEX", &page);
	for (int i = 0; i < 3; i++) {
		page.rows[5].revision = clock_at(5, 0) - (int64_t[]){100, 50, 50}[i];
		out.n = 0;
		series_page(&s, &r, &page, clock_at(7, 2 + 30 * i), 0, &out);
		assert_int_equal(out.n, i == 2);
	}
	assert_int_equal(out.v[0].candle.revision, clock_at(5, 0) + 2);
	publications_release(&out);
	page_release(&page);
	series_release(&s);
}

static void a_final_read_wins_against_what_was_published(void **state)
{
	struct series s;
	struct publications out = {0};
	struct request r;
	struct page page;

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	looked(&s, -1, 5, clock_at(5, 30), 0);
	page_gives(&s, "ABCDEF", NO_TO, clock_at(6, 2), 0, "F[]");
	/* the same revision with other values */
	r = asked(&s, T0, NO_TO);
	page_of("ABCDEX", &page);
	series_page(&s, &r, &page, clock_at(7, 2), 0, &out);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.v[0].candle.revision, clock_at(5, 0) + 2);
	assert_true(out.v[0].covers_to_ms == clock_at(6, 0));
	publications_release(&out);
	page_release(&page);
	series_release(&s);
}

/* Read twice within one second of the exchange's clock, which is all that its Date shows. */
static void the_same_row_read_again_is_no_correction(void **state)
{
	struct series s;
	struct publications out = {0};
	struct request r;
	struct page page;

	(void)state;
	begin(&s, T0, clock_at(6, 30));
	page_gives(&s, "ABCDEF", NO_TO, clock_at(7, 2), 0, "F[]");
	looked(&s, -1, 5, clock_at(7, 2), 1);
	page_of("ABCDEF", &page);
	r = asked(&s, clock_at(5, 0), clock_at(6, 0));
	series_page(&s, &r, &page, clock_at(7, 2), 0, &out);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.v[0].candle.revision, page.rows[5].revision);
	publications_release(&out);
	page_release(&page);
	series_release(&s);
}

static void the_greatest_stands_where_reads_never_agree(void **state)
{
	struct series s;
	struct publications out = {0};
	struct request r;
	struct page with, without;

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	looked(&s, -1, 5, clock_at(5, 30), 0);
	page_of("ABCDEF", &with);
	with.rows[5].revision = clock_at(5, 0) + 500;
	r = asked(&s, T0, NO_TO);
	series_page(&s, &r, &with, clock_at(6, 2), 0, &out);
	assert_int_equal(out.n, 1);
	page_of("ABCDE", &without);
	with.rows[5].revision = clock_at(5, 0) + 100;
	snprintf(with.rows[5].close, sizeof with.rows[5].close, "7");
	r = asked(&s, clock_at(5, 0), clock_at(6, 0));
	s.live_from_ms = clock_at(6, 0);
	for (int i = 0; i < 4; i++) {
		out.n = 0;
		series_page(&s, &r, i % 2 ? &with : &without, clock_at(7 + i, 2), 0, &out);
		assert_int_equal(out.n, 0);
	}
	series_page(&s, &r, &without, clock_at(11, 2), 0, &out);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.v[0].candle.revision, clock_at(5, 0) + 500);
	assert_true(out.v[0].covers_from_ms == clock_at(5, 0));
	assert_true(out.v[0].covers_to_ms == clock_at(6, 0));
	publications_release(&out);
	page_release(&with);
	page_release(&without);
	series_release(&s);
}

/* Another owner may have published what had closed when we began: that is known only after the
 * first lookup. */
static void nothing_is_promised_of_what_another_may_have_published(void **state)
{
	struct series s;
	struct stored rows = {0};
	struct spans covered = {0};

	(void)state;
	begin(&s, T0, clock_at(6, 30));
	page_gives(&s, "ABCDEFG", NO_TO, clock_at(6, 31), 0, "F[]");
	page_gives(&s, "ABCDEFGH", NO_TO, clock_at(8, 2), 0, "G[6,7) H[]");
	spans_add(&covered, clock_at(-1, 0), clock_at(5, 0));
	series_lookup_began(&s);
	series_delivered(&s, clock_at(6, 0), clock_at(7, 0));
	series_lookup_ended(&s, &covered, clock_at(8, 3));
	stored_add(&rows, &(struct stored_row){clock_at(5, 0), clock_at(5, 0) + 1, clock_at(6, 2)});
	series_stored(&s, &rows, NULL, clock_at(8, 3));
	stored_release(&rows);
	asks(&s, clock_at(8, 4), 0, 5, 6, 6);
	answered(&s, "ABCDEF", clock_at(8, 5), 0, "F[5,6)");
	spans_release(&covered);
	series_release(&s);
}

static void what_is_stored_must_have_been_read(void **state)
{
	struct series s;
	struct spans told = {0};

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 10, clock_at(60, 0), 49);
	spans_add(&told, clock_at(50, 0), clock_at(60, 0));
	series_stored(&s, &(struct stored){0}, &told, clock_at(60, 0));
	asks(&s, clock_at(60, 1), 0, 50, 59, 59);
	assert_int_equal(series_left(&s, clock_at(60, 1)), 49);
	spans_release(&told);
	series_release(&s);
}

/* --- a newest candle that is late */

static void a_late_newest_candle_is_asked_for_once_more(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	looked(&s, -1, 5, clock_at(5, 30), 0);
	page_gives(&s, "ABCDEF", NO_TO, clock_at(6, 2), 0, "F[]");
	assert_int_equal(series_live_due_ms(&s, clock_at(6, 3)), clock_at(7, 2));
	page_gives(&s, "ABCDEF", NO_TO, clock_at(7, 2), 0, "F[5,6)"); /* no G */
	assert_int_equal(series_live_due_ms(&s, clock_at(7, 3)), clock_at(7, 6));
	page_gives(&s, "ABCDEF", NO_TO, clock_at(7, 6), 0, ""); /* once */
	assert_int_equal(series_live_due_ms(&s, clock_at(7, 7)), clock_at(8, 2));
	/* where it does not trade it is not late */
	page_gives(&s, "ABCDEF", NO_TO, clock_at(8, 2), 0, "");
	assert_int_equal(series_live_due_ms(&s, clock_at(8, 3)), clock_at(9, 2));
	series_release(&s);
}

static void an_empty_page_inside_what_we_have_is_no_listing(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 10, clock_at(60, 0), 49);
	for (int i = 0; i < 5; i++)
		page_gives(&s, "", clock_at(59, 0), clock_at(60, 1), 1000 + i * 24 * 3600000LL, "");
	assert_true(s.listed_from_ms == INT64_MIN);
	series_release(&s);
}

static void a_rejected_span_is_asked_for_with_growing_pauses(void **state)
{
	struct series s;
	struct request r = asked(&s, clock_at(10, 0), clock_at(59, 0));
	struct spans gaps = {0};
	int64_t boot = 0, pauses[14];

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 10, clock_at(60, 0), 49);
	for (int i = 0; i < 14; i++) {
		int64_t from = boot;

		series_rejected(&s, &r, "", boot);
		do
			series_gaps(&s, NULL, clock_at(60, 0), boot += 1000, &gaps);
		while (gaps.n == 0);
		pauses[i] = boot - from;
		assert_true(i == 0 || pauses[i] >= pauses[i - 1]);
	}
	assert_int_equal(pauses[0], 1000);
	assert_int_equal(pauses[2], 60000);
	assert_int_equal(pauses[13], RETRY_MAX_MS);
	spans_release(&gaps);
	series_release(&s);
}

static void a_page_that_gains_nothing_is_not_asked_for_in_a_circle(void **state)
{
	struct series s;
	struct spans gaps = {0};

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 10, clock_at(60, 0), 49);
	/* the answer's Date is an hour old: nothing of it is final */
	page_gives(&s, "AB", clock_at(59, 0), clock_at(0, 30), 0, "");
	series_gaps(&s, NULL, clock_at(60, 0), 1, &gaps);
	assert_int_equal(gaps.n, 0);
	spans_release(&gaps);
	series_release(&s);
}

static void live_is_due_when_a_candle_closes_and_when_it_is_final(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(5, 30));
	assert_true(series_live_due_ms(&s, clock_at(5, 30)) <= clock_at(5, 30));
	page_gives(&s, "ABCDE", NO_TO, clock_at(5, 30), 0, "E[]");
	/* one poll a minute serves the second reading of one candle and the first of the next */
	assert_int_equal(series_live_due_ms(&s, clock_at(5, 31)), clock_at(6, 2));
	/* the clock was set back: at once */
	assert_int_equal(series_live_due_ms(&s, clock_at(5, 0)), clock_at(5, 0));
	series_release(&s);
}

static void a_large_gap_is_walked_by_several_requests(void **state)
{
	struct series s;
	struct request in_flight[4], r;
	struct plan plan = {.series = (struct series *[]){&s},
			    .n = 1,
			    .in_flight = in_flight,
			    .now_ms = clock_at(100000, 0)};

	(void)state;
	begin(&s, T0, clock_at(100000, 0));
	looked(&s, -1, 0, clock_at(100000, 0), 99999);
	assert_true(plan_backfill(&plan, &in_flight[0]));
	assert_int_equal(in_flight[0].to_ms, clock_at(99999, 0));
	assert_int_equal(in_flight[0].count, UPBIT_PAGE_ROWS);
	plan.n_in_flight = 1;
	assert_false(plan_backfill(&plan, &r)); /* how much a page spans is not known yet */
	s.page_span_ms = 200 * MIN;
	in_flight[0].from_ms = clock_at(99999 - 1600, 0);
	assert_true(plan_backfill(&plan, &in_flight[1]));
	assert_int_equal(in_flight[1].to_ms, in_flight[0].from_ms);
	assert_int_equal(in_flight[1].from_ms, clock_at(99999 - 3200, 0));
	plan.n_in_flight = 2;
	/* what a walk left behind comes before a new walk is begun */
	in_flight[0].from_ms += 200 * MIN;
	assert_true(plan_backfill(&plan, &r));
	assert_int_equal(r.to_ms, clock_at(99999 - 1400, 0));
	assert_int_equal(r.count, UPBIT_PAGE_ROWS);
	series_release(&s);
}

static void a_small_gap_asks_for_its_intervals_and_a_neighbour(void **state)
{
	struct series s;
	struct request r;
	struct plan plan = {.series = (struct series *[]){&s}, .n = 1, .now_ms = clock_at(60, 0)};

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 54, clock_at(60, 0), 5);
	assert_true(plan_backfill(&plan, &r));
	assert_int_equal(r.count, 6);
	assert_int_equal(r.from_ms, clock_at(54, 0));
	assert_int_equal(r.to_ms, clock_at(59, 0));
	series_release(&s);
}

static void backfill_is_fair_and_live_goes_by_deadline(void **state)
{
	struct series s[3];
	struct request r;
	struct plan plan = {.series = (struct series *[]){&s[0], &s[1], &s[2]},
			    .n = 3,
			    .now_ms = clock_at(60, 0)};
	int served[3] = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		begin(&s[i], T0, clock_at(60, 0));
		looked(&s[i], -1, 10 + i, clock_at(60, 0), 49 - i);
	}
	for (uint64_t turn = 1; turn <= 9; turn++) {
		assert_true(plan_backfill(&plan, &r));
		r.series->backfill_turn = turn;
		served[r.series - s]++;
	}
	assert_int_equal(served[0], 3);
	assert_int_equal(served[1], 3);
	assert_int_equal(served[2], 3);
	s[0].live_first_ms = s[1].live_first_ms = s[2].live_first_ms = INT64_MIN;
	s[0].live_polled_ms = clock_at(59, 0);
	s[1].live_polled_ms = clock_at(57, 0);
	s[2].live_polled_ms = clock_at(58, 0);
	assert_true(plan_live(&plan, &r));
	assert_ptr_equal(r.series, &s[1]);
	for (int i = 0; i < 3; i++)
		series_release(&s[i]);
}

/* A day that closed ten hours ago is no more urgent at a start than a minute, and comes after it.
 */
static void at_a_start_live_goes_by_length(void **state)
{
	static const char *const names[] = {"1d", "1h", "1m"};
	struct series s[3];
	struct request r;
	struct plan plan = {.series = (struct series *[]){&s[0], &s[1], &s[2]},
			    .n = 3,
			    .now_ms = clock_at(10, 0)};

	(void)state;
	for (int i = 0; i < 3; i++) {
		series_init(&s[i], "KRW-BTC", interval_by_name(names[i]), &exchange_upbit,
			    INT64_MIN, INT64_MAX);
		series_begin(&s[i], clock_at(10, 0));
		assert_int_equal(series_live_due_ms(&s[i], clock_at(10, 0)), clock_at(10, 0));
		assert_int_equal(series_live_due_ms(&s[i], clock_at(10, 20)), clock_at(10, 0));
		/* ... nor is it put off where the clock is set back */
		assert_int_equal(series_live_due_ms(&s[i], clock_at(9, 58)), clock_at(9, 58));
	}
	assert_true(plan_live(&plan, &r));
	assert_ptr_equal(r.series, &s[2]);
	for (int i = 0; i < 3; i++)
		series_release(&s[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_picture_of_the_contract),
		cmocka_unit_test(a_changed_provisional_candle_is_published_again),
		cmocka_unit_test(five_missing_candles),
		cmocka_unit_test(a_gap_without_any_trade_is_promised_by_the_candle_before_it),
		cmocka_unit_test(pages_join_without_a_seam),
		cmocka_unit_test(what_was_not_delivered_is_a_gap_again),
		cmocka_unit_test(a_look_replaces_what_was_known),
		cmocka_unit_test(a_repair_wins_against_what_is_stored),
		cmocka_unit_test(an_empty_page_claims_nothing),
		cmocka_unit_test(the_listing_begins_where_two_pages_show_nothing_older),
		cmocka_unit_test(another_row_is_another_question),
		cmocka_unit_test(with_rows_on_the_far_side_it_is_gone),
		cmocka_unit_test(a_market_without_rows_has_no_gap),
		cmocka_unit_test(a_bad_row_costs_its_own_interval),
		cmocka_unit_test(live_goes_on_beside_a_bad_row),
		cmocka_unit_test(what_the_database_refuses_is_left_alone),
		cmocka_unit_test(a_row_that_was_seen_and_is_missing_promises_nothing),
		cmocka_unit_test(missing_twice_it_is_gone_and_is_asked_for_once_more),
		cmocka_unit_test(nothing_is_missing_after_a_row_that_is_gone),
		cmocka_unit_test(two_that_are_less_and_differ_are_no_two_witnesses),
		cmocka_unit_test(a_final_read_wins_against_what_was_published),
		cmocka_unit_test(the_same_row_read_again_is_no_correction),
		cmocka_unit_test(the_greatest_stands_where_reads_never_agree),
		cmocka_unit_test(nothing_is_promised_of_what_another_may_have_published),
		cmocka_unit_test(what_is_stored_must_have_been_read),
		cmocka_unit_test(a_late_newest_candle_is_asked_for_once_more),
		cmocka_unit_test(an_empty_page_inside_what_we_have_is_no_listing),
		cmocka_unit_test(a_rejected_span_is_asked_for_with_growing_pauses),
		cmocka_unit_test(a_page_that_gains_nothing_is_not_asked_for_in_a_circle),
		cmocka_unit_test(live_is_due_when_a_candle_closes_and_when_it_is_final),
		cmocka_unit_test(a_large_gap_is_walked_by_several_requests),
		cmocka_unit_test(a_small_gap_asks_for_its_intervals_and_a_neighbour),
		cmocka_unit_test(backfill_is_fair_and_live_goes_by_deadline),
		cmocka_unit_test(at_a_start_live_goes_by_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
