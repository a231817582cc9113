/* SPDX-License-Identifier: MIT */
/* Whether the exchange answers at all. Pure.
 *
 * A failure may be of one request alone (a page that is wrong, a span that is refused) or of the
 * exchange as a whole (a firewall in front of it, maintenance, no way to it), and one answer does
 * not say which. Three failures in a row with nothing usable between them are an outage, whatever
 * each of them was: all wait together, and one request at a time asks now and then (1 s, doubling
 * to 15 s) until one is answered. Then nothing is left of it: the whole budget counts at once. */
#ifndef GAPLESS_OUTAGE_H
#define GAPLESS_OUTAGE_H

#include <stdint.h>

#include "common/base/backoff.h"

struct outage {
	int failures;   /* in a row */
	int of_candles; /* one of them was of candles: a list of markets does not end it */
	int64_t began_boot_ms, until_boot_ms;
	struct backoff pause;
};

void outage_init(struct outage *o);
/* Nothing usable came. 1 if this is an outage. */
int outage_failed(struct outage *o, int is_list, int64_t boot_ms, uint32_t random);
/* Something usable came. How long the outage was that it ended, in ms; 0: there was none. */
int64_t outage_answered(struct outage *o, int is_list, int64_t boot_ms);
int outage_is_on(const struct outage *o);
/* How long to wait with the next request; INT64_MAX: for the answer of one that is in flight. */
int64_t outage_wait_ms(const struct outage *o, int in_flight, int64_t boot_ms);

#endif
