/* SPDX-License-Identifier: MIT */
/* Promises, series and plan, scene by scene: what is published, and what is asked for when. */
#include "tests/unit/series_scene.h"

/* The end of a gap may lie within an interval, the end of a promise never does. */
static void a_promise_ends_on_the_grid(void **state)
{
	struct series s;

	(void)state;
	begin(&s, T0, clock_at(30, 0));
	looked(&s, 0, 0, clock_at(30, 0), 29);
	page_gives(&s, "AB", clock_at(5, 1), clock_at(30, 0), 0, "A[0,1) B[1,5)");
	assert_false(spans_contain(&s.known.all, clock_at(5, 0)));
	series_release(&s);
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

/* The version is of what was read. Where the coverage is as before, what was delivered and is not
 * in it is lost; where not all that is stored was told, it is read in any case. */
static void coverage_that_is_as_before_is_not_read_again(void **state)
{
	struct spans told = {0}, covered = {0};
	struct stored none = {0};
	struct series s;
	int64_t from_ms;

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 40, clock_at(60, 0), 19);
	assert_int_equal(series_version(&s, clock_at(60, 0)), 0);
	series_stored(&s, &none, NULL, clock_at(60, 0));
	series_version_is(&s, 7);
	assert_int_equal(series_version(&s, clock_at(60, 0)), 7);

	known_published(&s.known, clock_at(40, 0), clock_at(59, 0));
	series_delivered(&s, clock_at(40, 0), clock_at(59, 0));
	series_lookup_began(&s);
	assert_int_equal(series_left(&s, clock_at(60, 0), &from_ms), 0);
	assert_int_equal(from_ms, INT64_MAX);
	series_lookup_ended(&s, NULL, clock_at(60, 10));
	assert_int_equal(series_left(&s, clock_at(60, 10), &from_ms), 19);
	assert_int_equal(from_ms, clock_at(40, 0));
	assert_int_equal(series_version(&s, clock_at(60, 10)), 7);
	series_lookup_began(&s);
	assert_int_equal(series_lookup_ended(&s, NULL, clock_at(60, 20)), 0);
	assert_int_equal(series_left(&s, clock_at(60, 20), NULL), 19);

	spans_add(&told, clock_at(50, 0), INT64_MAX);
	series_stored(&s, &none, &told, clock_at(60, 20));
	assert_int_equal(series_version(&s, clock_at(60, 20)), 0);
	series_stored(&s, &none, NULL, clock_at(60, 20));
	assert_int_equal(series_version(&s, clock_at(60, 20)), 7);
	spans_add(&covered, clock_at(-1, 0), clock_at(59, 0));
	series_lookup_began(&s);
	series_lookup_ended(&s, &covered, clock_at(60, 30));
	assert_int_equal(series_version(&s, clock_at(60, 30)), 0); /* until it is told */
	spans_release(&told);
	spans_release(&covered);
	series_release(&s);
}

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
	struct plan plan = {.in_flight = in_flight, .now_ms = clock_at(100000, 0)};

	(void)state;
	begin(&s, T0, clock_at(100000, 0));
	looked(&s, -1, 0, clock_at(100000, 0), 99999);
	plan.schedule = schedule_of((struct series *[]){&s}, 1);
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
	schedule_free(plan.schedule);
	series_release(&s);
}

static void a_small_gap_asks_for_its_intervals_and_a_neighbour(void **state)
{
	struct series s;
	struct request r;
	struct plan plan = {.now_ms = clock_at(60, 0)};

	(void)state;
	begin(&s, T0, clock_at(60, 0));
	looked(&s, -1, 54, clock_at(60, 0), 5);
	plan.schedule = schedule_of((struct series *[]){&s}, 1);
	assert_true(plan_backfill(&plan, &r));
	assert_int_equal(r.count, 6);
	assert_int_equal(r.from_ms, clock_at(54, 0));
	assert_int_equal(r.to_ms, clock_at(59, 0));
	schedule_free(plan.schedule);
	series_release(&s);
}

static void backfill_is_fair_and_live_goes_by_deadline(void **state)
{
	struct series s[3];
	struct request r;
	struct plan plan = {.now_ms = clock_at(60, 0)};
	int served[3] = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		begin(&s[i], T0, clock_at(60, 0));
		looked(&s[i], -1, 10 + i, clock_at(60, 0), 49 - i);
	}
	plan.schedule = schedule_of((struct series *[]){&s[0], &s[1], &s[2]}, 3);
	for (uint64_t turn = 1; turn <= 9; turn++) {
		assert_true(plan_backfill(&plan, &r));
		series_backfill_sent(r.series, turn);
		served[r.series - s]++;
	}
	assert_int_equal(served[0], 3);
	assert_int_equal(served[1], 3);
	assert_int_equal(served[2], 3);
	s[0].live_first_ms = s[1].live_first_ms = s[2].live_first_ms = INT64_MIN;
	s[0].live_polled_ms = clock_at(59, 0);
	s[1].live_polled_ms = clock_at(57, 0);
	s[2].live_polled_ms = clock_at(58, 0);
	schedule_own(plan.schedule, (struct series *[]){&s[0], &s[1], &s[2]}, 3);
	assert_true(plan_live(&plan, &r));
	assert_ptr_equal(r.series, &s[1]);
	schedule_free(plan.schedule);
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
	struct plan plan = {.now_ms = clock_at(10, 0)};

	(void)state;
	for (int i = 0; i < 3; i++) {
		series_init(&s[i], "KRW-BTC", interval_by_name(names[i]), &exchange_upbit,
			    INT64_MIN, INT64_MAX);
		series_begin(&s[i], clock_at(10, 0), 0);
		assert_int_equal(series_live_due_ms(&s[i], clock_at(10, 0)), clock_at(10, 0));
		assert_int_equal(series_live_due_ms(&s[i], clock_at(10, 20)), clock_at(10, 0));
		/* ... nor is it put off where the clock is set back */
		assert_int_equal(series_live_due_ms(&s[i], clock_at(9, 58)), clock_at(9, 58));
	}
	plan.schedule = schedule_of((struct series *[]){&s[0], &s[1], &s[2]}, 3);
	assert_true(plan_live(&plan, &r));
	assert_ptr_equal(r.series, &s[2]);
	schedule_free(plan.schedule);
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
		cmocka_unit_test(coverage_that_is_as_before_is_not_read_again),
		cmocka_unit_test(a_late_newest_candle_is_asked_for_once_more),
		cmocka_unit_test(an_empty_page_inside_what_we_have_is_no_listing),
		cmocka_unit_test(a_rejected_span_is_asked_for_with_growing_pauses),
		cmocka_unit_test(a_page_that_gains_nothing_is_not_asked_for_in_a_circle),
		cmocka_unit_test(live_is_due_when_a_candle_closes_and_when_it_is_final),
		cmocka_unit_test(a_large_gap_is_walked_by_several_requests),
		cmocka_unit_test(a_small_gap_asks_for_its_intervals_and_a_neighbour),
		cmocka_unit_test(a_promise_ends_on_the_grid),
		cmocka_unit_test(backfill_is_fair_and_live_goes_by_deadline),
		cmocka_unit_test(at_a_start_live_goes_by_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
