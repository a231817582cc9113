/* SPDX-License-Identifier: MIT */
/* gapless-writer gaps: prints what is wanted, due and not covered. */
#ifndef GAPLESS_GAPS_H
#define GAPLESS_GAPS_H

#include "writer/options.h"

enum { EXIT_GAPS = 1 };

/* Prints to stdout; returns the exit code: 0 if there is no gap, EXIT_GAPS where there are, 2
 * where that could not be found out. */
int gaps_run(const struct options *o);

#endif
