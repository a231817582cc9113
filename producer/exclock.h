/* SPDX-License-Identifier: MIT */
/* The exchange's clock: what decides that a candle is closed. Pure: the machine's CLOCK_BOOTTIME
 * comes in as boot_ms; its wall clock and zone do not matter.
 *
 * The only source is the Date header of the answers: whole seconds, cut, written at some moment
 * between the sending of the request and the arrival of the answer. So each answer bounds the true
 * difference between the two clocks from both sides:
 *
 *     Date - received  <=  difference  <  Date + 1000 - sent
 *
 *     true difference 1000.000 s     Date - received     999.310   999.870   999.020   999.996
 *                                    estimate            999.310   999.870   999.870   999.996
 *
 * The estimate is the greatest of the lower bounds of the last minute: never ahead of the truth.
 * How far it may be behind, the way of an answer aside, the upper bounds say.
 *
 * The first Date of all has nothing to be held against: the time is known when a second answer
 * agrees, or the third agrees with one of two. A Date that lies more than 5 s off the estimate is a
 * jump. It counts only once three answers in a row agree on it within 2 s, either as a running
 * clock (their differences to boot_ms agree) or as a stopped one (their Dates agree); until then
 * the smaller of Date and estimate is the time.
 *
 * A jump forward would promise that the future is empty, and that a candle that is forming is
 * final. So rows are witnesses, too, those of newest pages (their answers alone show them; lists
 * and pages with an end do not). One that shows a candle that begins after the estimate, or of the
 * shortest intervals one that ends after the new Date, says that it is so. One whose newest candle
 * is that of the estimate, or the one before it, says that it is not. Where no row says anything,
 * it is so after a minute. */
#ifndef GAPLESS_EXCLOCK_H
#define GAPLESS_EXCLOCK_H

#include <stdint.h>

enum {
	EXCLOCK_JUMP_MS = 5000,
	EXCLOCK_AGREE_MS = 2000,
	EXCLOCK_WINDOW_MS = 30000,
	EXCLOCK_UNWITNESSED_MS = 60000,
	EXCLOCK_SHORT_MS = 300000, /* longer ones say too little of what the time is not */
	EXCLOCK_ROUGH_MS =
		150, /* between the bounds, the way aside: close enough to deal slots by */
	EXCLOCK_ROUGH_ANSWERS = 10 /* after these it is as close as it gets */
};

struct exclock_sample {
	int64_t date_ms, boot_ms;
};

struct exclock_bounds { /* of the difference, by the answers of half a minute */
	int64_t low_ms, high_ms;
};

struct exclock {
	int is_set;
	int64_t offset_ms; /* the estimate: exchange's time minus boot time */
	int64_t window_ms; /* boot time at which the current half of the minute began */
	struct exclock_bounds half, last_half; /* this one and the one before */
	int64_t way_ms;                        /* the shortest, there and back */
	int answers;                           /* that the bounds were made of */
	struct exclock_sample suspects[2];     /* answers in a row that jumped, oldest first */
	int n_suspects;
	int64_t suspects_boot_ms; /* since then they have agreed */
	/* The last answer: its Date, when it came, and what the estimate was then. */
	int64_t taken_ms, taken_boot_ms, expected_ms;
	int64_t shortest_ms;     /* of the intervals of rows */
	int witnessed;           /* by a row, since then */
	int64_t in_step_boot_ms; /* when a row last was in step with the estimate */
};

void exclock_init(struct exclock *c);

/* Takes an answer's Date (0: it had none), when its request was sent and when its head arrived.
 * Returns the exchange's time to use for deciding what was closed in *this* answer: its own Date,
 * or less while a jump is unconfirmed; the estimate where it had no Date; 0: unknown, no two
 * answers have agreed on it yet, and nothing is closed. */
int64_t exclock_answer(struct exclock *c, int64_t date_ms, int64_t sent_boot_ms, int64_t boot_ms);

/* The answer that was taken last was a newest page; its newest candle is of [start_ms, end_ms). */
void exclock_row(struct exclock *c, int64_t start_ms, int64_t end_ms);

/* The exchange's time between answers, for planning; 0: unknown. With a steady clock it does not
 * exceed the truth and lags less than a second and the way of an answer. It may step back when the
 * exchange's clock does. */
int64_t exclock_now(const struct exclock *c, int64_t boot_ms);
/* While the estimate is too rough for slots of a budget to be dealt by it: how long until an answer
 * would tell most, which is in the middle between the bounds of when a second of the exchange
 * begins. -1: it is good enough. */
int64_t exclock_probe_ms(const struct exclock *c, int64_t boot_ms);

#endif
