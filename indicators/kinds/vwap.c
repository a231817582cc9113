/* SPDX-License-Identifier: MIT */
/* Volume weighted average price since the start of the UTC day, exactly: what was paid divided by
 * what was bought, not the typical price of each bar. It needs every bar of its day. */
#include "bars.h"

enum { QUOTE, VOLUME, DAY, IS_WHOLE, BARS };

static int64_t one(const double *p)
{
	(void)p;
	return 1;
}

static int64_t step(const double *p, double *s, struct kind_input in, double *out)
{
	double day = (double)kind_day_of(in.newest->timestamp_ms);

	(void)p;
	if (in.run == 1 || s[DAY] != day) {
		s[QUOTE] = s[VOLUME] = s[BARS] = 0;
		s[DAY] = day;
		s[IS_WHOLE] = in.run > 1 || in.newest->day_known;
	}
	s[QUOTE] += in.newest->quote_volume;
	s[VOLUME] += in.newest->volume;
	s[BARS]++;
	if (s[IS_WHOLE] == 0)
		return 0;
	if (s[VOLUME] <= 0)
		return KIND_NOTHING; /* of a day of which only carried prices are there */
	out[0] = s[QUOTE] / s[VOLUME];
	return (int64_t)s[BARS];
}

const struct kind kind_vwap = {
	.name = "vwap",
	.values = {"vwap"},
	.need = one,
	.reach = one,
	.is_recursive = 1,
	.is_daily = 1,
	.step = step,
};
