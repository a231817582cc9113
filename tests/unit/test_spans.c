/* SPDX-License-Identifier: MIT */
/* Sets of time against the naive model: one byte for each millisecond of a small world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/candle/spans.h"
#include "rng.h"

enum { WORLD = 160, ORIGIN = -40 /* half of it before 1970 */ };

struct model {
	unsigned char in[WORLD];
};

static void model_set(struct model *m, int64_t from, int64_t to, unsigned char value)
{
	for (int64_t at = from; at < to; at++)
		m->in[at - ORIGIN] = value;
}

static void assert_invariant(const struct spans *s)
{
	for (size_t i = 0; i < s->n; i++) {
		assert_true(s->v[i].from < s->v[i].to);
		assert_true(!i || s->v[i - 1].to < s->v[i].from);
	}
	assert_true(s->n <= s->cap);
}

/* Every query at every place. */
static void assert_equal(const struct spans *s, const struct model *m)
{
	int64_t end = ORIGIN + WORLD;

	assert_invariant(s);
	for (int64_t at = ORIGIN + WORLD - 1; at >= ORIGIN; at--) {
		int in = m->in[at - ORIGIN];

		if (!in)
			end = at;
		if (spans_contain(s, at) != in)
			fail_msg("%" PRId64 " is %sin the model", at, in ? "" : "not ");
		assert_int_equal(spans_run_end(s, at), end);
	}
	for (int i = 0; i < 20; i++) {
		int64_t from = ORIGIN + rng_below(WORLD), to = ORIGIN + rng_below(WORLD),
			covered = 0;

		for (int64_t at = from; at < to; at++)
			covered += m->in[at - ORIGIN];
		assert_int_equal(spans_cover(s, from, to), to <= from || covered == to - from);
	}
}

static void test_random_operations(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		struct spans a = {0}, b = {0};
		struct model ma = {{0}}, mb = {{0}};

		for (int step = 0; step < 60; step++) {
			int64_t from = ORIGIN + rng_below(WORLD), to = ORIGIN + rng_below(WORLD);

			if (step % 4 && to > from + 8)
				to = from + rng_below(8);
			switch (rng_below(12)) {
			case 0:
				spans_remove(&a, from, to);
				model_set(&ma, from, to, 0);
				break;
			case 1:
				spans_swap(&a, &b);
				{
					struct model t = ma;
					ma = mb;
					mb = t;
				}
				break;
			case 2:
				spans_union(&a, &b);
				for (int i = 0; i < WORLD; i++)
					ma.in[i] |= mb.in[i];
				break;
			case 3:
				spans_subtract(&a, &b);
				for (int i = 0; i < WORLD; i++)
					ma.in[i] = ma.in[i] && !mb.in[i];
				break;
			case 4:
				if (step % 4)
					break; /* wide clips only, or little would be left */
				spans_clip(&a, from, to);
				if (to <= from)
					to = from;
				model_set(&ma, ORIGIN, from, 0);
				model_set(&ma, to, ORIGIN + WORLD, 0);
				break;
			case 5:
				spans_copy(&b, &a);
				mb = ma;
				break;
			default:
				spans_add(&a, from, to);
				model_set(&ma, from, to, 1);
			}
			assert_equal(&a, &ma);
			assert_invariant(&b);
		}
		assert_equal(&b, &mb);
		spans_release(&a);
		spans_release(&b);
	}
}

static void assert_is(const struct spans *s, const struct span *expected, size_t n)
{
	assert_int_equal(s->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(s->v[i].from, expected[i].from);
		assert_int_equal(s->v[i].to, expected[i].to);
	}
}

static void test_touching_spans_join(void **state)
{
	struct spans s = {0};

	(void)state;
	spans_add(&s, 0, 10);
	spans_add(&s, 20, 30);
	assert_is(&s, (const struct span[]){{0, 10}, {20, 30}}, 2);
	spans_add(&s, 10, 20);
	assert_is(&s, (const struct span[]){{0, 30}}, 1);
	spans_add(&s, -5, 0);
	spans_add(&s, 30, 31);
	assert_is(&s, (const struct span[]){{-5, 31}}, 1);
	spans_remove(&s, 3, 4);
	assert_is(&s, (const struct span[]){{-5, 3}, {4, 31}}, 2);
	spans_remove(&s, -5, 3);
	assert_is(&s, (const struct span[]){{4, 31}}, 1);
	spans_release(&s);
}

static void test_empty_arguments_change_nothing(void **state)
{
	struct spans s = {0};

	(void)state;
	spans_add(&s, 5, 5);
	spans_add(&s, 9, 5);
	assert_int_equal(s.n, 0);
	assert_true(spans_cover(&s, 5, 5));
	assert_true(spans_cover(&s, 9, 5));
	assert_false(spans_cover(&s, 5, 6));
	spans_add(&s, 0, 10);
	spans_remove(&s, 7, 7);
	spans_remove(&s, 7, 3);
	assert_is(&s, (const struct span[]){{0, 10}}, 1);
	spans_clip(&s, 5, 5);
	assert_int_equal(s.n, 0);
	spans_release(&s);
	assert_null(s.v);
}

static void test_a_set_and_itself(void **state)
{
	struct spans s = {0};

	(void)state;
	spans_add(&s, 0, 10);
	spans_add(&s, 20, 30);
	spans_union(&s, &s);
	spans_copy(&s, &s);
	assert_is(&s, (const struct span[]){{0, 10}, {20, 30}}, 2);
	spans_subtract(&s, &s);
	assert_int_equal(s.n, 0);
	spans_release(&s);
}

static void test_the_ends_of_time(void **state)
{
	struct spans s = {0}, hole = {0};

	(void)state;
	spans_add(&s, INT64_MIN, INT64_MAX);
	assert_true(spans_cover(&s, INT64_MIN, INT64_MAX));
	spans_add(&hole, -1, 1);
	spans_subtract(&s, &hole);
	assert_is(&s, (const struct span[]){{INT64_MIN, -1}, {1, INT64_MAX}}, 2);
	spans_clip(&s, INT64_MIN, INT64_MAX);
	spans_union(&s, &hole);
	assert_is(&s, (const struct span[]){{INT64_MIN, INT64_MAX}}, 1);
	spans_clip(&s, 0, INT64_MAX);
	assert_is(&s, (const struct span[]){{0, INT64_MAX}}, 1);
	spans_release(&s);
	spans_release(&hole);
}

/* A bad day of backfill: 10,000 single minutes newest first, the minutes between them oldest first,
 * then all of them. */
static void test_many(void **state)
{
	struct spans s = {0}, odd = {0};
	enum { N = 10000 };

	(void)state;
	for (int64_t i = N - 1; i >= 0; i--)
		spans_add(&odd, i * 120000 + 60000, i * 120000 + 120000);
	for (int64_t i = 0; i < N; i++)
		spans_add(&s, i * 120000, i * 120000 + 60000);
	assert_int_equal(s.n, N);
	assert_int_equal(odd.n, N);
	assert_true(s.cap <= 2 * N);
	for (int64_t i = 0; i < N; i++)
		assert_true(spans_contain(&s, i * 120000) && !spans_contain(&odd, i * 120000));
	spans_subtract(&odd, &s);
	assert_int_equal(odd.n, N);
	spans_union(&s, &odd);
	assert_int_equal(s.n, 1);
	assert_is(&s, (const struct span[]){{0, INT64_C(120000) * N}}, 1);
	spans_subtract(&s, &odd);
	assert_int_equal(s.n, N);
	spans_release(&s);
	spans_release(&odd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_touching_spans_join),
		cmocka_unit_test(test_empty_arguments_change_nothing),
		cmocka_unit_test(test_a_set_and_itself),
		cmocka_unit_test(test_the_ends_of_time),
		cmocka_unit_test(test_many),
	};

	rng_open("test_spans");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
