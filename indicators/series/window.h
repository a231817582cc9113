/* SPDX-License-Identifier: MIT */
/* The newest bars of one series, and the values of its indicators. Pure.
 *
 *   dropped | context | .......... the window .......... newest
 *                     ^ the base: a walk over all that was before
 *
 * The window holds as many bars as a value depends on (set.h, horizon), so that a correction inside
 * it, however late, is answered from memory. What lies before it is `older`: it must be computed
 * from the table. Of the context only the bars are there, for what looks back into it. */
#ifndef GAPLESS_INDICATORS_WINDOW_H
#define GAPLESS_INDICATORS_WINDOW_H

#include "timeline.h"
#include "walk.h"

struct window;

enum window_news {
	WINDOW_NOTHING = 0,
	WINDOW_CHANGED = 1, /* window_compute has something to say */
	WINDOW_OLDER = 2    /* something before the window changed */
};

struct window *window_new(const struct set *set, const struct interval *interval,
			  enum timeline_fill fill);
void window_free(struct window *w);

/* Takes a message, in any order and number. Returns enum window_news as flags; *older is what was
 * touched before the window. */
int window_apply(struct window *w, const struct timeline_input *in, struct span *older);

/* Called with what has changed, oldest bar first. */
typedef void window_emit(void *to, const struct bar *bar, const struct indicator *in,
			 const struct result *r);
/* Computes what depends on what has changed, emits what is no longer as it was, and drops bars that
 * are more than the window. */
void window_compute(struct window *w, window_emit *emit, void *to);

/* What has changed was published before: nothing is emitted for it. */
void window_pass(struct window *w);

/* ---- from the table, oldest first ---- */

/* As timeline_append(). */
void window_append(struct window *w, const struct spans *covered, const struct bar *bars, size_t n,
		   int is_behind);
/* What was appended has not changed: nothing is emitted for it now. Of what began behind other
 * bars, all but the newest bars (set.h, horizon) were only there to walk over. */
void window_seal(struct window *w);
/* Makes what `older` has behind it, fed with all bars before this window, the base of this one. */
void window_rebase(struct window *w, const struct window *older);

/* Start of the window: INT64_MIN where nothing is before it. */
int64_t window_start(const struct window *w);
/* How new the knowledge of the series is: what is emitted carries it, so that of two values of one
 * key the greater as_of is the one that knows more. */
int64_t window_as_of(const struct window *w);
/* It is at least that, and what is emitted beats what another process has made of the same
 * knowledge: one that stood still and does not know yet that it was replaced may know less than its
 * as_of says, of two partitions of a series for instance, and be the later one. */
void window_take_over(struct window *w, int64_t as_of_ms);
size_t window_bytes(const struct window *w);

#endif
