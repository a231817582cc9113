/* SPDX-License-Identifier: MIT */
/* What a window says of candles that come again or late, and of those that come in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "indicators/series/history.h"

enum { MINUTE = 60000 };
static const int64_t day_ms = INT64_C(1773014400000);

static struct timeline_input minute(int64_t i, double close, int64_t read_after_ms)
{
	int64_t at = day_ms + i * MINUTE;

	return (struct timeline_input){.bar = {.timestamp_ms = at,
					       .open = close,
					       .high = close,
					       .low = close,
					       .close = close,
					       .volume = 1,
					       .quote_volume = close,
					       .fetched_ms = at + MINUTE + read_after_ms},
				       .covers_from_ms = at,
				       .covers_to_ms = at + MINUTE};
}

struct heard {
	size_t n;
	struct result last;
};

static void hear(void *to, const struct bar *bar, const struct indicator *in,
		 const struct result *r)
{
	struct heard *h = to;

	(void)bar;
	(void)in;
	h->n++;
	h->last = *r;
}

static struct set set_of(const char *indicators)
{
	struct set set;
	struct err err;

	assert_int_equal(set_parse(indicators, &set, &err), 0);
	return set;
}

static struct window *window_of(const char *indicators)
{
	struct set set = set_of(indicators);

	return window_new(&set, interval_by_name("1m"), FILL_NONE);
}

/* A final candle follows a minute of which nothing is known yet. That it comes again much later,
 * with nothing new, changes nothing: the table keeps the row that it has, and who reads it there
 * must find the same. */
static void test_same_again(void **state)
{
	struct timeline_input in[] = {minute(0, 10, 65000), minute(2, 12, 65000)};
	struct heard heard = {0};
	struct window *w = window_of("sma:2");
	struct span older;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		window_apply(w, &in[i], &older);
	window_compute(w, hear, &heard);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.last.state, RESULT_PROVISIONAL);
	in[1].bar.fetched_ms += 3600000;
	assert_int_equal(window_apply(w, &in[1], &older), WINDOW_NOTHING);
	in[1].bar.revision++; /* this is a row of its own, written again */
	assert_int_equal(window_apply(w, &in[1], &older), WINDOW_CHANGED);
	window_compute(w, hear, &heard);
	assert_int_equal(heard.n, 3);
	assert_int_equal(heard.last.state, RESULT_UNAVAILABLE);
	assert_int_equal(heard.last.reason, REASON_GAP);
	window_free(w);
}

/* The first candles of all lack the start of their day: that is warming. A candle of the day before
 * comes late, and it was a gap: for all of that day, although no value depends on that candle. */
static void test_first_day(void **state)
{
	struct timeline_input in[] = {minute(5, 10, 3600000), minute(6, 11, 3600000),
				      minute(-9, 12, 3600000)};
	struct heard heard = {0};
	struct window *w = window_of("vwap");
	struct span older;

	(void)state;
	window_apply(w, &in[0], &older);
	window_apply(w, &in[1], &older);
	window_compute(w, hear, &heard);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.last.reason, REASON_WARMING);
	window_apply(w, &in[2], &older);
	window_compute(w, hear, &heard);
	assert_int_equal(heard.n, 5);
	assert_int_equal(heard.last.state, RESULT_UNAVAILABLE);
	assert_int_equal(heard.last.reason, REASON_GAP);
	window_free(w);
}

/* The second piece holds a candle that is newer than a change of the first one, which was read
 * before it came: what is computed of them must not beat what comes of that change. */
static void test_pieces(void **state)
{
	struct timeline_input first = minute(0, 10, 65000), second = minute(1, 12, 9000000);
	struct set set = set_of("ema:2");
	struct spans covered = {0};
	struct heard heard = {0};
	struct history *h;

	(void)state;
	spans_add(&covered, day_ms, day_ms + (int64_t)2 * MINUTE);
	h = history_new(&set, interval_by_name("1m"), FILL_NONE,
			(struct span){day_ms, day_ms + (int64_t)2 * MINUTE});
	history_feed(h, first.bar.fetched_ms, &covered, &first.bar, 1, 0, hear, &heard);
	history_feed(h, first.bar.fetched_ms, &covered, &second.bar, 1, 0, hear, &heard);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.last.state, RESULT_FINAL);
	assert_int_equal(heard.last.as_of_ms, first.bar.fetched_ms);
	spans_release(&covered);
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_again),
		cmocka_unit_test(test_first_day),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
