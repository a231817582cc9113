/* SPDX-License-Identifier: MIT */
/* A loop that sends whenever the budget lets it, on a simulated clock. Include after cmocka.h. */
#ifndef GAPLESS_TEST_PACING_H
#define GAPLESS_TEST_PACING_H

#include "producer/ratelimit.h"
#include "rng.h"

enum { SENT_MAX = 20000, LIMIT = 10 /* requests in a fixed second */ };

/* Sends whenever it may for `span_ms`, waking up `late` ms late at most; a wake-up in 50 is
 * `stall_ms` late. Returns how many, and when they arrived. */
static inline int send_all(struct ratelimit *r, int64_t now_ms, int64_t span_ms, int late,
			   int stall_ms, int travel, int64_t *arrivals)
{
	int64_t end_ms = now_ms + span_ms;
	int n = 0;

	while (now_ms < end_ms) {
		int64_t wait_ms = ratelimit_wait_ms(r, now_ms);

		if (wait_ms > 0) {
			now_ms += wait_ms + rng_below(late + 1) +
				  (stall_ms && rng_below(50) == 0 ? stall_ms : 0);
			continue;
		}
		assert_true(n < SENT_MAX);
		arrivals[n++] = now_ms + 15 + rng_below(travel + 1);
		ratelimit_spend(r, RATELIMIT_BACKFILL, now_ms);
	}
	return n;
}

#endif
