/* SPDX-License-Identifier: MIT */
/* What the exchange says of a market as such: whether its list has it, whether its candles are
 * found. Not there is believed when both have said so twice, a minute apart (ten where many are
 * gone at once); either of them ends it by saying otherwise. Pure; now_ms is the exchange's time.
 */
#ifndef GAPLESS_MARKET_H
#define GAPLESS_MARKET_H

#include "producer/series/witness.h"

enum {
	MARKET_APART_MS = 60 * 1000,
	MARKET_MANY_APART_MS = 10 * 60 * 1000,
	MARKET_GONE_MS = 3600 * 1000 /* one that is not there is tried again hourly */
};

enum listed { LISTED_UNSEEN /* no list yet */, LISTED, LISTED_NOT };

struct market {             /* all zero: nothing was said */
	enum listed listed; /* in the last list */
	int was_listed;     /* in some list before */
	struct witness not_listed, not_found;
	int64_t apart_ms;
	int64_t heard_ms;      /* the last answer about its candles */
	int fails;             /* not found, times in a row */
	int64_t until_boot_ms; /* not asked for before */
};

/* A list was read. many: it lacks many that were there before. */
void market_list(struct market *m, int listed, int many, int64_t now_ms);
/* Its candles were found, with or without rows; or not. */
void market_found(struct market *m, int64_t now_ms);
void market_not_found(struct market *m, int64_t now_ms, int64_t boot_ms);
/* Both say that it is not there, if only once; both have, twice. */
int market_is_suspected(const struct market *m);
int market_is_gone(const struct market *m);
/* One of them says so, and that is to be heard again soon. */
int market_is_doubtful(const struct market *m);
/* 1: nothing is to be asked for but what confirms it. */
int market_is_in_question(const struct market *m);
/* ... and when (exchange's time) its candles are to be asked for to confirm it. */
int64_t market_question_ms(const struct market *m);
/* What another has heard before us. */
void market_join(struct market *m, const struct market *before);

#endif
