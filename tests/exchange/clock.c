/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <time.h>

int64_t clock_mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

int64_t clock_real_us(void)
{
	static int64_t ahead_us;

	if (ahead_us == 0) {
		struct timespec ts;

		clock_gettime(CLOCK_REALTIME, &ts);
		ahead_us = ts.tv_sec * 1000000LL + ts.tv_nsec / 1000 - clock_mono_us();
	}
	return clock_mono_us() + ahead_us;
}

int64_t clock_real_ms(void)
{
	return clock_real_us() / 1000;
}

void sandbox_clock_init(struct sandbox_clock *c, int64_t start_ms)
{
	c->frozen = false;
	sandbox_clock_set(c, start_ms);
}

int64_t sandbox_clock_ms(const struct sandbox_clock *c)
{
	return c->frozen ? c->sandbox_ms : c->sandbox_ms + (clock_mono_ms() - c->mono_ms);
}

void sandbox_clock_set(struct sandbox_clock *c, int64_t ms)
{
	c->sandbox_ms = ms;
	c->mono_ms = clock_mono_ms();
}

void sandbox_clock_freeze(struct sandbox_clock *c, bool frozen)
{
	sandbox_clock_set(c, sandbox_clock_ms(c));
	c->frozen = frozen;
}
