/* SPDX-License-Identifier: MIT */
/* Upbit's limits: so many requests in a fixed second, for each group of endpoints apart.
 *
 * What goes beyond is answered 429; the third of these within one second blocks the candle group:
 * 418 for 10 s, and each block that follows lasts twice as long (ten minutes without one, and it is
 * 10 s again). Seconds are those of the real clock, whatever the sandbox clock does. Requests with
 * an Origin header get one in 10 s. Two settings make blocks harder: of all groups, renewed by each
 * request. Pure: time is passed in.
 *
 *   limit 10, second 7:  #1 .. #10  200, sec=9 .. sec=0
 *                        #11, #12   429
 *                        #13        418, blocked for 10 s
 */
#ifndef EXCHANGE_LIMITS_H
#define EXCHANGE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum limit_group { GROUP_CANDLES, GROUP_MARKET, GROUPS };

struct limits {
	unsigned per_second;
	struct {
		int64_t second;
		unsigned used, refused;
	} group[GROUPS];
	int64_t blocked_until_ms, last_block_ms, origin_until_ms;
	unsigned next_block_s;
	bool blocks_all;   /* a block is of the address: lists of markets too */
	bool blocks_renew; /* a request during a block begins it again */
	unsigned block_s;  /* how long the last one was */
};

struct limit_verdict {
	unsigned status;    /* 200, 429 or 418 */
	unsigned remaining; /* calls left in this second */
	unsigned blocked_s; /* 418: seconds left of the block, rounded up */
};

void limits_init(struct limits *l, unsigned per_second);
struct limit_verdict limits_take(struct limits *l, enum limit_group group, bool with_origin,
				 int64_t real_ms);
void limits_block(struct limits *l, unsigned seconds, int64_t real_ms);
/* Ends a block, and forgets that there were any. */
void limits_forgive(struct limits *l);

#endif
