/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "kind.h"

extern const struct kind kind_atr, kind_bb, kind_cross, kind_ema, kind_macd, kind_rsi, kind_sma,
	kind_volume, kind_vwap;

static const struct kind *const kinds[] = {
	&kind_sma, &kind_ema,    &kind_rsi,  &kind_macd,  &kind_bb,
	&kind_atr, &kind_volume, &kind_vwap, &kind_cross,
};

const struct kind *const *kind_table(size_t *n)
{
	*n = sizeof kinds / sizeof *kinds;
	return kinds;
}

const struct kind *kind_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	}
	return NULL;
}

int64_t kind_day_of(int64_t timestamp_ms)
{
	return timestamp_ms - timestamp_ms % INT64_C(86400000);
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

int64_t kind_decay(double alpha, double digits)
{
	return (int64_t)ceil(digits / -log1p(-alpha));
}
