/* SPDX-License-Identifier: MIT */
/* Exponential moving average, seeded with the SMA of its first n bars. */
#include "bars.h"

/* e^-25 is 1.4e-11: of the difference between two seeds nothing is left in 10 digits. */
#define DIGITS 25.0

static int64_t reach(const double *p)
{
	return kind_period(p) + kind_decay(kind_alpha(p[0]), DIGITS);
}

static int64_t step(const double *p, double *s, struct kind_input in, double *out)
{
	int64_t n = kind_period(p);

	if (in.run < n)
		return 0;
	if (in.run == n)
		s[0] = kind_mean_close(in.newest, n);
	else
		s[0] += kind_alpha(p[0]) * (in.newest->close - s[0]);
	out[0] = s[0];
	return in.run;
}

const struct kind kind_ema = {
	.name = "ema",
	.values = {"ema"},
	.params = {{"period", 2, KIND_PERIOD_MAX, 1}},
	.need = kind_period,
	.reach = reach,
	.is_recursive = 1,
	.step = step,
};
