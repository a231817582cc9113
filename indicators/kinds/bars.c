/* SPDX-License-Identifier: MIT */
#include "bars.h"

#include <math.h>

int64_t kind_day_of(int64_t timestamp_ms)
{
	return timestamp_ms - timestamp_ms % INT64_C(86400000);
}

int64_t kind_period(const double *p)
{
	return (int64_t)p[0];
}

int64_t kind_changes(const double *p)
{
	return kind_period(p) + 1;
}

void kind_wilder(double *mean, double change, const double *p, int64_t run)
{
	double n = p[0];

	if (run > kind_changes(p))
		*mean = (*mean * (n - 1) + change) / n;
	else
		*mean += change;
	if (run == kind_changes(p))
		*mean /= n;
}

double kind_mean_close(const struct bar *newest, int64_t n)
{
	double sum = 0;

	for (int64_t i = n - 1; i >= 0; i--)
		sum += newest[-i].close;
	return sum / (double)n;
}

double kind_mean_volume(const struct bar *newest, int64_t n)
{
	double sum = 0;

	for (int64_t i = n - 1; i >= 0; i--)
		sum += newest[-i].volume;
	return sum / (double)n;
}

double kind_alpha(double period)
{
	return 2 / (period + 1);
}

const char *kind_check_fast(const double *p)
{
	return p[0] < p[1] ? NULL : "the fast period must be shorter than the slow one";
}

int64_t kind_decay(double alpha, double digits)
{
	return (int64_t)ceil(digits / -log1p(-alpha));
}
