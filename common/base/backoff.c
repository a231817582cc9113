/* SPDX-License-Identifier: MIT */
#include "common/base/backoff.h"

#include <sys/random.h>

#include "common/base/clock.h"

void backoff_init(struct backoff *b, int64_t first_ms, int64_t max_ms)
{
	b->first_ms = first_ms < 1 ? 1 : first_ms;
	b->max_ms = max_ms < b->first_ms ? b->first_ms : max_ms;
	b->current_ms = 0;
}

int64_t backoff_next_ms(struct backoff *b, uint32_t random)
{
	int64_t low, span;

	if (b->current_ms == 0)
		b->current_ms = b->first_ms;
	else if (b->current_ms > b->max_ms / 2)
		b->current_ms = b->max_ms;
	else
		b->current_ms *= 2;

	low = b->current_ms - b->current_ms / 2; /* rounded up: a pause is never 0 */
	span = b->current_ms - low;
	return low + (int64_t)random % (span + 1);
}

void backoff_reset(struct backoff *b)
{
	b->current_ms = 0;
}

int64_t backoff_doubled_ms(int64_t first_ms, int times, int64_t max_ms)
{
	while (times-- > 0 && first_ms < max_ms)
		first_ms *= 2;
	return first_ms < max_ms ? first_ms : max_ms;
}

uint32_t backoff_random(void)
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random =
			(uint32_t)clock_boot_ms() * 2654435761u; /* just booted: anything will do */
	return random;
}
