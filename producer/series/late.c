/* SPDX-License-Identifier: MIT */
#include "producer/series/late.h"

void late_empty(const struct spans *covered, const struct interval *iv, int64_t length_ms,
		const struct sightings *stored, const struct spans *untold, struct spans *out)
{
	int64_t from_ms, to_ms;

	spans_clear(out);
	if (covered->n == 0)
		return;
	to_ms = covered->v[covered->n - 1].to;
	from_ms = interval_floor(iv, to_ms - length_ms);
	spans_copy(out, covered);
	spans_clip(out, from_ms, to_ms);
	spans_subtract(out, untold);
	for (size_t i = 0; i < stored->n; i++) {
		int64_t at = stored->v[i].timestamp_ms;

		if (at >= from_ms && at < to_ms)
			spans_remove(out, at, interval_end(iv, at));
	}
}
