/* SPDX-License-Identifier: MIT */
/* What a series believes of what it is told, scene by scene: listings, bad rows, rows that were
 * seen and are missing. */
#include "tests/unit/series_scene.h"

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

/* What was there once and is not served any more is no listing: it is not available. */
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
	answered(&s, "AB.D", clock_at(11, 0), 3000, "D[2,4)");
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
	page_gives(&s, "ABCD.F", NO_TO, clock_at(10, 33), 0, "");
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
	struct spans told = {0}, none = {0};
	struct request r;

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 10, clock_at(60, 0), 49);
	spans_add(&told, clock_at(50, 0), clock_at(60, 0));
	series_stored(&s, &(struct stored){0}, &told, clock_at(60, 0));
	asks(&s, clock_at(60, 1), 0, 50, 59, 59);
	assert_int_equal(series_left(&s, clock_at(60, 1)), 49);
	/* in the middle of an interval: no gap begins there */
	spans_clear(&told);
	spans_add(&told, clock_at(50, 0), clock_at(55, 0));
	series_stored(&s, &(struct stored){0}, &told, clock_at(60, 20));
	s.live_from_ms = clock_at(70, 0);
	spans_add(&s.known.all, clock_at(50, 0), clock_at(55, 0));
	assert_int_equal(series_backfill_request(&s, &none, clock_at(72, 0), 0, &r), 1);
	assert_true(r.from_ms == clock_at(60, 0));
	spans_release(&told);
	series_release(&s);
}

/* A page reaches further back than it was asked for: there something may be stored that wins
 * against it. */
static void nothing_is_promised_where_what_is_stored_was_not_read(void **state)
{
	struct series s;
	struct spans told = {0};

	(void)state;
	begin(&s, T0, clock_at(20, 0));
	looked(&s, -1, 2, clock_at(20, 0), 17);
	spans_add(&told, clock_at(10, 0), clock_at(20, 0));
	series_stored(&s, &(struct stored){0}, &told, clock_at(20, 0));
	asks(&s, clock_at(20, 1), 0, 10, 19, 19);
	answered(&s, "AB.D.......L.N", clock_at(20, 1), 0, "L[10,12) N[12,19)");
	asks(&s, clock_at(20, 2), 0, 0, 0, 0);
	assert_int_equal(series_left(&s, clock_at(20, 2)), 8);
	/* what is covered carries the gap's end nevertheless */
	spans_add(&told, clock_at(2, 0), clock_at(20, 0));
	series_stored(&s, &(struct stored){0}, &told, clock_at(20, 3));
	asks(&s, clock_at(20, 3), 0, 2, 10, 10);
	answered(&s, "AB", clock_at(20, 3), 0, "B[1,10)");
	spans_release(&told);
	series_release(&s);
}

/* A replica that is two minutes behind, or a page without its newest rows, looks like a market
 * without trades. A row there that a later answer shows is published all the same, and asked for.
 */
static void a_row_where_none_was_promised_is_published(void **state)
{
	struct series s;
	struct request r;

	(void)state;
	begin(&s, T0, clock_at(10, 30));
	looked(&s, -1, 0, clock_at(10, 30), 9);
	page_gives(&s, "ABCD.F", clock_at(9, 0), clock_at(10, 31), 0,
		   "A[0,1) B[1,2) C[2,3) D[3,4) F[4,9)");
	assert_int_equal(series_left(&s, clock_at(10, 31)), 0);
	series_live_request(&s, clock_at(10, 33), &r);
	assert_int_equal(r.count, 2 + 2 + 5); /* from 10:04 on, where nothing was */
	page_gives(&s, "ABCD.FGHIJ", NO_TO, clock_at(10, 33), 0, "G[6,7) H[7,8) I[8,9) J[]");
	page_gives(&s, "ABCDEFGHIJ", NO_TO, clock_at(11, 3), 0, "E[4,5) J[9,10)");
	page_gives(&s, "ABCDEFGHIJ", NO_TO, clock_at(11, 4), 0, "");
	series_live_request(&s, clock_at(11, 4), &r);
	assert_int_equal(r.count, 4);
	series_release(&s);
}

/* A correction of what is covered may be lost behind Kafka, which coverage does not tell: it is
 * asked for again until it is found stored. */
static void a_correction_is_asked_for_until_it_is_stored(void **state)
{
	struct series s;
	struct stored rows = {0};
	struct spans at = {0};

	(void)state;
	begin(&s, T0, clock_at(10, 30));
	looked(&s, -1, 0, clock_at(10, 30), 9);
	page_gives(&s, "ABCD.F", clock_at(9, 0), clock_at(10, 31), 0,
		   "A[0,1) B[1,2) C[2,3) D[3,4) F[4,9)");
	series_delivered(&s, T0, clock_at(9, 0));
	looked(&s, -1, 9, clock_at(10, 32), 0);
	page_gives(&s, "ABCDEF...J", NO_TO, clock_at(10, 33), 0, "E[4,5) J[]");
	series_corrections(&s, &at);
	assert_int_equal(at.n, 1);
	assert_true(at.v[0].from == clock_at(4, 0));
	asks(&s, clock_at(10, 34), 0, 0, 0, 0); /* it is on its way */
	series_delivered(&s, clock_at(4, 0), clock_at(5, 0));
	looked(&s, -1, 9, clock_at(10, 35), 1); /* covered, and not stored: it was lost */
	asks(&s, clock_at(10, 36), 0, 4, 5, 5);
	answered(&s, "ABCDE", clock_at(10, 36), 0, "E[4,5)");
	series_failed(&s, clock_at(4, 0), clock_at(4, 0), clock_at(5, 0));
	answered(&s, "ABCDE", clock_at(10, 37), 0, "E[4,5)");
	series_delivered(&s, clock_at(4, 0), clock_at(5, 0));
	stored_add(&rows,
		   &(struct stored_row){clock_at(4, 0), clock_at(4, 0) + 1, clock_at(10, 37)});
	series_lookup_began(&s);
	series_stored(&s, &rows, NULL, clock_at(10, 40));
	looked(&s, -1, 9, clock_at(10, 40), 0);
	asks(&s, clock_at(10, 41), 0, 0, 0, 0);
	series_corrections(&s, &at);
	assert_int_equal(at.n, 0);
	spans_release(&at);
	stored_release(&rows);
	series_release(&s);
}

/* What cannot be kept in memory of what is stored is not told either. */
static void more_that_is_stored_than_can_be_kept_is_left_for_later(void **state)
{
	struct series s;
	struct stored rows = {0};
	const int n = SIGHTINGS_MAX + 100;
	const int64_t now = clock_at(n + 10, 0);

	(void)state;
	begin(&s, T0, now);
	looked(&s, -1, 0, now, n + 9);
	for (int i = 0; i < n; i++)
		stored_add(&rows, &(struct stored_row){clock_at(i, 0), clock_at(i, 0), now});
	series_stored(&s, &rows, NULL, now);
	assert_int_equal(s.sightings.n, SIGHTINGS_MAX);
	assert_non_null(sightings_find(&s.sightings, clock_at(n - 1, 0)));
	assert_null(sightings_find(&s.sightings, clock_at(99, 0)));
	asks(&s, now, 0, 100, n + 9, n + 9);
	stored_release(&rows);
	series_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test(nothing_is_promised_where_what_is_stored_was_not_read),
		cmocka_unit_test(a_row_where_none_was_promised_is_published),
		cmocka_unit_test(a_correction_is_asked_for_until_it_is_stored),
		cmocka_unit_test(more_that_is_stored_than_can_be_kept_is_left_for_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
