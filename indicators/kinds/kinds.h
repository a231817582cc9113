/* SPDX-License-Identifier: MIT */
/* The kinds of indicators that there are. */
#ifndef GAPLESS_INDICATORS_KINDS_H
#define GAPLESS_INDICATORS_KINDS_H

#include "kind.h"

/* The table; *n gets its length. */
const struct kind *const *kind_table(size_t *n);
/* NULL if there is no such kind. */
const struct kind *kind_by_name(const char *name);

#endif
