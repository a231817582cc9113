/* SPDX-License-Identifier: MIT */
#include "producer/series/tail.h"

#include "common/base/least.h"

enum {
	ODD_ROWS = 8,   /* fewer tell nothing of the time between them */
	ODD_TIMES = 5,  /* the mean time between two rows */
	ODD_MORE = 2,   /* intervals */
	ODD_LONGEST = 5 /* times the longest: trades come in bursts, and a page may be short */
};

static int64_t longest_quiet(const struct interval *iv, const struct candle *rows, size_t n)
{
	int64_t longest = 0;

	for (size_t i = 1; i < n; i++)
		longest = greatest(longest,
				   interval_count(iv, interval_end(iv, rows[i - 1].timestamp_ms),
						  rows[i].timestamp_ms));
	return longest;
}

int tail_is_odd(const struct interval *iv, const struct candle *rows, size_t n, int64_t to_ms)
{
	int64_t tail, apart;

	if (n < ODD_ROWS)
		return 0;
	tail = interval_count(iv, interval_end(iv, rows[n - 1].timestamp_ms), to_ms);
	apart = interval_count(iv, rows[0].timestamp_ms, rows[n - 1].timestamp_ms);
	return (tail - ODD_MORE) * (int64_t)(n - 1) > ODD_TIMES * apart &&
	       tail > ODD_LONGEST * longest_quiet(iv, rows, n);
}
