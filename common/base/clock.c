/* SPDX-License-Identifier: MIT */
#include "common/base/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec now = {0, 0};

	clock_gettime(id, &now); /* cannot fail: both clocks exist since Linux 2.6.39 */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_boot_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}
