/* SPDX-License-Identifier: MIT */
/* What a series believes of what it is told, scene by scene: listings, bad rows, rows that were
 * seen and are missing, corrections. A scene is a lookup and then steps. */
#include "tests/unit/series_scene.h"

/* clang-format off */
enum what {
	END, LIVE_PAGE, PAGE_BEFORE, GAP_PAGE, /* what it is given */
	COVERAGE, STORED_ROW, STORED_ROWS, REFUSAL, DELIVERY, FAILURE,
	REQUEST, MISSING, LIVE_ROWS, STATE, TROUBLE, LISTED_FROM, UNOBTAINABLE, CORRECTIONS /* what must be so */
};
/* clang-format on */

struct step {
	enum what what;
	int minute, second; /* the exchange's time; or of an interval */
	int boot_ms;
	const char *text, *gives; /* a picture, and what is published; or a text */
	int from, to, before, n;
};

/* clang-format off */
/* Pages, and what of them is published: of a live poll; of a page that ends there; the one that the
 * next backfill request asks for. */
#define LIVE(m, s, picture, publishes) \
	{.what = LIVE_PAGE, .minute = m, .second = s, .text = picture, .gives = publishes}
/* ... so long after the beginning, whatever the clock says. */
#define LIVE_SOON(m, s, boot, picture, publishes) \
	{.what = LIVE_PAGE, .minute = m, .second = s, .boot_ms = boot, .text = picture, .gives = publishes}
#define PAGE(m, s, end, picture, publishes) \
	{.what = PAGE_BEFORE, .minute = m, .second = s, .to = end, .text = picture, .gives = publishes}
#define GAP(m, s, boot, picture, publishes) \
	{.what = GAP_PAGE, .minute = m, .second = s, .boot_ms = boot, .text = picture, .gives = publishes}
/* What the next backfill request would be; how many intervals are missing; how many rows a live
 * poll asks for. */
#define ASKS(m, s, boot, a, b, end) \
	{.what = REQUEST, .minute = m, .second = s, .boot_ms = boot, .from = a, .to = b, .before = end}
#define ASKS_NOTHING(m, s, boot) ASKS(m, s, boot, 0, 0, 0)
#define LEFT(m, s, intervals) \
	{.what = MISSING, .minute = m, .second = s, .n = intervals}
#define LIVE_ASKS(m, s, rows) \
	{.what = LIVE_ROWS, .minute = m, .second = s, .n = rows}
/* What it says of itself. */
#define SAYS(state) \
	{.what = STATE, .text = state}
#define SAYS_TROUBLE(cause) \
	{.what = TROUBLE, .text = cause}
#define LISTED(m) \
	{.what = LISTED_FROM, .minute = m}
#define NOT_KNOWN INT32_MIN
/* A lookup: covered up to there, and what is missing that was not known to be; the row that it
 * finds stored, or all of them, and what the database refuses. What comes back from Kafka. */
#define COVERED(m, s, end, missing) \
	{.what = COVERAGE, .minute = m, .second = s, .to = end, .n = missing}
#define STORED(m, revision) \
	{.what = STORED_ROW, .minute = m, .n = revision}
#define STORES(m, s, picture) \
	{.what = STORED_ROWS, .minute = m, .second = s, .text = picture}
#define REFUSES(a, b, cause) \
	{.what = REFUSAL, .from = a, .to = b, .text = cause}
#define DELIVERED(a, b) \
	{.what = DELIVERY, .from = a, .to = b}
#define FAILED(a, b) \
	{.what = FAILURE, .from = a, .to = b}
#define GONE(a, b) \
	{.what = UNOBTAINABLE, .from = a, .to = b}
#define CORRECTS(intervals) \
	{.what = CORRECTIONS, .n = intervals}
/* clang-format on */

enum { STEPS_MAX = 20 };

struct scene {
	const char *name;
	int minute, second; /* it begins then */
	int covered[3][2];  /* by its first lookup; none: there is no lookup before a step */
	int missing;
	struct step steps[STEPS_MAX];
};

#define ONLY_30 "..............................CD"

/* clang-format off */
static const struct scene scenes[] = {
	{"the_listing_begins_where_two_pages_show_nothing_older", 60, 0, {{30, 59}}, 30, {
		GAP(60, 1, 1000, "", ""),
		GAP(60, 3, 3000, ONLY_30, ""),
		LISTED(NOT_KNOWN),
		ASKS_NOTHING(70, 2, 603000),
		LEFT(70, 2, 30), /* a gap so far */
		ASKS(70, 3, 604000, 0, 30, 38),
		GAP(70, 3, 604000, ONLY_30, ""),
		LISTED(30),
		LEFT(70, 4, 0),
		/* asked again daily, and then one page is enough */
		ASKS_NOTHING(70 + 1439, 0, 0),
		ASKS(70 + 1440, 4, 0, 0, 30, 38),
		GAP(70 + 1440, 4, 0, ONLY_30, ""),
		ASKS_NOTHING(70 + 1440, 5, 0),
		/* an older row takes it back */
		GAP(70 + 2880, 5, 0, "A.............................CD", "A[0,1) C[1,31)"),
		LISTED(NOT_KNOWN),
	}},
	{"another_row_is_another_question", 60, 0, {{30, 59}}, 30, {
		GAP(60, 1, 1000, "", ""),
		GAP(60, 3, 3000, "...............................D", ""),
		/* a page that lacks its oldest row, and one that shows it */
		GAP(70, 4, 610000, ONLY_30, ""),
		LISTED(NOT_KNOWN),
		GAP(80, 4, 1210000, ONLY_30, ""),
		LISTED(30),
	}},
	/* What was there once and is not served any more is no listing: it is not available. */
	{"with_rows_on_the_far_side_it_is_gone", 60, 0, {{0, 10}, {30, 59}}, 20, {
		GAP(60, 1, 1000, "", ""),
		GAP(60, 3, 3000, ONLY_30, ""),
		LEFT(60, 3, 20),
		GAP(70, 4, 610000, ONLY_30, ""),
		LISTED(NOT_KNOWN),
		LEFT(70, 5, 0),
		GONE(10, 30),
	}},
	{"a_market_without_rows_has_no_gap", 60, 0, {{0, 0}}, 59, {
		LIVE(60, 1, "", ""),
		LEFT(60, 2, 59), /* one answer */
		LIVE(61, 1, "", ""),
		LEFT(61, 2, 0),
		SAYS("no trades yet"),
		GAP(61, 3, 0, "", ""),
		ASKS_NOTHING(61, 4, 999),
		LIVE(62, 5, ".............................................................A", "A[]"),
		SAYS("ok"),
		LEFT(62, 6, 61),
	}},

	/* --- a row that is not a candle */

	{"a_bad_row_costs_its_own_interval", 10, 30, {{-1, 0}}, 9, {
		PAGE(10, 31, 9, "AB.?E.G", "A[0,1) B[1,2) E[4,5) G[5,9)"),
		SAYS_TROUBLE("Row 1 is nonsense."),
		LEFT(10, 31, 2),
		/* the one beside it is asked for at once, that one after a pause, which grows */
		ASKS(10, 31, 0, 2, 3, 3),
		GAP(10, 32, 500, "AB", "B[1,3)"),
		ASKS_NOTHING(10, 33, 999),
		ASKS(10, 34, 1000, 3, 4, 4),
		GAP(10, 35, 1000, "AB.?", ""),
		ASKS_NOTHING(10, 36, 2999),
		ASKS(10, 36, 3000, 3, 4, 4),
		GAP(11, 0, 3000, "AB.D", "D[2,4)"),
		LEFT(11, 1, 0),
	}},
	{"live_goes_on_beside_a_bad_row", 5, 30, {{-1, 4}}, 0, {
		LIVE(5, 31, "ABCDE", "E[]"),
		LIVE(6, 2, "ABCDE?", "E[4,5)"),
		LIVE(7, 2, "ABCDE?G", "G[]"),
		LIVE(8, 2, "ABCDE?GH", "G[6,7) H[]"),
		LEFT(8, 3, 1),
	}},
	{"what_the_database_refuses_is_left_alone", 10, 30, {{-1, 0}}, 9, {
		REFUSES(2, 3, "a CHECK says no"),
		PAGE(10, 31, 9, "ABCD.F", "A[0,1) B[1,2) D[3,4) F[4,9)"),
		ASKS_NOTHING(10, 31, 0),
		LEFT(10, 31, 1),
		SAYS("refused by the database"),
		SAYS_TROUBLE("a CHECK says no"),
		LIVE(10, 33, "ABCD.F", ""), /* nor does a live page send it */
		/* until a lookup no longer finds it */
		REFUSES(0, 0, ""),
		SAYS("ok"),
		ASKS(10, 34, 0, 2, 3, 3),
		GAP(10, 34, 0, "ABC", "C[2,3)"),
		LEFT(10, 35, 0),
	}},

	/* --- rows that were seen */

	{"a_row_that_was_seen_and_is_missing_promises_nothing", 5, 30, {{-1, 4}}, 0, {
		LIVE(5, 31, "ABCDE", "E[]"),
		LIVE(6, 2, "ABCDEF", "E[4,5) F[]"),
		LIVE(7, 2, "ABCDE.G", "G[]"),
		LEFT(7, 2, 1),
		ASKS_NOTHING(7, 31, 0),
		ASKS(7, 32, 0, 5, 6, 6),
		/* it comes back with other values, and wins against what was seen */
		PAGE(7, 20, 6, "ABCDE", ""), /* too soon to count */
		PAGE(10, 0, 6, "ABCDEX", "X+2[5,6)"),
		LEFT(7, 40, 0),
	}},
	{"missing_twice_it_is_gone_and_is_asked_for_once_more", 5, 30, {{-1, 5}}, 0, {
		LIVE(6, 2, "ABCDEF", "F[]"),
		LIVE(7, 2, "ABCDE.G", "G[]"),
		GAP(7, 32, 0, "ABCDE", "E[4,6)"),
		LEFT(7, 33, 0),
		ASKS_NOTHING(12, 31, 0),
		ASKS(12, 32, 0, 5, 6, 6),
		GAP(12, 33, 0, "ABCDEX", "X+2[5,6)"),
		ASKS_NOTHING(59, 0, 0),
	}},
	/* What is covered by then, so that no lookup reads it any more. */
	{"so_is_what_shows_less_twice", 5, 30, {{-1, 5}}, 0, {
		LIVE(6, 2, "ABCDEF", "F[]"),
		LIVE(7, 2, "ABCDEX-100", ""),
		GAP(7, 32, 0, "ABCDEX-100", "X+2[5,6)"),
		DELIVERED(5, 6),
		STORES(7, 35, ""),
		COVERED(7, 35, 6, 0),
		ASKS_NOTHING(12, 31, 0),
		ASKS(12, 32, 0, 5, 6, 6),
		GAP(12, 33, 0, "ABCDEF+100", "F+100[5,6)"),
	}},
	/* What was seen before it, or what came later, takes it back at once. */
	{"or_a_later_answer_takes_it_back", 5, 30, {{-1, 5}}, 0, {
		LIVE(6, 2, "ABCDEF", "F[]"),
		LIVE(7, 2, "ABCDEX-100", ""),
		GAP(7, 32, 0, "ABCDEX-100", "X+2[5,6)"),
		LIVE(8, 2, "ABCDEX-50.H", "H[]"), /* neither */
		LIVE(8, 3, "ABCDEF.H", "F+3[5,7)"),
	}},
	/* What another has stored was seen, too. */
	{"but_not_what_is_less_than_what_is_stored", 5, 30, {{0}}, 0, {
		LIVE(6, 2, "ABCDEF", "E[] F[]"),
		STORES(6, 3, "ABCDEF+9"),
		COVERED(6, 3, 5, 0),
		LIVE(7, 2, "ABCDEF", ""),
		GAP(7, 32, 0, "ABCDEF", "F+10[5,6)"),
		LIVE(8, 2, "ABCDEX+8.H", "H[]"),
		LIVE(8, 3, "ABCDEX+9.H", "X+11[5,7)"),
	}},
	/* What another had settled so is asked for once more by the one that comes after it. */
	{"one_who_begins_asks_again_what_shows_less_than_is_stored", 10, 30, {{0}}, 0, {
		STORES(10, 31, "ABCDEFGX+2I"),
		COVERED(10, 31, 9, 0),
		LIVE(10, 33, "ABCDEFGHIJ", "J[]"),
		ASKS_NOTHING(15, 32, 0),
		LIVE(15, 32, "ABCDEFGHIJ", "J[9,14)"),
		ASKS(15, 33, 0, 7, 8, 8),
		GAP(15, 34, 0, "ABCDEFGH", ""),
		GAP(16, 4, 0, "ABCDEFGH", "H+3[7,8)"),
	}},
	/* What is believed to be gone does not stand in the way of what comes after it. */
	{"nothing_is_missing_after_a_row_that_is_gone", 5, 30, {{-1, 5}}, 0, {
		LIVE(6, 2, "ABCDEF", "F[]"),
		LIVE(7, 2, "ABCDE", ""),
		GAP(7, 32, 0, "ABCDE", "E[4,6)"),
		LIVE(8, 2, "ABCDE", ""),
		LEFT(8, 3, 0), /* seen to be empty */
	}},
	/* Two reads that both show less, but not the same, do not agree. */
	{"two_that_are_less_and_differ_are_no_two_witnesses", 5, 30, {{-1, 5}}, 0, {
		LIVE(6, 2, "ABCDEF", "F[]"),
		LIVE(7, 2, "ABCDEX-100", ""),
		GAP(7, 32, 0, "ABCDEX-50", ""),
		GAP(8, 2, 0, "ABCDEX-50", "X+2[5,6)"),
	}},
	{"a_final_read_wins_against_what_was_published", 5, 30, {{-1, 5}}, 0, {
		LIVE(6, 2, "ABCDEF", "F[]"),
		LIVE(7, 2, "ABCDEX", "X+2[5,6)"), /* the same revision with other values */
	}},
	/* Read twice within one second of the exchange's clock, which is all that its Date shows. */
	{"the_same_row_read_again_is_no_correction", 6, 30, {{0}}, 0, {
		LIVE(7, 2, "ABCDEF", "F[]"),
		COVERED(7, 2, 5, 1),
		PAGE(7, 2, 6, "ABCDEF", "F[5,6)"),
	}},
	{"the_greatest_stands_where_reads_never_agree", 5, 30, {{-1, 5}}, 0, {
		LIVE(6, 2, "ABCDEF+500", "F+500[]"),
		LIVE(7, 2, "ABCDE", ""),
		GAP(8, 2, 0, "ABCDEX+100", ""),
		GAP(9, 2, 0, "ABCDE", ""),
		GAP(10, 2, 0, "ABCDEX+100", ""),
		GAP(11, 2, 0, "ABCDE", "F+500[5,6)"),
	}},
	/* Another owner may have published what had closed when we began: that is known only after the
	 * first lookup. */
	{"nothing_is_promised_of_what_another_may_have_published", 6, 30, {{0}}, 0, {
		LIVE(6, 31, "ABCDEFG", "F[]"),
		LIVE(8, 2, "ABCDEFGH", "G[6,7) H[]"),
		STORES(8, 3, "ABCDEF"),
		COVERED(8, 3, 5, 1),
		ASKS(8, 4, 0, 5, 6, 6),
		GAP(8, 5, 0, "ABCDEF", "F[5,6)"),
	}},
	{"also_if_the_clock_is_set_right_in_between", 6, 30, {{0}}, 0, {
		LIVE_SOON(9, 32, 2000, "ABCDEFGHI", "F[] G[] H[] I[]"),
		LIVE_SOON(11, 2, 92000, "ABCDEFGHIJK", "J[9,10) K[]"),
	}},

	/* --- pages that end long before they should */

	{"a_page_that_ends_long_before_its_gap_is_asked_for_again", 60, 30, {{40, 59}}, 40, {
		GAP(60, 31, 0, "ABCDEFGHI", "A[0,1) B[1,2) C[2,3) D[3,4) E[4,5) F[5,6) G[6,7) H[7,8) I[8,9)"),
		SAYS_TROUBLE("a page ends at 2023-11-15T10:09:00Z, long before what it was asked up to"),
		LEFT(60, 31, 31),
		ASKS_NOTHING(60, 31, 999),
		ASKS(60, 32, 1000, 9, 40, 59), /* so that it has to show what is known */
		GAP(60, 32, 1000, "ABCDEFGHI", ""),
		ASKS_NOTHING(60, 33, 2999),
		ASKS(60, 33, 3000, 9, 40, 59),
		/* one that does: all the rest was without trades */
		GAP(60, 33, 3000, "ABCDEFGHI...M...........................O", "M[9,13) O[13,59)"),
		LEFT(60, 34, 0),
		SAYS_TROUBLE(""),
	}},
	/* ... but not where trades come in bursts, with as long between them. */
	{"nor_is_one_odd_that_has_been_as_quiet_before", 60, 30, {{40, 59}}, 40, {
		GAP(60, 31, 0, "ABCD............EFGH", "A[0,1) B[1,2) C[2,3) D[3,4) E[4,17) F[17,18) G[18,19) H[19,40)"),
		LEFT(60, 31, 0),
	}},
	{"or_the_rest_was_not_there", 60, 30, {{40, 59}}, 40, {
		GAP(60, 31, 0, "ABCDEFGHI", "A[0,1) B[1,2) C[2,3) D[3,4) E[4,5) F[5,6) G[6,7) H[7,8) I[8,9)"),
		GAP(60, 32, 1000, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq", 
		    "J[9,10) K[10,11) L[11,12) M[12,13) N[13,14) O[14,15) P[15,16) Q[16,17) R[17,18) S[18,19) T[19,20) U[20,21)"
		    " V[21,22) W[22,23) X[23,24) Y[24,25) Z[25,26) a[26,27) b[27,28) c[28,29) d[29,30) e[30,31) f[31,32)"
		    " g[32,33) h[33,34) i[34,35) j[35,36) k[36,37) l[37,38) m[38,39) n[39,40)"),
		LEFT(60, 34, 0),
	}},
	/* Nothing is there that it could show. */
	{"what_ends_the_same_for_a_minute_is_so", 60, 30, {{-1, 0}}, 59, {
		GAP(60, 31, 0, "ABCDEFGHI", "A[0,1) B[1,2) C[2,3) D[3,4) E[4,5) F[5,6) G[6,7) H[7,8) I[8,9)"),
		ASKS(60, 41, 1000, 9, 59, 59),
		GAP(60, 41, 1000, "ABCDEFGHI", ""),
		GAP(61, 30, 50000, "ABCDEFGHI", ""),
		GAP(61, 31, 90000, "ABCDEFGHI", "I[8,59)"),
		LEFT(61, 32, 0),
	}},
	/* Of the gap before it a live page says nothing, though it ends before that. */
	{"a_live_page_does_not_speak_of_an_older_gap", 60, 30, {{-1, 20}}, 39, {
		LIVE(61, 2, "ABCDEF", ""),
		LEFT(61, 2, 40),
		LIVE(62, 2, "ABCDEF", ""),
		LEFT(62, 2, 41),
		GAP(62, 3, 0, "...................T", "T[19,61)"),
		LIVE(67, 2, "ABCDEFGHIJKLMNOPQRST", "T[19,66)"),
	}},

	/* --- corrections of what is covered */

	/* A replica that is two minutes behind, or a page without its newest rows, looks like a market
	 * without trades. A row there that a later answer shows is published all the same, and asked
	 * for. */
	{"a_row_where_none_was_promised_is_published", 10, 30, {{-1, 0}}, 9, {
		PAGE(10, 31, 9, "ABCD.F", "A[0,1) B[1,2) C[2,3) D[3,4) F[4,9)"),
		LEFT(10, 31, 0),
		LIVE(10, 33, "ABCD.FGHIJ", "G[6,7) H[7,8) I[8,9) J[]"),
		LIVE(11, 3, "ABCDEFGHIJ", "E[4,5) J[9,10)"),
		LIVE(11, 4, "ABCDEFGHIJ", ""),
	}},
	/* Who promised that may not be there any more, to see that the rows were only late. */
	{"one_who_begins_watches_where_nothing_was_traded_lately", 10, 30, {{0}}, 0, {
		STORES(10, 31, "ABCD.FG"),
		COVERED(10, 31, 9, 0),
		ASKS_NOTHING(10, 32, 0),
		LIVE_ASKS(10, 33, 2 + 2 + 16), /* what is young, wherever it stands */
		LIVE(10, 33, "ABCDEFGHIJ", "E[4,5) H[7,8) I[8,9) J[]"),
	}},
	{"or_asks_again_if_that_was_long_ago", 40, 30, {{0}}, 0, {
		STORES(40, 31, "ABCD.FG"),
		COVERED(40, 31, 9, 30 + 3),
		ASKS(40, 32, 0, 4, 5, 5), /* what lies five minutes before the end */
		GAP(40, 32, 0, "ABCDE", "E[4,5)"),
		ASKS(40, 33, 0, 7, 39, 39),
		COVERED(40, 34, 9, 0),
		ASKS(40, 34, 0, 7, 39, 39),
		GAP(40, 35, 0, "......GH.J", "H[7,8) J[8,39)"),
		COVERED(40, 36, 39, 0),
		CORRECTS(0),
		ASKS_NOTHING(40, 36, 0),
	}},
	/* Two replicas, one of which has another price for a while. */
	{"other_values_of_the_same_revision_are_a_correction", 1, 30, {{-1, 0}}, 0, {
		LIVE(2, 4, "ab", "a[0,1) b[]"),
		LIVE(3, 4, "ABC", "A+2[0,1) B+2[1,2) C[]"),
		LIVE(3, 5, "aBC", "a+3[0,1)"),
		LIVE(4, 4, "aBcd", "c+2[2,3) d[]"),
		LIVE(4, 5, "aBcd", ""),
	}},
	/* Coverage does not tell whether it was lost behind Kafka. */
	{"a_correction_is_asked_for_until_it_is_stored", 10, 30, {{-1, 0}}, 9, {
		PAGE(10, 31, 9, "ABCD.F", "A[0,1) B[1,2) C[2,3) D[3,4) F[4,9)"),
		DELIVERED(0, 9),
		COVERED(10, 32, 9, 0),
		LIVE(10, 33, "ABCDEF...J", "E[4,5) J[]"),
		CORRECTS(1),
		ASKS_NOTHING(10, 34, 0), /* it is on its way */
		DELIVERED(4, 5),
		COVERED(10, 35, 9, 0), /* covered, and not stored: it was lost */
		LEFT(10, 35, 1),
		GAP(10, 36, 0, "ABCDE", "E[4,5)"),
		FAILED(4, 5),
		GAP(10, 37, 0, "ABCDE", "E[4,5)"),
		DELIVERED(4, 5),
		STORED(4, 1),
		COVERED(10, 40, 9, 0),
		ASKS_NOTHING(10, 41, 0),
		CORRECTS(0),
	}},
};
/* clang-format on */

/* --- a step */

static void covers(struct series *s, const int (*pairs)[2], int64_t now_ms, int missing)
{
	struct spans covered = {0};

	for (int i = 0; i < 2; i++)
		spans_add(&covered, clock_at(pairs[i][0], 0), clock_at(pairs[i][1], 0));
	series_lookup_began(s);
	assert_int_equal(series_lookup_ended(s, &covered, now_ms), missing);
	spans_release(&covered);
}

static void checks(struct series *s, const struct step *step, int64_t now_ms)
{
	struct spans spans = {0};
	struct request r;

	switch (step->what) {
	case REQUEST:
		asks(s, now_ms, step->boot_ms, step->from, step->to, step->before);
		break;
	case MISSING:
		assert_int_equal(series_left(s, now_ms, NULL), step->n);
		break;
	case LIVE_ROWS:
		series_live_request(s, now_ms, &r);
		assert_int_equal(r.count, step->n);
		break;
	case STATE:
		assert_string_equal(series_state(s), step->text);
		break;
	case TROUBLE:
		assert_string_equal(series_trouble(s), step->text);
		break;
	case LISTED_FROM:
		assert_true(series_listed_from_ms(s) ==
			    (step->minute == NOT_KNOWN ? INT64_MIN : now_ms));
		break;
	case UNOBTAINABLE:
		series_unobtainable(s, UNOBTAINABLE_GONE, clock_at(70, 5), &spans);
		assert_int_equal(spans.n, 1);
		assert_true(spans_cover(&spans, clock_at(step->from, 0), clock_at(step->to, 0)));
		assert_int_equal(series_unrecoverable(s, clock_at(70, 5)), step->to - step->from);
		break;
	default:
		series_corrections(s, &spans);
		assert_int_equal(series_intervals(s, &spans), step->n);
	}
	spans_release(&spans);
}

/* A lookup reads what is stored where it is not covered, but for corrections. */
static void stores(struct series *s, struct stored *rows, int64_t now_ms)
{
	struct spans told = {0}, corrections = {0};

	series_corrections(s, &corrections);
	spans_add(&told, INT64_MIN, INT64_MAX);
	spans_subtract(&told, &s->known.all);
	spans_union(&told, &corrections);
	series_stored(s, rows, &told, now_ms);
	stored_release(rows);
	spans_release(&corrections);
	spans_release(&told);
}

static void takes(struct series *s, const struct step *step, int64_t now_ms)
{
	struct spans refused = {0};
	struct stored rows = {0};
	struct page page = {0};

	switch (step->what) {
	case LIVE_PAGE:
		page_gives(s, step->text, NO_TO, now_ms,
			   step->boot_ms ? step->boot_ms : now_ms - s->begun_ms, step->gives);
		break;
	case PAGE_BEFORE:
		page_gives(s, step->text, clock_at(step->to, 0), now_ms, 0, step->gives);
		break;
	case GAP_PAGE:
		answered(s, step->text, now_ms, step->boot_ms, step->gives);
		break;
	case COVERAGE:
		looked(s, -1, step->to, now_ms, step->n);
		break;
	case STORED_ROW:
		stored_add(&rows, &(struct stored_row){now_ms, now_ms + step->n, now_ms + 62000});
		stores(s, &rows, now_ms + 62000);
		break;
	case STORED_ROWS:
		page_of(step->text, &page);
		for (size_t i = 0; i < page.n; i++)
			stored_add(&rows, &(struct stored_row){page.rows[i].timestamp_ms,
							       page.rows[i].revision, now_ms});
		stores(s, &rows, now_ms);
		break;
	case REFUSAL:
		spans_add(&refused, clock_at(step->from, 0), clock_at(step->to, 0));
		series_refused(s, &refused, step->text);
		break;
	case DELIVERY:
		series_delivered(s, clock_at(step->from, 0), clock_at(step->to, 0));
		break;
	case FAILURE:
		series_failed(s, clock_at(step->from, 0), clock_at(step->from, 0),
			      clock_at(step->to, 0));
		break;
	default:
		checks(s, step, now_ms);
	}
	spans_release(&refused);
	page_release(&page);
}

static void plays(void **state)
{
	const struct scene *scene = *state;
	struct series s;

	begin(&s, T0, clock_at(scene->minute, scene->second));
	if (scene->covered[0][0] != scene->covered[0][1] || scene->missing > 0)
		covers(&s, scene->covered, clock_at(scene->minute, scene->second), scene->missing);
	for (int i = 0; i < STEPS_MAX && scene->steps[i].what != END; i++)
		takes(&s, &scene->steps[i],
		      scene->steps[i].minute == NOT_KNOWN
			      ? 0
			      : clock_at(scene->steps[i].minute, scene->steps[i].second));
	series_release(&s);
}

/* --- what is stored */

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
	assert_int_equal(series_left(&s, clock_at(60, 1), NULL), 49);
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

/* A market that was covered for ten minutes, delisted, and listed again in its 50th minute. What is
 * stored of it has revisions that are so much greater than those of a page. */
static void listed_again(struct series *s, int revision)
{
	struct wanted wanted = {.from_ms = T0,
				.until_ms = clock_at(10, 0),
				.listed_from_ms = INT64_MIN,
				.listed_before_ms = INT64_MIN,
				.earlier_until_ms = INT64_MIN};
	struct stored rows = {0};

	begin(s, T0, clock_at(60, 0));
	s->owned = 1;
	series_wanted_is(s, &wanted);
	series_market(s, 1, 0, clock_at(60, 0));
	assert_int_equal(series_market_judge(s, 0), MARKET_LISTED_AGAIN);
	assert_string_equal(series_state(s), "listed again");
	for (int i = 0; i < 10; i++)
		stored_add(&rows,
			   &(struct stored_row){clock_at(i, 0), clock_at(i, 0) + 1 + revision,
						clock_at(i + 2, 0)});
	series_stored(s, &rows, NULL, clock_at(60, 0));
	stored_release(&rows);
	looked(s, 0, 10, clock_at(60, 0), 59); /* covered, and in doubt */
}

#define FORTY_WITHOUT "........................................"

static void the_same_market_again_is_covered_as_before(void **state)
{
	struct evidence evidence;
	struct series s;

	(void)state;
	listed_again(&s, 0);
	series_evidence(&s, &evidence);
	assert_int_equal(evidence.earlier_until_ms, clock_at(10, 0));
	answered(
		&s, "ABCDEFGHIJ" FORTY_WITHOUT "KLMNOPQRS", clock_at(60, 1), 0,
		"A[0,1) B[1,2) C[2,3) D[3,4) E[4,5) F[5,6) G[6,7) H[7,8) I[8,9) J[9,10) K[10,51) L[51,52) "
		"M[52,53) N[53,54) O[54,55) P[55,56) Q[56,57) R[57,58) S[58,59)");
	assert_string_equal(series_state(&s), "ok");
	assert_int_equal(series_earlier_until_ms(&s), INT64_MIN);
	assert_int_equal(series_version(&s, clock_at(60, 2)), 0); /* it is read again */
	looked(&s, 0, 59, clock_at(60, 10), 0);
	series_release(&s);
}

/* A live page may reach back so far: it tells nothing of the earlier life, and stores nothing. */
static void another_market_of_the_same_name_is_not_covered(void **state)
{
	struct evidence evidence;
	struct wanted wanted;
	struct series s;

	(void)state;
	listed_again(&s, -1000);
	page_gives(
		&s, "ABCD" FORTY_WITHOUT "......KLMNOPQRS", NO_TO, clock_at(60, 0), 0,
		"K[10,51) L[51,52) M[52,53) N[53,54) O[54,55) P[55,56) Q[56,57) R[57,58) S[58,59)");
	answered(&s, "ABCD" FORTY_WITHOUT "......KLMNOPQRS", clock_at(60, 1), 0,
		 "A[0,1) B[1,2) C[2,3) D[3,4)");
	assert_int_equal(series_earlier_until_ms(&s), clock_at(10, 0));
	assert_string_equal(series_state(&s), "listed again");
	/* until the database has it, whoever is the owner by then */
	series_evidence(&s, &evidence);
	assert_int_equal(evidence.earlier_until_ms, clock_at(10, 0));
	series_wanted(&s, &wanted);
	assert_int_equal(wanted.earlier_until_ms, clock_at(10, 0));
	series_wanted_is(&s, &wanted);
	assert_string_equal(series_state(&s), "ok");
	assert_int_equal(series_earlier_until_ms(&s), INT64_MIN);
	series_release(&s);
}

static void an_earlier_life_that_is_not_served_is_not_covered(void **state)
{
	struct unobtainable none = {0};
	struct wanted wanted;
	struct spans gone = {0};
	struct series s;

	(void)state;
	listed_again(&s, 0);
	answered(&s, "..........", clock_at(60, 1), 0, "");
	answered(
		&s, FORTY_WITHOUT "..........KLMNOPQRS", clock_at(60, 5), 5000,
		"K[50,51) L[51,52) M[52,53) N[53,54) O[54,55) P[55,56) Q[56,57) R[57,58) S[58,59)");
	answered(&s, "..........", clock_at(60, 6), 6000, "");
	answered(&s, FORTY_WITHOUT "..........KLMNOPQRS", clock_at(60, 10), 10000, "");
	assert_int_equal(series_earlier_until_ms(&s), INT64_MIN); /* one answer */
	answered(&s, FORTY_WITHOUT "..........KLMNOPQRS", clock_at(71, 0), 700000, "");
	assert_int_equal(series_earlier_until_ms(&s), clock_at(10, 0));
	series_wanted(&s, &wanted);
	series_wanted_is(&s, &wanted);
	/* The database has taken it out of the coverage. */
	series_unobtainable_is(&s, &none, &none);
	looked(&s, 50, 59, clock_at(71, 10), 0);
	series_unobtainable(&s, UNOBTAINABLE_GONE, clock_at(71, 11), &gone);
	assert_true(spans_cover(&gone, T0, clock_at(50, 0)));
	spans_release(&gone);
	series_release(&s);
}

/* Nothing traded in the last hours of the earlier life: older rows decide. */
static void what_is_compared_of_an_earlier_life_has_rows(void **state)
{
	struct candle row = {.interval = m1(), .timestamp_ms = clock_at(-3000, 0), .revision = 7};
	struct reading r = {.iv = m1(), .before_ms = clock_at(10, 0), .rows = &row, .n = 1};
	struct stored rows = {0};
	struct sightings none = {0}, seen = {0};
	struct spans untold = {0};
	struct earlier e = {0};

	(void)state;
	earlier_begin(&e, m1(), clock_at(9, 30));
	spans_add(&untold, clock_at(-1, 0),
		  clock_at(0, 0)); /* what is stored there is not read yet */
	assert_int_equal(earlier_compare(&e, &r, &none, &untold, clock_at(-5000, 0), INT64_MIN), 0);
	spans_release(&untold);
	assert_int_equal(earlier_compare(&e, &r, &none, &untold, clock_at(-5000, 0), INT64_MIN), 1);
	assert_true(e.from_ms == clock_at(10 - 8 * 200, 0));
	assert_int_equal(earlier_compare(&e, &r, &none, &untold, clock_at(-5000, 0), INT64_MIN), 1);
	assert_true(e.from_ms == clock_at(10 - 64 * 200, 0));
	stored_add(&rows, &(struct stored_row){clock_at(-3000, 0), 7, clock_at(-2900, 0)});
	(void)sightings_stored(&seen, &rows, NULL);
	assert_int_equal(earlier_compare(&e, &r, &seen, &untold, clock_at(-5000, 0), INT64_MIN), 1);
	assert_false(earlier_is_in_doubt(&e));
	/* what was never wanted is not compared */
	earlier_begin(&e, m1(), clock_at(10, 0));
	spans_add(&untold, INT64_MIN, clock_at(-50, 0));
	assert_int_equal(earlier_compare(&e, &r, &none, &untold, INT64_MIN, clock_at(-50, 0)), 1);
	assert_false(earlier_is_in_doubt(&e));
	spans_release(&untold);
	/* nothing is covered before it: there is nothing to compare */
	earlier_begin(&e, m1(), clock_at(10, 0));
	assert_int_equal(earlier_compare(&e, &r, &none, &untold, clock_at(-100, 0), INT64_MIN), 1);
	assert_false(earlier_is_in_doubt(&e));
	sightings_release(&seen);
	stored_release(&rows);
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
	assert_int_equal(series_left(&s, clock_at(20, 2), NULL), 8);
	/* what is covered carries the gap's end nevertheless */
	spans_add(&told, clock_at(2, 0), clock_at(20, 0));
	series_stored(&s, &(struct stored){0}, &told, clock_at(20, 3));
	asks(&s, clock_at(20, 3), 0, 2, 10, 10);
	answered(&s, "AB", clock_at(20, 3), 0, "B[1,10)");
	spans_release(&told);
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

enum { SCENES = sizeof scenes / sizeof *scenes, OTHERS = 7 };

int main(void)
{
	struct CMUnitTest tests[SCENES + OTHERS] = {
		cmocka_unit_test(the_same_market_again_is_covered_as_before),
		cmocka_unit_test(another_market_of_the_same_name_is_not_covered),
		cmocka_unit_test(an_earlier_life_that_is_not_served_is_not_covered),
		cmocka_unit_test(what_is_compared_of_an_earlier_life_has_rows),
		cmocka_unit_test(what_is_stored_must_have_been_read),
		cmocka_unit_test(nothing_is_promised_where_what_is_stored_was_not_read),
		cmocka_unit_test(more_that_is_stored_than_can_be_kept_is_left_for_later),
	};

	for (size_t i = 0; i < SCENES; i++)
		tests[OTHERS + i] = (struct CMUnitTest){.name = scenes[i].name,
							.test_func = plays,
							.initial_state = (void *)&scenes[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
