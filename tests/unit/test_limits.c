/* SPDX-License-Identifier: MIT */
/* What the database forbids to ask for: what is not kept, not available, or has ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "producer/exchange/upbit.h"
#include "producer/series/series.h"
#include "producer/series/series_ask.h"
#include "producer/series/series_state.h"

#define T0  1700042400000 /* 2023-11-15T10:00:00Z */
#define MIN INT64_C(60000)
#define NOW (T0 + 100 * MIN + 5000)

static int set_up(void **state)
{
	static struct series s;
	struct spans nothing = {0};

	series_init(&s, "KRW-BTC", interval_by_name("1m"), &exchange_upbit, T0, INT64_MAX);
	series_begin(&s, NOW, 0);
	series_lookup_began(&s);
	(void)series_lookup_ended(&s, &nothing, NOW);
	series_stored(&s, &(struct stored){0}, NULL, NOW);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	series_release(*state);
	return 0;
}

static void limit(struct series *s, int64_t retained_from_ms, int ended)
{
	series_limits(s, &(struct limits){.retained_from_ms = retained_from_ms, .ended = ended});
}

static void nothing_before_what_is_kept(void **state)
{
	struct series *s = *state;
	int64_t all = series_missing(s, NOW, 0);
	struct request r;

	assert_in_range(all, 97, 99);
	limit(s, T0 + 40 * MIN, 0);
	assert_int_equal(series_missing(s, NOW, 0), all - 40);
	assert_int_equal(series_left(s, NOW, NULL), all - 40);
	assert_true(series_backfill_request(s, NULL, NOW, 0, &r));
	assert_true(r.from_ms == T0 + 40 * MIN);
	/* It is taken back. */
	limit(s, INT64_MIN, 0);
	assert_int_equal(series_missing(s, NOW, 0), all);
}

static void nothing_that_has_ended(void **state)
{
	struct series *s = *state;
	struct request r;

	assert_true(series_live_due_ms(s, NOW) <= NOW);
	limit(s, INT64_MIN, 1);
	assert_int_equal(series_missing(s, NOW, 0), 0);
	assert_false(series_backfill_request(s, NULL, NOW, 0, &r));
	assert_true(series_live_due_ms(s, NOW) == INT64_MAX);
	assert_string_equal(series_state(s), "ended");
	/* Another producer wants it again. */
	limit(s, INT64_MIN, 0);
	assert_true(series_live_due_ms(s, NOW) <= NOW);
	assert_true(series_missing(s, NOW, 0) > 0);
}

static void the_report_does_not_wait_for_it(void **state)
{
	struct series *s = *state;
	int64_t came, empty;

	assert_false(series_report_finished(s, &came, &empty));
	limit(s, T0 + 100 * MIN, 0);
	assert_true(series_report_finished(s, &came, &empty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_before_what_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_that_has_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_report_does_not_wait_for_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
