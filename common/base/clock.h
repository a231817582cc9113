/* SPDX-License-Identifier: MIT */
/* The one place that reads the machine's clocks. */
#ifndef GAPLESS_CLOCK_H
#define GAPLESS_CLOCK_H

#include <stdint.h>

/* CLOCK_BOOTTIME: never set, goes on while the machine sleeps. For every duration, deadline and
 * timer. */
int64_t clock_boot_ms(void);
/* The wall clock; for the stamp of a log line only. What is closed is decided by the exchange's
 * clock. */
int64_t clock_wall_ms(void);

#endif
