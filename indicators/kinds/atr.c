/* SPDX-License-Identifier: MIT */
/* Wilder's average true range, seeded with the mean of the first n true ranges. The first bar of a
 * run has none: there is no close before it. */
#include <math.h>

#include "bars.h"

#define DIGITS 32.0

static int64_t reach(const double *p)
{
	return kind_changes(p) + kind_decay(1 / p[0], DIGITS);
}

static double true_range(const struct bar *b)
{
	double before = b[-1].close;

	return fmax(b->high - b->low, fmax(fabs(b->high - before), fabs(b->low - before)));
}

static int64_t step(const double *p, double *s, struct kind_input in, double *out)
{
	if (in.run < 2)
		return 0;
	kind_wilder(&s[0], true_range(in.newest), p, in.run);
	if (in.run < kind_changes(p))
		return 0;
	out[0] = s[0];
	return in.run;
}

const struct kind kind_atr = {
	.name = "atr",
	.values = {"atr"},
	.params = {{"period", 2, KIND_PERIOD_MAX, 1}},
	.need = kind_changes,
	.reach = reach,
	.is_recursive = 1,
	.step = step,
};
