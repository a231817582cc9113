/* SPDX-License-Identifier: MIT */
/* Bollinger bands: the SMA, and so many population deviations (divisor n) below and above it. Two
 * passes: the mean of squares minus the square of the mean would cancel. */
#include <math.h>

#include "bars.h"

static int64_t step(const double *p, double *s, struct kind_input in, double *out)
{
	int64_t n = kind_period(p);
	double mean, squares = 0, width;

	(void)s;
	if (in.run < n)
		return 0;
	mean = kind_mean_close(in.newest, n);
	for (int64_t i = 0; i < n; i++) {
		double d = in.newest[-i].close - mean;

		squares += d * d;
	}
	width = p[1] * sqrt(squares / (double)n);
	out[0] = mean - width;
	out[1] = mean;
	out[2] = mean + width;
	return n;
}

const struct kind kind_bb = {
	.name = "bb",
	.values = {"lower", "middle", "upper"},
	.params = {{"period", 2, KIND_PERIOD_MAX, 1}, {"deviations", 0.1, 20, 0}},
	.need = kind_period,
	.reach = kind_period,
	.step = step,
};
