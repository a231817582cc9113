/* SPDX-License-Identifier: MIT */
/* Where gapless-indicators begins to read a partition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "indicators/feed/start.h"

enum { NONE = TABLE_NONE };

static const struct row {
	const char *name;
	int64_t committed, candles, indicators, low, high;
	int group_is_new;
	int64_t begins;
} rows[] = {
	{"restart", 900, 950, NONE, 0, 1000, 0, 900},
	{"the writer is behind", 900, 850, NONE, 0, 1000, 0, 850},
	{"restart, stored as well", 900, 950, 900, 0, 1000, 0, 900},
	{"stored further than committed", 900, 950, 920, 0, 1000, 0, 900},
	{"restored, the writer is back already", 900, 950, 400, 0, 1000, 0, 400},
	{"restored, both are behind", 900, 500, 400, 0, 1000, 0, 400},
	{"restored, and the topic has lost that", 900, 950, 400, 600, 1000, 0, 600},
	{"the indicators' position is of another topic", 10, 20, 5000, 0, 1000, 0, 0},
	{"the candles' position is of another topic", 10, 5000, 10, 0, 1000, 0, 0},
	{"no position of the candles", 900, NONE, 900, 3, 1000, 0, 3},
	{"a new group", NONE, 950, NONE, 0, 1000, 1, 950},
	{"a new group, and stored by an older one", NONE, 950, 800, 0, 1000, 1, 800},
	{"a partition that was added", NONE, 5, NONE, 0, 1000, 0, 0},
	{"committed beyond the topic's end", 2000, 950, NONE, 0, 1000, 0, 950},
};

static void test_start(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		const struct part part = {
			.committed = r->committed, .low = r->low, .high = r->high};
		int64_t begins = start_offset(&part, r->candles, r->indicators, r->group_is_new);

		if (begins != r->begins)
			fail_msg("%s: begins at %jd", r->name, (intmax_t)begins);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_start)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
