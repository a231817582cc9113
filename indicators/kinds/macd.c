/* SPDX-License-Identifier: MIT */
/* MACD: fast EMA minus slow EMA, the EMA of that (signal), and their difference. Both EMAs have
 * their first value at the slow one's, the fast one seeded with the SMA of the bars that end there;
 * the signal is seeded with the SMA of its first values, and nothing is valued before it is. */
#include "bars.h"

#define DIGITS 32.0 /* e^-32 of a price is 1e-14: a MACD is small beside its price */

enum { FAST, SLOW, SIGNAL };

static int64_t need(const double *p)
{
	return (int64_t)p[SLOW] + (int64_t)p[SIGNAL] - 1;
}

static int64_t reach(const double *p)
{
	return need(p) + kind_decay(kind_alpha(p[SLOW]), DIGITS) +
	       kind_decay(kind_alpha(p[SIGNAL]), DIGITS);
}

static int64_t step(const double *p, double *s, struct kind_input in, double *out)
{
	int64_t slow = (int64_t)p[SLOW];
	double close = in.newest->close, line;

	if (in.run < slow)
		return 0;
	if (in.run == slow) {
		s[FAST] = kind_mean_close(in.newest, (int64_t)p[FAST]);
		s[SLOW] = kind_mean_close(in.newest, slow);
	} else {
		s[FAST] += kind_alpha(p[FAST]) * (close - s[FAST]);
		s[SLOW] += kind_alpha(p[SLOW]) * (close - s[SLOW]);
	}
	line = s[FAST] - s[SLOW];
	if (in.run <= need(p)) {
		s[SIGNAL] += line;
		if (in.run < need(p))
			return 0;
		s[SIGNAL] /= p[SIGNAL];
	} else {
		s[SIGNAL] += kind_alpha(p[SIGNAL]) * (line - s[SIGNAL]);
	}
	out[0] = line;
	out[1] = s[SIGNAL];
	out[2] = line - s[SIGNAL];
	return in.run;
}

const struct kind kind_macd = {
	.name = "macd",
	.values = {"macd", "signal", "histogram"},
	.params = {{"fast", 2, KIND_PERIOD_MAX, 1},
		   {"slow", 2, KIND_PERIOD_MAX, 1},
		   {"signal", 2, KIND_PERIOD_MAX, 1}},
	.check = kind_check_fast,
	.need = need,
	.reach = reach,
	.is_recursive = 1,
	.step = step,
};
