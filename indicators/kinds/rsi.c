/* SPDX-License-Identifier: MIT */
/* Wilder's relative strength index: gains and losses are averaged, seeded with the mean of the
 * first n changes. A flat series has no strength: 0. */
#include <math.h>

#include "bars.h"

/* In a market that stands still gains and losses shrink together, and their ratio goes on telling
 * of the last trades: where a recursion began is forgotten only when both count as nothing. TA-Lib
 * lets it tell for ever (to 0.6: until 1e-14, whatever the price). FLAT, of the price, is what is
 * left of a change of a thousandth after 600 bars of an RSI 14; e^-79, the horizon, is less than
 * a 10-digit part of it. */
#define DIGITS 79.0
#define FLAT   1e-22

static int64_t reach(const double *p)
{
	return kind_changes(p) + kind_decay(1 / p[0], DIGITS);
}

static int64_t step(const double *p, double *s, struct kind_input in, double *out)
{
	double change;

	if (in.run < 2)
		return 0;
	change = in.newest->close - in.newest[-1].close;
	kind_wilder(&s[0], change > 0 ? change : 0, p, in.run);
	kind_wilder(&s[1], change < 0 ? -change : 0, p, in.run);
	if (in.run < kind_changes(p))
		return 0;
	out[0] = s[0] + s[1] < FLAT * in.newest->close ? 0 : 100 * (s[0] / (s[0] + s[1]));
	return in.run;
}

const struct kind kind_rsi = {
	.name = "rsi",
	.values = {"rsi"},
	.params = {{"period", 2, KIND_PERIOD_MAX, 1}},
	.need = kind_changes,
	.reach = reach,
	.is_recursive = 1,
	.step = step,
};
