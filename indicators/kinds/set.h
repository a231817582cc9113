/* SPDX-License-Identifier: MIT */
/* Which indicators there are: the setting --indicators, taken apart. Pure.
 *
 *   sma:20,rsi:14,macd:12:26:9,ema:200@1h+4h    ema:200 for candles of 1h and 4h only */
#ifndef GAPLESS_INDICATORS_SET_H
#define GAPLESS_INDICATORS_SET_H

#include "common/base/error.h"
#include "common/candle/interval.h"
#include "kind.h"

enum { SET_MAX = 32, SET_PARAMS_BYTES = 40 };

struct indicator {
	const struct kind *kind;
	double p[KIND_PARAMS];
	char params[SET_PARAMS_BYTES]; /* "12:26:9": part of a message's key */
	int64_t need, reach;           /* the kind's, for these parameters */
	unsigned intervals;            /* bit i: the i-th of interval_table(); 0: all of them */
};

struct set {
	struct indicator v[SET_MAX];
	size_t n;
	int64_t context; /* most bars that a step looks back */
	int64_t horizon; /* most bars that a value depends on */
	int daily;       /* one of them reaches back to the start of the day */
};

/* 0, or -1 with a sentence that names what is wrong. */
int set_parse(const char *text, struct set *out, struct err *err)
	__attribute__((warn_unused_result));
/* Bars before one that must be there so that its values do not depend on where they begin: horizon
 * and context. */
int64_t set_lead(const struct set *set);
/* Those of an interval; out->n is 0 if there are none. */
void set_of_interval(const struct set *all, const struct interval *interval, struct set *out);

#endif
