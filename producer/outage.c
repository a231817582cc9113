/* SPDX-License-Identifier: MIT */
#include "producer/outage.h"

enum { FAILURES = 3, PAUSE_FIRST_MS = 1000, PAUSE_MAX_MS = 15 * 1000 };

void outage_init(struct outage *o)
{
	*o = (struct outage){0};
	backoff_init(&o->pause, PAUSE_FIRST_MS, PAUSE_MAX_MS);
}

int outage_failed(struct outage *o, int is_list, int64_t boot_ms, uint32_t random)
{
	if (o->failures++ == 0)
		o->began_boot_ms = boot_ms;
	o->of_candles |= !is_list;
	/* Those that were in flight together make one pause. */
	if (outage_is_on(o) && boot_ms >= o->until_boot_ms)
		o->until_boot_ms = boot_ms + backoff_next_ms(&o->pause, random);
	return outage_is_on(o);
}

int64_t outage_answered(struct outage *o, int is_list, int64_t boot_ms)
{
	int64_t lasted_ms = outage_is_on(o) ? boot_ms - o->began_boot_ms : 0;

	if (is_list && o->of_candles)
		return 0;
	outage_init(o);
	return lasted_ms;
}

int outage_is_on(const struct outage *o)
{
	return o->failures >= FAILURES;
}

int64_t outage_wait_ms(const struct outage *o, int in_flight, int64_t boot_ms)
{
	if (!outage_is_on(o))
		return 0;
	if (in_flight > 0)
		return INT64_MAX;
	return boot_ms < o->until_boot_ms ? o->until_boot_ms - boot_ms : 0;
}
