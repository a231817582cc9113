/* SPDX-License-Identifier: MIT */
/* The exchange's clock: what decides that a candle is closed. Pure: the machine's CLOCK_BOOTTIME
 * comes in as boot_ms; its wall clock and zone do not matter.
 *
 * The only source is the Date header of the answers: whole seconds, cut, and some milliseconds old
 * on arrival. Date minus boot_ms is therefore never more than the true difference between the two
 * clocks, and the greatest difference of the last minute is the best estimate of it from below:
 *
 *     true difference 1000.000 s     Date - boot of the answers   999.310   999.870   999.020
 * 999.996 ... estimate                                                    999.310   999.870 999.870
 * 999.996
 *
 * A Date that lies more than 5 s off the estimate is a jump. It counts only once three answers in a
 * row agree on it within 2 s, either as a running clock (their differences to boot_ms agree) or as
 * a stopped one (their Dates agree); until then the smaller of Date and estimate is the time. The
 * first Date of all has nothing to be held against and counts. */
#ifndef GAPLESS_EXCLOCK_H
#define GAPLESS_EXCLOCK_H

#include <stdint.h>

enum { EXCLOCK_JUMP_MS = 5000, EXCLOCK_AGREE_MS = 2000, EXCLOCK_WINDOW_MS = 30000 };

struct exclock_sample {
	int64_t date_ms, boot_ms;
};

struct exclock {
	int known;
	int64_t offset_ms;             /* the estimate: exchange's time minus boot time */
	int64_t window_ms;             /* boot time at which the current half of the minute began */
	int64_t best_ms, last_best_ms; /* greatest difference in this half and in the one before */
	struct exclock_sample suspects[2]; /* answers in a row that jumped, oldest first */
	int n_suspects;
};

void exclock_init(struct exclock *c);

/* Takes an answer's Date (0: it had none) and when its head arrived. Returns the exchange's time to
 * use for deciding what was closed in *this* answer: its own Date, or less while a jump is
 * unconfirmed; the estimate where it had no Date; 0: unknown, no answer ever had one, and nothing
 * is closed. */
int64_t exclock_answer(struct exclock *c, int64_t date_ms, int64_t boot_ms);

/* The exchange's time between answers, for planning; 0: unknown. With a steady clock it does not
 * exceed the truth and lags less than a second and the way of an answer. It may step back when the
 * exchange's clock does. */
int64_t exclock_now(const struct exclock *c, int64_t boot_ms);

#endif
