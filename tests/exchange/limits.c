/* SPDX-License-Identifier: MIT */
#include "limits.h"

#include <string.h>

#define FIRST_BLOCK_S     10
#define LONGEST_BLOCK_S   3600
#define FORGIVEN_AFTER_MS 600000
#define ORIGIN_MS         10000
#define REFUSALS          3

void limits_init(struct limits *l, unsigned per_second)
{
	memset(l, 0, sizeof(*l));
	l->per_second = per_second;
	limits_forgive(l);
}

void limits_forgive(struct limits *l)
{
	l->blocked_until_ms = l->last_block_ms = 0;
	l->next_block_s = FIRST_BLOCK_S;
}

void limits_block(struct limits *l, unsigned seconds, int64_t real_ms)
{
	l->block_s = seconds;
	l->blocked_until_ms = real_ms + seconds * 1000LL;
	l->last_block_ms = l->blocked_until_ms;
}

static void block_again(struct limits *l, int64_t real_ms)
{
	if (l->last_block_ms != 0 && real_ms - l->last_block_ms > FORGIVEN_AFTER_MS)
		l->next_block_s = FIRST_BLOCK_S;
	limits_block(l, l->next_block_s, real_ms);
	l->next_block_s =
		l->next_block_s * 2 < LONGEST_BLOCK_S ? l->next_block_s * 2 : LONGEST_BLOCK_S;
}

struct limit_verdict limits_take(struct limits *l, enum limit_group group, bool with_origin,
				 int64_t real_ms)
{
	struct limit_verdict v = {.status = 200};
	int64_t second = real_ms / 1000;

	if (l->group[group].second != second) {
		l->group[group].second = second;
		l->group[group].used = l->group[group].refused = 0;
	}
	l->group[group].used++;
	if ((group == GROUP_CANDLES || l->blocks_all) && real_ms < l->blocked_until_ms) {
		if (l->blocks_renew)
			limits_block(l, l->block_s, real_ms);
		v.status = 418;
	} else if (with_origin && real_ms < l->origin_until_ms) {
		v.status = 429;
	} else if (l->group[group].used > l->per_second) {
		v.status = 429;
		if (++l->group[group].refused >= REFUSALS && group == GROUP_CANDLES) {
			block_again(l, real_ms);
			v.status = 418;
		}
	}
	if (with_origin && v.status == 200)
		l->origin_until_ms = real_ms + ORIGIN_MS;
	if (v.status == 200)
		v.remaining = l->per_second - l->group[group].used;
	if (v.status == 418)
		v.blocked_s = (unsigned)((l->blocked_until_ms - real_ms + 999) / 1000);
	return v;
}
