/* SPDX-License-Identifier: MIT */
/* What one who begins has to doubt: that nothing was traded in the last intervals that are covered
 * may be one answer's word, given when their candles were not published yet, to one that was
 * watching for them and is not there any more. Pure. */
#ifndef GAPLESS_LATE_H
#define GAPLESS_LATE_H

#include "producer/series/sightings.h"

/* The intervals without a stored row (where it is known what is stored) among the last `length_ms`
 * of what is covered; *out is cleared first. */
void late_empty(const struct spans *covered, const struct interval *iv, int64_t length_ms,
		const struct sightings *stored, const struct spans *untold, struct spans *out);

#endif
