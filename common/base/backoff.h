/* SPDX-License-Identifier: MIT */
/* Growing pauses between tries: first_ms, doubling to max_ms, each with full jitter in its upper
 * half, for ever. Pure: the random number comes in. */
#ifndef GAPLESS_BACKOFF_H
#define GAPLESS_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t first_ms, max_ms;
	int64_t current_ms; /* 0: no failure yet */
};

void backoff_init(struct backoff *b, int64_t first_ms, int64_t max_ms);
/* The pause after one more failure: between half of the current step and all of it. `random` is any
 * 32-bit number. */
int64_t backoff_next_ms(struct backoff *b, uint32_t random);
void backoff_reset(struct backoff *b);
/* A pause without jitter: first_ms, doubled that many times, at most max_ms. */
int64_t backoff_doubled_ms(int64_t first_ms, int times, int64_t max_ms);
/* A random number for jitter (not for secrets). */
uint32_t backoff_random(void);

#endif
