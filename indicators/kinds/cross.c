/* SPDX-License-Identifier: MIT */
/* Crossover of two SMAs, an event: 1 at the bar where the fast one is above the slow one and was
 * not before, -1 where it is below and was not before, else 0. Averages of the same prices differ
 * in their last digit: what is closer than that is not above and not below. */
#include "bars.h"

#define SAME 1e-12

enum { FAST, SLOW };

static int64_t need(const double *p)
{
	return (int64_t)p[SLOW] + 1;
}

/* 1 above, -1 below, 0 the same. */
static int side(const double *p, const struct bar *newest)
{
	double slow = kind_mean_close(newest, (int64_t)p[SLOW]);
	double apart = kind_mean_close(newest, (int64_t)p[FAST]) - slow;

	return apart > SAME * slow ? 1 : apart < -SAME * slow ? -1 : 0;
}

static int64_t step(const double *p, double *s, struct kind_input in, double *out)
{
	int now;

	(void)s;
	if (in.run < need(p))
		return 0;
	now = side(p, in.newest);
	out[0] = now != 0 && now != side(p, in.newest - 1) ? now : 0;
	return need(p);
}

const struct kind kind_cross = {
	.name = "cross",
	.values = {"cross"},
	.params = {{"fast", 2, KIND_PERIOD_MAX, 1}, {"slow", 2, KIND_PERIOD_MAX, 1}},
	.check = kind_check_fast,
	.need = need,
	.reach = need,
	.is_event = 1,
	.step = step,
};
