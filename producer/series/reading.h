/* SPDX-License-Identifier: MIT */
/* One page beside what was seen before: its rows, and where nothing may be promised of them. Pure.
 */
#ifndef GAPLESS_READING_H
#define GAPLESS_READING_H

#include "producer/exchange/page.h"
#include "producer/series/sightings.h"

struct reading {
	const struct interval *iv;
	int64_t read_ms;         /* the exchange's time */
	int64_t before_ms;       /* what was asked for ends there */
	int64_t final_before_ms; /* what starts earlier is final */
	struct candle *rows;     /* of the page, and what stands in their place; oldest first */
	size_t n, cap;
	struct spans holes; /* where nothing is to be promised */
};

void reading_init(struct reading *r, const struct page *page, const struct interval *iv,
		  int64_t before_ms, int64_t read_ms);
void reading_release(struct reading *r);
/* NULL: it has none. */
struct candle *reading_row(const struct reading *r, int64_t timestamp_ms);
/* Asks the rows that were seen in what the page speaks of, and that are final. What is doubtful
 * becomes a hole. A page that shows less of what is known already changes nothing, and is not to be
 * trusted beside it. */
void reading_judge(struct reading *r, struct sightings *sightings, const struct spans *known);

#endif
