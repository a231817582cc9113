/* SPDX-License-Identifier: MIT */
/* Long stretches without a row in pages that are full of rows else. A replica that lacks an hour
 * shows it like this, and so does a market that was halted: one answer is one witness, so nothing
 * is promised of such a stretch before SILENCE_READS answers, DOUBT_MS or more from each other,
 * have shown it. A row in it takes all of that back. Short or likely ones are believed at once. In
 * memory only: who takes the series over asks again. Pure; times are the exchange's. */
#ifndef GAPLESS_SILENCE_H
#define GAPLESS_SILENCE_H

#include <stddef.h>

#include "producer/series/reading.h"
#include "producer/series/validity.h"

enum {
	SILENCE_READS = 5,
	SILENCES_MAX = 16 /* of a series at a time; what is beyond them is believed */
};

struct silence {
	int64_t from_ms, to_ms;
	int64_t last_ms; /* the last of so many answers that showed it */
	int reads;
};

struct silences { /* all zero: none */
	struct silence *v;
	size_t n;
};

void silences_release(struct silences *s);
/* What the reading shows and what is doubtful of it, which becomes a hole of the reading. has_end:
 * behind its newest row it shows that there is nothing before its end. */
void silences_judge(struct silences *s, struct reading *r, int has_end, const struct spans *known);
/* Takes what is doubtful, and was shown less than DOUBT_MS ago, out of the set; for how long that
 * stays as it is. */
void silences_subtract(const struct silences *s, int64_t now_ms, struct spans *from);
void silences_validity(const struct silences *s, int64_t now_ms, struct validity *v);

#endif
