/* SPDX-License-Identifier: MIT */
#include "producer/shortfall.h"

#include "producer/exchange/markets.h"

int shortfall_judge(struct shortfall *s, size_t n, int64_t now_ms)
{
	size_t agreed = s->last == 0 || n < s->last ? n : s->last, gone;

	if (agreed > s->most)
		s->most = agreed;
	s->last = n;
	gone = s->most > n ? s->most - n : 0;
	if (!markets_are_many(gone, s->most)) {
		s->since_ms = 0;
		return 0;
	}
	if (s->since_ms == 0)
		s->since_ms = now_ms;
	if (now_ms - s->since_ms < SHORTFALL_LASTS_MS)
		return 1;
	s->most = n;
	s->since_ms = 0;
	return 0;
}
