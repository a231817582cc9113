/* SPDX-License-Identifier: MIT */
/* A candle as indicators see it: doubles, and what is known about the time around it. */
#ifndef GAPLESS_INDICATORS_BAR_H
#define GAPLESS_INDICATORS_BAR_H

#include <stdint.h>

/* What lies between a bar and the one before it. */
enum bar_link {
	LINK_BROKEN,      /* time of which is not known what it holds, or nothing is before it */
	LINK_PROVISIONAL, /* nothing yet: younger than what a live read could have made final */
	LINK_UNBROKEN     /* they adjoin, or had no trades in between */
};

struct bar {
	int64_t timestamp_ms; /* start of the interval */
	double open, high, low, close, volume, quote_volume;
	int64_t revision, fetched_ms; /* of the candle that won (message_compare) */
	enum bar_link link;
	unsigned char is_final;   /* its own interval is covered */
	unsigned char is_carried; /* no candle: an interval without trades, filled from before */
	unsigned char day_known;  /* covered from the start of its UTC day up to itself */
};

#endif
