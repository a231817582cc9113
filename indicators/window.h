/* SPDX-License-Identifier: MIT */
/* The newest bars of one series, and the values of its indicators. Pure.
 *
 *   dropped | context | .......... the window .......... newest
 *                     ^ the base: a walk over all that was before
 *
 * The window holds as many bars as a value depends on (set.h, horizon), so that a correction inside
 * it, however late, is answered from memory. What lies before it is `older`: it must be computed
 * from the table. Of the context only the bars are there, for windows that reach back into it. */
#ifndef GAPLESS_INDICATORS_WINDOW_H
#define GAPLESS_INDICATORS_WINDOW_H

#include "common/candle/spans.h"
#include "walk.h"

struct window;

enum window_news {
	WINDOW_NOTHING = 0,
	WINDOW_CHANGED = 1, /* window_compute has something to say */
	WINDOW_OLDER = 2    /* something before the window changed */
};

/* What a message says: a bar (its links are found here), and what it promises. */
struct window_input {
	struct bar bar;
	int64_t covers_from_ms, covers_to_ms;
	int is_fresh; /* nothing can have been published about this bar by another process */
};

struct window *window_new(const struct set *set, const struct interval *interval);
void window_free(struct window *w);

/* Takes a message, in any order and number. Returns enum window_news as flags; *older is then what
 * was touched before the window. */
int window_apply(struct window *w, const struct window_input *in, struct span *older);

/* Called with what has changed, oldest bar first. */
typedef void window_emit(void *to, const struct bar *bar, const struct indicator *in,
			 const struct result *r);
/* Computes what depends on what has changed, emits what is no longer as it was, and drops bars that
 * are more than the window. */
void window_compute(struct window *w, window_emit *emit, void *to);

/* ---- from the table, oldest first ---- */

/* The bars that follow lie behind others that are not here: the first of them begins with a gap. */
void window_begin_behind(struct window *w);
/* Notes what is covered, before the bars in it are appended. */
void window_cover(struct window *w, const struct spans *covered);
/* Appends bars; is_changed: window_compute is to emit them all. */
void window_append(struct window *w, const struct bar *bars, size_t n, int is_changed);
/* Takes from `older` what its last bar has behind it as the base of this window: older has been fed
 * all bars before it. Everything in the window is computed again. */
void window_rebase(struct window *w, struct window *older);

/* Start of the window: INT64_MIN where nothing is before it. */
int64_t window_start(const struct window *w);
int64_t window_newest(const struct window *w); /* INT64_MIN: no bar */
size_t window_bytes(const struct window *w);

#endif
