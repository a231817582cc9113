/* SPDX-License-Identifier: MIT */
/* Two clocks. The sandbox clock is the exchange's time: it starts where it is told to, runs at real
 * speed, and can be stopped, set and moved. Real time (a second that limits count, a delay) is
 * monotonic and cannot.
 */
#ifndef EXCHANGE_CLOCK_H
#define EXCHANGE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct sandbox_clock {
	int64_t sandbox_ms,
		mono_ms; /* the sandbox stood at sandbox_ms when the machine stood at mono_ms */
	bool frozen;
};

/* The machine's monotonic clock, and its wall clock. The wall clock is read once, at the start, and
 * goes on with the monotonic one: the seconds of limits and of reports are the same. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
int64_t clock_real_ms(void);
int64_t clock_real_us(void);

void sandbox_clock_init(struct sandbox_clock *c, int64_t start_ms);
int64_t sandbox_clock_ms(const struct sandbox_clock *c);
void sandbox_clock_set(struct sandbox_clock *c, int64_t ms);
void sandbox_clock_freeze(struct sandbox_clock *c, bool frozen);

#endif
