/* SPDX-License-Identifier: MIT */
/* Grids: a byte for the interval, six for a time in the years 1 to 9999, two and two for steps. */
#include "common/candle/interval.h"
#include "common/text/timetext.h"
#include "fuzz.h"

/* Steps stay in these years, a month's worth of margin included. */
static int is_possible(int64_t ms)
{
	return ms >= civil_to_days(1, 2, 1) * INT64_C(86400000) &&
	       ms < civil_to_days(9999, 12, 1) * INT64_C(86400000);
}

static void check_grid(const struct interval *iv, int64_t ms)
{
	int64_t start = interval_floor(iv, ms), end = interval_end(iv, start),
		ceil = interval_ceil(iv, ms);

	CHECK(start <= ms && ms < end && end - start <= iv->nominal_ms);
	CHECK(iv->calendar_month ? end - start >= 28 * INT64_C(86400000)
				 : end - start == iv->nominal_ms);
	CHECK(interval_on_grid(iv, start) && interval_on_grid(iv, end) &&
	      interval_floor(iv, end - 1) == start);
	CHECK(interval_on_grid(iv, ms) == (ms == start) && ceil == (ms == start ? start : end));
	CHECK(interval_floor(iv, start) == start && interval_ceil(iv, start) == start);
	CHECK(interval_add(iv, end, -1) == start && interval_add(iv, start, 0) == start);
	CHECK(interval_count(iv, start, end) == 1 && interval_count(iv, end, start) == 0);
	CHECK(interval_count(iv, ms, end) == (ms == start));
}

static void check_calendar(const struct interval *iv, int64_t start)
{
	int year, month, day;

	civil_from_days((start - ((start % 86400000) + 86400000) % 86400000) / 86400000, &year,
			&month, &day);
	CHECK(!iv->calendar_month || (day == 1 && start % 86400000 == 0));
	CHECK(civil_to_days(year, month, day) * INT64_C(86400000) <= start);
}

static void check_steps(const struct interval *iv, int64_t start, int a, int b)
{
	int64_t by_a = interval_add(iv, start, a), by_b = interval_add(iv, start, b);
	int64_t by_both = interval_add(iv, by_a, b);

	if (!is_possible(by_a) || !is_possible(by_b) || !is_possible(by_both))
		return;
	CHECK(by_both == interval_add(iv, start, a + b) && by_both == interval_add(iv, by_b, a));
	CHECK(interval_add(iv, by_a, -a) == start);
	CHECK((a > 0) - (a < 0) == (by_a > start) - (by_a < start));
	CHECK(interval_count(iv, start, by_a) == (a > 0 ? a : 0));
	CHECK(interval_count(iv, by_a, start) == (a < 0 ? -a : 0));
	CHECK(a < 0 || b < 0 || interval_count(iv, start, by_both) == a + b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t from_ms = civil_to_days(1, 2, 1) * INT64_C(86400000);
	const int64_t span_ms = civil_to_days(9999, 11, 1) * INT64_C(86400000) - from_ms;
	struct input in = {data, size};
	const struct interval *table, *iv;
	size_t n;
	int64_t ms;

	table = interval_table(&n);
	iv = &table[input_byte(&in) % n];
	ms = from_ms + input_number(&in, 6) % span_ms;
	CHECK(interval_by_name(iv->name) == iv);
	check_grid(iv, ms);
	check_calendar(iv, interval_floor(iv, ms));
	check_steps(iv, interval_floor(iv, ms), (int16_t)input_number(&in, 2),
		    (int16_t)input_number(&in, 2));
	return 0;
}
