/* SPDX-License-Identifier: MIT */
#ifndef GAPLESS_BY_TIME_H
#define GAPLESS_BY_TIME_H

#include <stddef.h>

/* The index of the first of n elements whose timestamp_ms is not before `ms`, or n; v is sorted by
 * it. */
#define BY_TIME(v, n, ms)                                           \
	({                                                          \
		size_t low_ = 0, high_ = (n);                       \
		while (low_ < high_) {                              \
			size_t middle_ = low_ + (high_ - low_) / 2; \
			if ((v)[middle_].timestamp_ms < (ms))       \
				low_ = middle_ + 1;                 \
			else                                        \
				high_ = middle_;                    \
		}                                                   \
		low_;                                               \
	})

#endif
