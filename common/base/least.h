/* SPDX-License-Identifier: MIT */
#ifndef GAPLESS_LEAST_H
#define GAPLESS_LEAST_H

#include <stdint.h>

static inline int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
