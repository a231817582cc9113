/* SPDX-License-Identifier: MIT */
/* Random numbers for property tests (xorshift64*). The seed is printed, so that a failure can be
 * run again: TEST_SEED=<seed> build/asan/tests/test_spans */
#ifndef GAPLESS_TEST_RNG_H
#define GAPLESS_TEST_RNG_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t rng_state;

static inline void rng_open(const char *test)
{
	const char *seed = getenv("TEST_SEED");

	rng_state = seed ? strtoull(seed, NULL, 10)
			 : (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();
	fprintf(stderr, "%s: TEST_SEED=%" PRIu64 "\n", test, rng_state);
	if (!rng_state)
		rng_state = 1;
}

static inline uint64_t rng_next(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * UINT64_C(2685821657736338717);
}

/* 0 to n - 1. */
static inline int64_t rng_below(int64_t n)
{
	return (int64_t)((rng_next() >> 1) % (uint64_t)n);
}

#endif
