/* SPDX-License-Identifier: MIT */
/* A kind of indicator: what its parameters are, and its formula. Pure. A new one is a file beside
 * this one and a row in kinds.c.
 *
 * Conventions are TA-Lib's (docs/indicators.md): where the first value stands, how recursions are
 * seeded, the divisor of a deviation. What depends on a window is computed afresh from its bars:
 * running sums lose all digits of a deviation at 60123.45 with steps of 0.01. What is recursive
 * takes O(1) a bar. */
#ifndef GAPLESS_INDICATORS_KIND_H
#define GAPLESS_INDICATORS_KIND_H

#include <stddef.h>
#include <stdint.h>

#include "bar.h"

enum { KIND_NOTHING = -1 };
enum { KIND_PARAMS = 3, KIND_VALUES = 3, KIND_STATE = 5, KIND_PERIOD_MAX = 1000 };

struct kind_param {
	const char *name; /* "period" */
	double min, max;
	int is_whole;
};

/* The newest bar; newest[-1] is the one before it, as far as the run and `need` reach back. */
struct kind_input {
	const struct bar *newest;
	int64_t run; /* bars of the unbroken run that ends here */
};

struct kind {
	const char *name;
	const char *values[KIND_VALUES + 1];       /* names of its values, NULL behind the last */
	struct kind_param params[KIND_PARAMS + 1]; /* name NULL behind the last */
	/* What one parameter says of another, as a sentence; NULL: nothing is wrong. May be NULL.
	 */
	const char *(*check)(const double *p);
	/* Bars of a run up to its first value: step may look back so far, and no further. */
	int64_t (*need)(const double *p);
	/* Bars that a value depends on to 10 digits: of a window its length; of a recursion the
	 * horizon beyond which where it began no longer matters. */
	int64_t (*reach)(const double *p);
	int is_recursive; /* every bar must be stepped over; otherwise step may be left out */
	int is_daily;     /* reaches back to the start of the UTC day, however far that is */
	int is_event;     /* most values say "nothing": only those that do not are published */
	/* Takes a bar and gives its values. `state` is what it carries from bar to bar, zero before
	 * the first one of a run. Returns how many bars stand behind the values; 0:
	 * none yet; KIND_NOTHING: there are enough of them, and still no value. */
	int64_t (*step)(const double *p, double state[KIND_STATE], struct kind_input in,
			double *out);
};

/* The table of those that there are; *n gets its length. */
const struct kind *const *kind_table(size_t *n);
/* NULL if there is no such kind. */
const struct kind *kind_by_name(const char *name);

#endif
