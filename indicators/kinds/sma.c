/* SPDX-License-Identifier: MIT */
/* Simple moving average of the closes. */
#include "bars.h"

static int64_t step(const double *p, double *s, struct kind_input in, double *out)
{
	int64_t n = kind_period(p);

	(void)s;
	if (in.run < n)
		return 0;
	out[0] = kind_mean_close(in.newest, n);
	return n;
}

const struct kind kind_sma = {
	.name = "sma",
	.values = {"sma"},
	.params = {{"period", 2, KIND_PERIOD_MAX, 1}},
	.need = kind_period,
	.reach = kind_period,
	.step = step,
};
