/* SPDX-License-Identifier: MIT */
/* Candles that were published and are not final yet: so that each change of one is published once.
 * Pure. */
#ifndef GAPLESS_PROVISIONAL_H
#define GAPLESS_PROVISIONAL_H

#include "common/candle.h"

struct provisionals { /* oldest first; all zero: none. About as many as close within a minute */
	struct candle *v;
	size_t n, cap;
};

void provisionals_release(struct provisionals *p);
/* Remembers the row. 1 if it is new, or has changed since it was remembered. */
int provisionals_note(struct provisionals *p, const struct candle *row);
void provisionals_forget(struct provisionals *p, int64_t timestamp_ms);
/* What starts before that has become final. */
void provisionals_drop_before(struct provisionals *p, int64_t before_ms);

#endif
