/* SPDX-License-Identifier: MIT */
/* Where a partition's reading starts: the whole table, and every small world against the rule in
 * one sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "writer/database/start.h"

static const struct row {
	const char *name;
	struct start_facts facts; /* committed, position, low, high */
	int64_t offset;
	enum start_row row;
	int64_t row_offset;
	enum start_why why;
	int64_t lost;
} rows[] = {
	{"normal restart", {900, 900, 0, 1000, 0, 0}, 900, START_ROW_KEEP, 900, START_NORMAL, 0},
	{"nothing new", {900, 900, 0, 900, 0, 0}, 900, START_ROW_KEEP, 900, START_NORMAL, 0},
	{"crash between the two commits",
	 {800, 900, 0, 1000, 0, 0},
	 800,
	 START_ROW_KEEP,
	 900,
	 START_ABSORB,
	 0},
	{"database emptied",
	 {900, START_NONE, 0, 1000, 0, 0},
	 0,
	 START_ROW_INSERT,
	 0,
	 START_EMPTIED,
	 0},
	{"database emptied, topic begins later",
	 {900, START_NONE, 50, 1000, 0, 0},
	 50,
	 START_ROW_INSERT,
	 50,
	 START_EMPTIED,
	 0},
	{"backup restored", {900, 400, 0, 1000, 0, 0}, 400, START_ROW_KEEP, 400, START_BEHIND, 0},
	{"group rewound by hand",
	 {100, 900, 0, 1000, 0, 0},
	 100,
	 START_ROW_KEEP,
	 900,
	 START_ABSORB,
	 0},
	{"group rewound to the beginning",
	 {0, 900, 0, 1000, 0, 0},
	 0,
	 START_ROW_KEEP,
	 900,
	 START_ABSORB,
	 0},
	{"group rewound below the topic's beginning",
	 {100, 900, 500, 1000, 0, 0},
	 500,
	 START_ROW_KEEP,
	 900,
	 START_ABSORB,
	 0},
	{"group deleted",
	 {START_NONE, 900, 0, 1000, 0, 0},
	 900,
	 START_ROW_KEEP,
	 900,
	 START_GROUP_NEW,
	 0},
	{"topic recreated, and longer by now",
	 {900, 900, 0, 2000, 0, 1},
	 0,
	 START_ROW_SET,
	 0,
	 START_LONGER,
	 0},
	{"topic recreated, its group's offset gone with it, and nothing stored of it yet",
	 {START_NONE, 0, 0, 2000, 0, 1},
	 0,
	 START_ROW_KEEP,
	 0,
	 START_GROUP_NEW,
	 0},
	{"topic recreated", {900, 900, 0, 10, 0, 0}, 0, START_ROW_SET, 0, START_SHORTER, 0},
	{"topic recreated, group deleted with it",
	 {START_NONE, 900, 0, 10, 0, 0},
	 0,
	 START_ROW_SET,
	 0,
	 START_SHORTER,
	 0},
	{"topic recreated and empty",
	 {START_NONE, 900, 0, 0, 0, 0},
	 0,
	 START_ROW_SET,
	 0,
	 START_SHORTER,
	 0},
	{"topic lost its tail",
	 {900, 900, 300, 890, 0, 0},
	 300,
	 START_ROW_SET,
	 300,
	 START_SHORTER,
	 0},
	{"first start",
	 {START_NONE, START_NONE, 0, 1000, 0, 0},
	 0,
	 START_ROW_INSERT,
	 0,
	 START_FIRST,
	 0},
	{"first start, empty topic",
	 {START_NONE, START_NONE, 0, 0, 0, 0},
	 0,
	 START_ROW_INSERT,
	 0,
	 START_FIRST,
	 0},
	{"first start, old messages deleted",
	 {START_NONE, START_NONE, 70, 1000, 0, 0},
	 70,
	 START_ROW_INSERT,
	 70,
	 START_FIRST,
	 0},
	{"retention overtook the writer",
	 {200, 200, 300, 1000, 0, 0},
	 300,
	 START_ROW_SET,
	 300,
	 START_HOLE,
	 100},
	{"retention overtook a restored backup",
	 {900, 200, 300, 1000, 0, 0},
	 300,
	 START_ROW_SET,
	 300,
	 START_HOLE,
	 100},
	{"retention overtook, group deleted",
	 {START_NONE, 200, 300, 1000, 0, 0},
	 300,
	 START_ROW_SET,
	 300,
	 START_HOLE,
	 100},
	{"everything was deleted",
	 {200, 200, 300, 300, 0, 0},
	 300,
	 START_ROW_SET,
	 300,
	 START_HOLE,
	 100},
	{"everything was deleted, all of it stored",
	 {300, 300, 300, 300, 0, 0},
	 300,
	 START_ROW_KEEP,
	 300,
	 START_NORMAL,
	 0},
	{"committed beyond the end, position not",
	 {950, 400, 0, 900, 0, 0},
	 400,
	 START_ROW_KEEP,
	 400,
	 START_BEHIND,
	 0},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct start s = start_decide(&rows[i].facts);

		if (s.offset != rows[i].offset || s.row != rows[i].row ||
		    s.row_offset != rows[i].row_offset || s.why != rows[i].why ||
		    s.lost != rows[i].lost)
			fail_msg("%s: starts at %ld, row %d at %ld, why %d, lost %ld", rows[i].name,
				 (long)s.offset, s.row, (long)s.row_offset, s.why, (long)s.lost);
	}
}

/* Whatever the facts: the start lies in the topic, nothing between the database's position and the
 * start is skipped but what is gone, and the position row never stands before the start (or the
 * first batch would be taken for a loss). */
static void test_every_small_world(void **state)
{
	(void)state;
	for (int64_t low = 0; low < 6; low++)
		for (int64_t high = low; high < 8; high++)
			for (int64_t committed = START_NONE; committed < 10; committed++)
				for (int64_t position = START_NONE; position < 10; position++) {
					struct start_facts f = {committed, position, low,
								high,      0,        0};
					struct start s = start_decide(&f);

					assert_in_range(s.offset, low, high);
					assert_true(s.row_offset >= s.offset);
					if (position >= low && position <= high)
						assert_true(s.offset <= position &&
							    s.row_offset == position);
					if (position >= low && position <= high &&
					    committed >= low && committed <= position)
						assert_int_equal(s.offset, committed);
					assert_int_equal(s.lost > 0,
							 position >= 0 && position < low);
					assert_int_equal(s.row == START_ROW_INSERT,
							 position == START_NONE);
				}
}

static void test_what_is_read_again(void **state)
{
	static const struct {
		struct start_facts facts;
		int64_t again;
	} cases[] = {
		{{900, 900, 0, 1000, 0, 0}, 0},
		{{START_NONE, START_NONE, 0, 1000, 0, 0}, 0},
		{{START_NONE, 900, 0, 1000, 0, 0}, 0},
		{{100, 900, 0, 1000, 0, 0}, 800},
		{{100, 900, 500, 1000, 0, 0}, 400},
		{{900, 400, 0, 1000, 0, 0}, 500},
		{{5000, 400, 0, 1000, 0, 0}, 600},
		{{900, START_NONE, 0, 1000, 0, 0}, 900},
		{{900, START_NONE, 50, 1000, 0, 0}, 850},
		{{900, 900, 0, 1000, 0, 1}, 900},
		{{900, 900, 950, 1000, 0, 0}, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct start s = start_decide(&cases[i].facts);

		assert_int_equal(start_again(&cases[i].facts, &s), cases[i].again);
	}
}

static void test_every_reason_has_its_sentence(void **state)
{
	(void)state;
	for (int why = 0; why < START_WHYS; why++)
		assert_non_null(start_words((enum start_why)why)->text);
	assert_int_equal(start_words(START_NORMAL)->level, LOG_INFO);
	assert_int_equal(start_words(START_EMPTIED)->level, LOG_WARN);
	assert_int_equal(start_words(START_BEHIND)->level, LOG_WARN);
	assert_int_equal(start_words(START_HOLE)->level, LOG_ERROR);
	assert_int_equal(start_words(START_SHORTER)->level, LOG_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_every_small_world),
		cmocka_unit_test(test_what_is_read_again),
		cmocka_unit_test(test_every_reason_has_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
