/* SPDX-License-Identifier: MIT */
#include "producer/series/promise.h"

#include "common/base/least.h"

int64_t promise_closed_before(const struct interval *iv, int64_t read_ms)
{
	return interval_floor(iv, read_ms - SETTLE_MS);
}

int64_t promise_final_before(const struct interval *iv, int64_t read_ms)
{
	return interval_floor(iv, read_ms - FINAL_MS);
}

/* Neither end of the promise of a candle that ends at own_end goes beyond the hole next to it. */
static void stop_at_holes(struct promise *p, int64_t own_end, const struct spans *holes)
{
	for (size_t i = 0; i < holes->n; i++) {
		if (holes->v[i].to <= own_end && holes->v[i].to > p->covers_from_ms)
			p->covers_from_ms = holes->v[i].to;
		if (holes->v[i].from >= own_end && holes->v[i].from < p->covers_to_ms)
			p->covers_to_ms = holes->v[i].from;
	}
}

size_t promise_page(const struct interval *iv, const struct candle *rows, size_t n, int64_t to_ms,
		    int64_t read_ms, const struct spans *holes, struct promise *out)
{
	int64_t closed_before = promise_closed_before(iv, read_ms);
	int64_t final_before = promise_final_before(iv, read_ms);
	size_t promised = 0;

	for (size_t i = 0; i < n && rows[i].timestamp_ms < closed_before; i++) {
		int64_t start = rows[i].timestamp_ms, own_end = interval_end(iv, start);
		struct promise p = {.row = i, .covers_from_ms = start, .covers_to_ms = start};

		if (spans_contain(holes, start))
			continue;
		if (start < final_before) {
			p.covers_to_ms = own_end;
			if (i > 0)
				p.covers_from_ms = interval_end(iv, rows[i - 1].timestamp_ms);
			if (i + 1 == n || rows[i + 1].timestamp_ms >= final_before) {
				int64_t end =
					i + 1 == n ? to_ms : least(to_ms, rows[i + 1].timestamp_ms);

				/* `to` need not lie on the grid, or be final; the promise does and
				 * is.
				 */
				p.covers_to_ms =
					greatest(p.covers_to_ms,
						 interval_floor(iv, least(end, final_before)));
			}
			stop_at_holes(&p, own_end, holes);
		}
		out[promised++] = p;
	}
	return promised;
}
