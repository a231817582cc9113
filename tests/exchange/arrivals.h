/* SPDX-License-Identifier: MIT */
/* Every request of /v1 as it came: when, of which group and market, and how it was answered. The
 * newest ARRIVALS are kept. Times are those of clock_real_us(). */
#ifndef EXCHANGE_ARRIVALS_H
#define EXCHANGE_ARRIVALS_H

#include "limits.h"

#include <stddef.h>
#include <stdint.h>

#define ARRIVALS (1u << 18)

struct text;
struct market_list;

struct arrival {
	int64_t real_us;
	int16_t market;  /* index; -1: of none of ours */
	uint16_t status; /* 0: not answered */
	uint8_t group;
};

struct arrivals {
	struct arrival *ring;
	uint64_t n; /* how many came */
};

/* Which arrivals are meant. */
struct arrivals_query {
	int64_t from_us, to_us;
	int64_t window_us; /* of `most` */
	int market;        /* -1: all */
};

void arrivals_init(struct arrivals *a);
void arrivals_release(struct arrivals *a);
/* Returns what arrivals_answer() takes. */
uint64_t arrivals_add(struct arrivals *a, int64_t real_us, enum limit_group group, int market);
void arrivals_answer(struct arrivals *a, uint64_t arrival, unsigned status);
/* By group (number, most in any window of that length, statuses), by market, by second. */
void arrivals_json(const struct arrivals *a, const struct market_list *markets,
		   const struct arrivals_query *q, struct text *out);

#endif
