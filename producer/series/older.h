/* SPDX-License-Identifier: MIT */
/* What the exchange says of the time before the oldest row that it shows. An empty answer proves
 * nothing; it is asked again soon, and then so that the page has to show the first row after the
 * gap as well: `to` lies beyond the gap's end, by the anchor. A page that shows such a row and
 * nothing older is a witness; two of them, OLDER_APART_MS from each other, are believed. Pure.
 *
 *              gap                 known
 *   |------------------------|====R=========...
 *                          to ^       ^ to + anchor: the page shows R, and what is older
 */
#ifndef GAPLESS_OLDER_H
#define GAPLESS_OLDER_H

#include "common/candle/spans.h"
#include "producer/series/anchor.h"
#include "producer/series/validity.h"
#include "producer/series/witness.h"

enum {
	OLDER_APART_MS = 10 * 60 * 1000,
	OLDER_AGAIN_MS = 24 * 3600 * 1000 /* what is believed is asked again daily */
};

struct older { /* all zero: nothing was said */
	/* the span that was answered with nothing: it waits, and all that is older if nothing older
	 * is known */
	int times;
	int at_edge; /* a row was known after it */
	int64_t from_ms, to_ms;
	int64_t others_to_ms; /* earlier spans that were, which wait for this one */
	int64_t until_boot_ms;
	struct anchor anchor; /* how far beyond the gap's end the page has to begin */
	/* the oldest row that was shown with nothing before it */
	int64_t row_ms;
	struct witness said;
};

/* The page before to_ms was empty, which speaks of [from_ms, to_ms); at_edge: a row is known after
 * it, which the next page is to show. Of several that were asked for side by side, the one with the
 * greatest to_ms speaks for all. */
void older_empty(struct older *o, int64_t from_ms, int64_t to_ms, int at_edge, int64_t boot_ms);
/* A page that reached from the time before to_ms over row_ms shows nothing older than that. 1 if it
 * is to be believed. */
int older_shown(struct older *o, int64_t row_ms, int64_t now_ms);
/* A full page that began beyond the gap's end did not come down to it: it has to begin nearer. */
void older_too_far(struct older *o);
/* What is known is no question any more. */
void older_known(struct older *o, const struct spans *known);
/* What another has heard before us. */
void older_join(struct older *o, int64_t row_ms, const struct witness *said);
/* There is a row there: what was said of the time before a later one was wrong. */
void older_row(struct older *o, int64_t timestamp_ms);
/* How many intervals beyond the end of the gap the next page has to begin. */
int64_t older_anchor(const struct older *o, int64_t gap_to_ms);
/* Takes what is not to be asked for yet out of the set. A row that is known after the span by now
 * makes it a better question. */
void older_subtract(const struct older *o, const struct spans *known, int64_t now_ms,
		    int64_t boot_ms, struct spans *from);

/* For how long that stays as it is. */
void older_validity(const struct older *o, int64_t now_ms, int64_t boot_ms, struct validity *v);

#endif
