/* SPDX-License-Identifier: MIT */
/* Sets of time against the simplest model: 64 places, one bit each. Every three bytes are one
 * operation on one of two sets; the first place begins at the beginning of all time, and the last
 * ends with it. */
#include "common/candle/spans.h"
#include "fuzz.h"

enum { PLACES = 64, SETS = 2 };

static int64_t place(int p)
{
	return p <= 0 ? INT64_MIN : p >= PLACES ? INT64_MAX : (p - PLACES / 2) * INT64_C(60000);
}

static uint64_t bits(int from, int to)
{
	uint64_t result = 0;

	for (int p = from; p < to; p++)
		result |= UINT64_C(1) << p;
	return result;
}

static void check_set(const struct spans *s, uint64_t model, int from, int to)
{
	int run = from;

	for (size_t i = 0; i < s->n; i++)
		CHECK(s->v[i].from < s->v[i].to && (i == 0 || s->v[i - 1].to < s->v[i].from));
	for (int p = 0; p < PLACES; p++) {
		int in = (int)(model >> p & 1);

		CHECK(spans_contain(s, place(p)) == in);
		CHECK(spans_contain(s, place(p + 1) - 1) == in);
	}
	while (run < PLACES && model >> run & 1)
		run++;
	CHECK(spans_run_end(s, place(from)) == place(run));
	CHECK(spans_cover(s, place(from), place(to)) ==
	      ((model & bits(from, to)) == bits(from, to)));
}

static void operate(struct spans *sets, uint64_t *model, int operation, int from, int to)
{
	switch (operation) {
	case 0:
		spans_add(&sets[0], place(from), place(to));
		model[0] |= bits(from, to);
		break;
	case 1:
		spans_remove(&sets[0], place(from), place(to));
		model[0] &= ~bits(from, to);
		break;
	case 2:
		spans_clip(&sets[0], place(from), place(to));
		model[0] &= bits(from, to);
		break;
	case 3:
		spans_union(&sets[0], &sets[1]);
		model[0] |= model[1];
		break;
	case 4:
		spans_subtract(&sets[0], &sets[1]);
		model[0] &= ~model[1];
		break;
	case 5:
		spans_copy(&sets[0], &sets[1]);
		model[0] = model[1];
		break;
	default:
		spans_swap(&sets[0], &sets[1]);
		model[0] ^= model[1];
		model[1] ^= model[0];
		model[0] ^= model[1];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spans sets[SETS] = {{0}};
	uint64_t model[SETS] = {0};

	for (size_t i = 0; i + 3 <= size && i < 3 * 64; i += 3) {
		int from = data[i + 1] % PLACES, to = data[i + 2] % (PLACES + 1);

		operate(sets, model, data[i] % 8, from, to);
		for (int s = 0; s < SETS; s++)
			check_set(&sets[s], model[s], from, to);
	}
	for (int s = 0; s < SETS; s++)
		spans_release(&sets[s]);
	return 0;
}
