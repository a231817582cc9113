/* SPDX-License-Identifier: MIT */
/* gapless-indicators compute: a span of the table, for one who adds an indicator today and wants
 * five years of it. One shot: what it waits for, it waits for. */
#ifndef GAPLESS_INDICATORS_COMPUTE_H
#define GAPLESS_INDICATORS_COMPUTE_H

#include "options.h"

/* Returns the exit code. Stop handling is installed. */
int compute(const struct options *o);

#endif
