/* SPDX-License-Identifier: MIT */
/* For how long something holds that depends on the time alone: until one of the moments is passed
 * at which it may turn out otherwise. Pure. */
#ifndef GAPLESS_VALIDITY_H
#define GAPLESS_VALIDITY_H

#include <stdint.h>

struct validity {
	int64_t since_ms, until_ms; /* the exchange's time, which may be set back: [since, until) */
	int64_t until_boot_ms;
};

#define VALID_ALWAYS                            \
	(struct validity)                       \
	{                                       \
		INT64_MIN, INT64_MAX, INT64_MAX \
	}

/* It may be otherwise before that moment, or from it on. */
static inline void validity_edge(struct validity *v, int64_t edge_ms, int64_t now_ms)
{
	if (edge_ms > now_ms && edge_ms < v->until_ms)
		v->until_ms = edge_ms;
	if (edge_ms <= now_ms && edge_ms > v->since_ms)
		v->since_ms = edge_ms;
}

/* ... from it on, by a clock that never goes back. */
static inline void validity_boot_edge(struct validity *v, int64_t edge_boot_ms, int64_t boot_ms)
{
	if (edge_boot_ms > boot_ms && edge_boot_ms < v->until_boot_ms)
		v->until_boot_ms = edge_boot_ms;
}

#endif
