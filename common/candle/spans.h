/* SPDX-License-Identifier: MIT */
/* Sets of time: sorted, disjoint, non-adjacent half-open spans [from, to) of milliseconds. The
 * union of what messages promise, what is wanted, what is missing: all of it is one of these.
 *
 * Invariant: for every i, v[i].from < v[i].to and v[i].to < v[i + 1].from (touching spans are
 * joined). Empty spans given as arguments (to <= from) are ignored. */
#ifndef GAPLESS_SPANS_H
#define GAPLESS_SPANS_H

#include <stddef.h>
#include <stdint.h>

struct span {
	int64_t from, to;
};

/* All zero is the empty set. */
struct spans {
	struct span *v;
	size_t n, cap;
};

void spans_release(struct spans *s);
void spans_clear(struct spans *s);
void spans_swap(struct spans *a, struct spans *b);

void spans_add(struct spans *s, int64_t from, int64_t to);
void spans_remove(struct spans *s, int64_t from, int64_t to);
void spans_copy(struct spans *to, const struct spans *from);
void spans_union(struct spans *s, const struct spans *other);    /* s |= other */
void spans_subtract(struct spans *s, const struct spans *other); /* s -= other */
/* s &= [from, to) */
void spans_clip(struct spans *s, int64_t from, int64_t to);

/* 1 if all of [from, to) is in the set; an empty span is. */
int spans_cover(const struct spans *s, int64_t from, int64_t to);
int spans_contain(const struct spans *s, int64_t at);
/* 1 if some of [from, to) is. */
int spans_meet(const struct spans *s, int64_t from, int64_t to);
/* End of the run of covered time that begins at `at`: `at` itself where it is not covered. */
int64_t spans_run_end(const struct spans *s, int64_t at);

#endif
