/* SPDX-License-Identifier: MIT */
/* Volume weighted average price since the start of the UTC day, exactly: what was paid divided by
 * what was bought, not the typical price of each bar. It needs every bar of its day. */
#include "kind.h"

enum { QUOTE, VOLUME, DAY, IS_WHOLE };

static int64_t one(const double *p)
{
	(void)p;
	return 1;
}

static int64_t step(const double *p, struct kind_state *s, struct kind_input in, double *out)
{
	double day = (double)kind_day_of(in.newest->timestamp_ms);

	(void)p;
	if (in.run == 1 || s->v[DAY] != day) {
		*s = (struct kind_state){0};
		s->v[DAY] = day;
		s->v[IS_WHOLE] = in.run > 1 || in.newest->day_known;
	}
	s->v[QUOTE] += in.newest->quote_volume;
	s->v[VOLUME] += in.newest->volume;
	s->n++;
	if (s->v[IS_WHOLE] == 0 || s->v[VOLUME] <= 0)
		return 0;
	out[0] = s->v[QUOTE] / s->v[VOLUME];
	return s->n;
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
