/* SPDX-License-Identifier: MIT */
/* Arithmetic that several kinds share. */
#ifndef GAPLESS_INDICATORS_BARS_H
#define GAPLESS_INDICATORS_BARS_H

#include "kind.h"

/* Start of the UTC day. */
int64_t kind_day_of(int64_t timestamp_ms);
/* The first parameter, of most kinds. */
int64_t kind_period(const double *p);
/* Bars of so many changes: one more. */
int64_t kind_changes(const double *p);
/* Takes a change, of the bar that is number `run` of its run, into Wilder's average of that period,
 * seeded with the mean of the first ones: it is one from kind_changes() on. *mean is zero before.
 */
void kind_wilder(double *mean, double change, const double *p, int64_t run);
/* Mean of the closes, or volumes, of the newest n bars. */
double kind_mean_close(const struct bar *newest, int64_t n);
double kind_mean_volume(const struct bar *newest, int64_t n);
/* The factor of an exponential average of that period. */
double kind_alpha(double period);
/* A check: the first parameter, a fast period, must be below the second one, a slow one. */
const char *kind_check_fast(const double *p);
/* Bars after which a factor that shrinks by `alpha` a bar is below e^-digits. */
int64_t kind_decay(double alpha, double digits);

#endif
