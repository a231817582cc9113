/* SPDX-License-Identifier: MIT */
/* The markets of the sandbox: what they are called, when they were listed, how they trade.
 *
 * Roles (the names that tests build on) come first, then KRW-M001, KRW-M002 ... with traits drawn
 * from the seed, then markets that only a file of recorded answers names. */
#ifndef EXCHANGE_MARKET_H
#define EXCHANGE_MARKET_H

#include "interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pattern {
	PATTERN_ALWAYS,
	PATTERN_BLOCKS, /* KRW-QUIET: fixed windows of a day, whose trading times are 200 or 400
			 * minutes long
			 */
	PATTERN_RANDOM, /* three-hour blocks, about a third of them quiet */
};

#define MARKET_NAME 32
#define ALWAYS      65536 /* a share: of 65536 */

struct recorded;
struct day_cache;

struct market {
	char name[MARKET_NAME];
	char english[48], korean[64];
	const char *role; /* one line for --help; NULL for generated ones */
	unsigned index;
	uint64_t key;           /* of its random draws */
	int64_t listed_ms;      /* on a minute; nothing before it */
	int64_t served_from_ms; /* rows before are not served any more; 0: all are */
	bool delisted;
	enum pattern pattern;
	unsigned minute_share;      /* of minutes that trade, of 65536 */
	unsigned second_sixteenths; /* of seconds that trade in such a minute, of 16; 0: exactly one
				     */
	int64_t base, tick;         /* price, and its step: 1e-8 */
	int64_t volume;             /* of a usual minute: 1e-8 */
	unsigned fine_share;        /* minutes whose volume has 12 decimals, of 256 */
	unsigned tiny_share;        /* minutes with one trade under a millionth, of 1024 */
	struct recorded *recorded;  /* not NULL: these rows are all there is; owned */
	struct day_cache *days;     /* owned */
};

struct market_list {
	struct market *at;
	size_t n, room;
};

/* generated: how many KRW-M... there are. new_listed_ms: when KRW-NEW was listed. */
void market_list_init(struct market_list *l, uint64_t seed, bool roles, unsigned generated,
		      int64_t new_listed_ms);
void market_list_release(struct market_list *l);
struct market *market_find(const struct market_list *l, const char *name);
/* Adds a market that a file of recorded answers names. */
struct market *market_add(struct market_list *l, uint64_t seed, const char *name);
/* Whether the exchange knows it at that time. */
bool market_exists(const struct market *m, int64_t now_ms);

/* name, role; NULL after the last. */
const char *market_role_help(size_t i, const char **name);

/* A well-mixed number that depends on all three, and only on them. */
uint64_t market_draw(uint64_t key, unsigned what, int64_t n);

#endif
