/* SPDX-License-Identifier: MIT */
/* The exchange's list of markets: re-read hourly (--markets-s), sooner if a market turned out to be
 * unknown. A new one that a pattern wants is picked up (many at once: newcomers.h), one that is
 * gone ends what is wanted of it. */
#ifndef GAPLESS_LISTING_H
#define GAPLESS_LISTING_H

#include "producer/due.h"
#include "producer/series/catalogue.h"

struct listing;

/* The options outlive it. */
struct listing *listing_new(const struct options *options);
void listing_free(struct listing *l);

int listing_is_due(const struct listing *l, int64_t boot_ms);
/* It has been read, once. */
int listing_was_read(const struct listing *l);
/* The list came: what it says goes to the series, and new ones are added. Returns what is due. */
unsigned listing_came(struct listing *l, const struct markets *markets, struct catalogue *catalogue,
		      int64_t now_ms, int64_t boot_ms);
/* Before the first list counts: -1 (ERR_INPUT) if a market is named that it lacks and that it has
 * the other way round. One that is merely missing may have been delisted, or be listed later. */
int listing_check(const struct listing *l, const struct markets *markets, struct err *err)
	__attribute__((warn_unused_result));
/* It did not come: again after a pause. */
void listing_failed(struct listing *l, int64_t boot_ms);
/* It says nothing yet: again after that pause. */
void listing_again(struct listing *l, int64_t pause_ms, int64_t boot_ms);
/* Due after that pause, or earlier. */
void listing_soon(struct listing *l, int64_t pause_ms, int64_t boot_ms);
/* What follows for the series that are ours (DUE_JUDGE), and says it. -1 (ERR_INPUT), in the first
 * minutes: a market is named that list and candles know nothing of, and the database neither, and
 * its listing is not to be waited for (--wait-for-listing). */
int listing_judge(struct listing *l, const struct catalogue *catalogue, int64_t boot_ms,
		  struct err *err) __attribute__((warn_unused_result));

#endif
