/* SPDX-License-Identifier: MIT */
#include "producer/ratelimit.h"

#include <stddef.h>

#include "common/base/backoff.h"
#include "common/base/least.h"

enum {
	JITTER_MS = 40, /* how much longer one request may travel than another */
	SECOND_MS = 1000,
	SEEN_AGAIN_MS = 20, /* how soon to look for room again */
	STALE_MS = 3000,    /* what the others do is known only as long as answers tell */
	ROUGH_MS = 8000, /* after an assignment, or later than we, others know the clock so late */
	LIVE_OF_FIVE = 4,
	LIVE_SAVED_S = 2, /* what live may have saved up for the end of a minute */
	TRAVEL_MS = 50,   /* what is sent later may be counted in the next second */
	NEVER_US = 1000 * 1000 * 1000,
	STRIKE_MAX_MS = 60 * 1000,
	LIMITED_JITTER_MS = 250,
	LIMITED_TOLD_MAX_MS = 30 * 1000,
	SLOWED_MAX = 4,
	SLOWED_MS = 10 * 1000,
	BAN_FIRST_MS = 60 * 1000,
	BAN_MAX_MS = 3600 * 1000,
	BAN_FORGET_MS = 3600 * 1000,
	BAN_MARGIN_MS = 1000
};

/* How far all together must lag behind the budget, in requests, for one that is beyond our part:
 * where the others did nothing in the last seconds, and where they used all of theirs. */
static const double LAG_IDLE = -1, LAG_BUSY = 1.5;

static int64_t period_us(const struct ratelimit *r, double per_second)
{
	return (int64_t)(1e6 / (per_second > 0.001 ? per_second : 0.001) + 0.999) << r->slowed;
}

/* How late a slot may be used: see the header. */
static int64_t late_us(const struct ratelimit *r)
{
	int64_t period = period_us(r, r->per_second);
	int64_t room = r->limit * period - INT64_C(1000) * (SECOND_MS + JITTER_MS);

	return greatest(0, least(room, period));
}

static int divides_none_of(int stride, int n)
{
	while (n) {
		int rest = stride % n;

		stride = n;
		n = rest;
	}
	return stride == 1;
}

/* Neighbours own neighbouring partitions: a stride by the golden section deals their slots far
 * apart. */
static int stride_of(int n)
{
	int stride = n * 618 / 1000;

	while (stride > 1 && !divides_none_of(stride, n))
		stride--;
	return stride > 0 ? stride : 1;
}

void ratelimit_share(struct ratelimit *r, const unsigned char *ours, int n, int64_t now_ms)
{
	int owned = 0;

	r->share.ours = ours;
	r->share.n = ours ? n : 1;
	r->share.stride = stride_of(r->share.n);
	r->share.per_second = r->per_second;
	for (int i = 0; ours && i < n; i++)
		owned += ours[i] != 0;
	r->share.others = ours ? r->per_second * (n - owned) / n : 0;
	r->share.own = r->per_second - r->share.others;
	r->share.last = INT64_MIN;
	r->slot_us = greatest(r->slot_us, now_ms * 1000); /* what it did not own is not lost */
	r->share.since_ms = now_ms;
	r->share.alone_ms = now_ms + ROUGH_MS;
}

void ratelimit_use_leftover(struct ratelimit *r, int64_t now_ms)
{
	static const unsigned char one = 1;
	double beyond = r->limit - r->per_second;

	ratelimit_share(r, &one, 1, now_ms);
	r->share.per_second = r->share.own = beyond > 0.2 ? beyond / 2 : 0.1;
	r->share.others = r->per_second;
}

void ratelimit_clock(struct ratelimit *r, int64_t offset_ms, int64_t probe_ms)
{
	r->offset_ms = offset_ms;
	r->probe_ms = probe_ms;
}

void ratelimit_init(struct ratelimit *r, double per_second, int limit, int64_t now_ms)
{
	*r = (struct ratelimit){.limit = limit > 0 ? limit : 1,
				.least = -1,
				.probe_ms = -1,
				.live_credit = LIVE_OF_FIVE,
				.others = limit};
	if (!(per_second > 0.001))
		per_second = 0.001;
	r->per_second = per_second > r->limit ? r->limit : per_second;
	r->slot_us = now_ms * 1000;
	r->retry_ms = r->second_ms = r->answer_ms = r->limited_ms = r->banned_ms = now_ms;
	ratelimit_share(r, NULL, 0, now_ms);
}

/* The way back to the whole rate. */
static void recover(struct ratelimit *r, int64_t now_ms)
{
	while (r->slowed > 0 && now_ms >= r->slowed_ms) {
		r->slowed--;
		r->slowed_ms += SLOWED_MS;
	}
	if (r->slowed == 0)
		r->strikes = 0;
	if (now_ms >= r->banned_ms + BAN_FORGET_MS)
		r->ban_ms = 0;
}

/* What the others use in a second, by the answers in this one. */
static double seen_of_others(const struct ratelimit *r)
{
	double passed = (double)(r->answer_ms - r->second_ms) / SECOND_MS;

	return (r->limit - r->least - r->answers) / (passed > 0.3 ? passed : 0.3);
}

/* ... or lately. */
static double others_now(const struct ratelimit *r)
{
	double seen = seen_of_others(r);

	return seen > r->others ? seen : r->others;
}

/* Do all together lag behind the budget? Nobody who pays for a 429 takes what is not his, nor while
 * newcomers may have no slots yet. */
static int room_is_seen(const struct ratelimit *r, int64_t now_ms)
{
	double kept, busy, others;

	if (r->least < 0 || r->slowed > 0 || now_ms < r->share.alone_ms)
		return 0;
	if (now_ms >= r->second_ms + SECOND_MS) /* a new second, of which nobody has told: one may
						   ask, where nobody else does */
		return r->others < 1 && r->in_flight == 0 && now_ms - r->answer_ms <= STALE_MS;
	if (now_ms >= r->second_ms + SECOND_MS - TRAVEL_MS)
		return 0;
	/* What the others do since the answer is not seen; what we do is in flight. */
	kept = r->share.others * (double)(r->second_ms + SECOND_MS - r->answer_ms) +
	       (r->per_second - r->share.others) * (double)(r->second_ms + SECOND_MS - now_ms);
	others = others_now(r);
	busy = r->share.others > 0 && others < r->share.others ? others / r->share.others : 1;
	return r->least - r->in_flight - (r->limit - r->per_second) - kept / SECOND_MS >=
	       LAG_IDLE + busy * (LAG_BUSY - LAG_IDLE);
}

/* After a 429 every other turn is left out, or three of four ... the slots stay where the others
 * expect them. */
static int slot_is_ours(const struct ratelimit *r, int64_t slot)
{
	int64_t n = r->share.n;

	if (slot < 0 || (slot / n) % (1 << r->slowed) != 0)
		return 0;
	return r->share.ours[(slot % n * r->share.stride) % n] != 0;
}

/* The slot of ours that may be used now: *slot and 0; else how long until the next one begins, in
 * us. */
static int64_t slot_wait_us(const struct ratelimit *r, int64_t now_ms, int64_t *slot)
{
	int64_t period = (int64_t)(1e6 / r->share.per_second),
		at_us = (now_ms + r->offset_ms) * 1000, k = at_us / period;
	int64_t last = r->share.last;

	if (last > k + r->share.n)
		last = k - 1; /* the exchange's clock was set back */
	if (k > last && at_us - k * period <= late_us(r) && slot_is_ours(r, k)) {
		*slot = k;
		return 0;
	}
	for (int i = 1; i <= r->share.n << (r->slowed + 1); i++)
		if (k + i > last && slot_is_ours(r, k + i))
			return (k + i) * period - at_us;
	return NEVER_US;
}

/* A slot that was lost may be made up for: the exchange has told, in this second of its own, that
 * there is room for it. */
static int may_catch_up(const struct ratelimit *r, int64_t now_ms)
{
	return r->lost_us >= period_us(r, r->per_second) && r->slowed == 0 &&
	       r->least - r->in_flight >= 2 && now_ms < r->second_ms + SECOND_MS - TRAVEL_MS;
}

/* Where the exchange's seconds lie is not known yet: half of our part, evenly by our own clock, and
 * each when it tells most. Others may be as far, or not: what they leave is no room. The second of
 * the assignment may be full: who had all of it until then has sent on a schedule of his own. */
static int64_t rough_wait_ms(struct ratelimit *r, int64_t now_ms)
{
	int64_t from_ms = greatest(r->spent_ms + 2 * period_us(r, r->share.own) / 1000,
				   r->share.since_ms + SECOND_MS);
	int64_t pace_ms = from_ms - now_ms, wait_ms = r->probe_ms;

	r->share.alone_ms = now_ms + ROUGH_MS;
	r->share.slots_ms = r->spent_ms + SECOND_MS; /* both in one second would be too many */
	if (wait_ms < pace_ms)
		wait_ms += (pace_ms - wait_ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS;
	return wait_ms;
}

int64_t ratelimit_hold_ms(const struct ratelimit *r, int64_t now_ms)
{
	return greatest(0, r->retry_ms - now_ms);
}

int64_t ratelimit_wait_ms(struct ratelimit *r, int64_t now_ms)
{
	int64_t retry_ms, pace_ms, ours_ms, slot;

	recover(r, now_ms);
	retry_ms = ratelimit_hold_ms(r, now_ms);
	pace_ms = greatest(retry_ms, (r->slot_us - now_ms * 1000 + 999) / 1000);
	if (retry_ms > 0)
		return pace_ms;
	if (!r->share.ours)
		return may_catch_up(r, now_ms) ? 0 : pace_ms;
	if (r->probe_ms >= 0 && r->share.n > 1)
		return rough_wait_ms(r, now_ms);
	if (now_ms < r->share.slots_ms)
		return r->share.slots_ms - now_ms;
	ours_ms = (slot_wait_us(r, now_ms, &slot) + 999) / 1000;
	if (ours_ms == 0 || (pace_ms <= 0 && room_is_seen(r, now_ms)))
		return 0;
	if (now_ms >= r->second_ms + SECOND_MS)
		return ours_ms; /* nothing shows room before an answer does */
	return least(ours_ms, greatest(pace_ms, SEEN_AGAIN_MS));
}

/* The next slot of the whole budget, on the schedule or ahead of it. */
static void pace_take(struct ratelimit *r, int64_t now_ms)
{
	int64_t now_us = now_ms * 1000, period = period_us(r, r->per_second),
		from_us = now_us - late_us(r);
	int64_t most = greatest(4, r->limit / 10) * period;

	if (now_ms - r->spent_ms >= SECOND_MS)
		r->lost_us = 0; /* a pause, not a late wake-up */
	else if (now_us < r->slot_us && r->lost_us >= period)
		r->lost_us -= period;
	else if (from_us > r->slot_us)
		r->lost_us = least(most, r->lost_us + from_us - r->slot_us);
	r->spent_ms = now_ms;
	if (now_us >= r->slot_us || r->share.ours)
		r->slot_us = greatest(r->slot_us, from_us) + period;
}

void ratelimit_spend(struct ratelimit *r, enum ratelimit_kind kind, int64_t now_ms)
{
	int64_t slot = 0;

	if (r->share.ours && slot_wait_us(r, now_ms, &slot) == 0)
		r->share.last = slot;
	pace_take(r, now_ms);
	r->in_flight++;
	if (kind == RATELIMIT_BACKFILL)
		r->live_credit =
			(int)least(r->live_credit + LIVE_OF_FIVE,
				   greatest(LIVE_OF_FIVE, (int64_t)(LIVE_SAVED_S * r->per_second)));
	else if (r->live_credit > 0)
		r->live_credit--; /* what live took while there was no backlog is no debt */
}

void ratelimit_done(struct ratelimit *r)
{
	if (r->in_flight > 0)
		r->in_flight--;
}

int ratelimit_live_may(const struct ratelimit *r)
{
	return r->live_credit > 0;
}

/* Where the exchange's seconds begin shows in the header itself: what remains goes down within a
 * second and up between two. (By one it may also go up because two answers overtook each other.)
 * The first answer that was counted in a second was received after the second began. A whole number
 * of seconds after an earlier such answer may be a better bound, where it lies between the last
 * answer of the old second and the first of the new one; a millisecond a second, lest two clocks
 * drift apart. */
static int64_t second_began(const struct ratelimit *r, int64_t now_ms)
{
	int64_t seconds = (now_ms - r->second_ms) / SECOND_MS, bound_ms;

	if (r->least < 0 || seconds <= 0 || seconds > 60)
		return now_ms;
	bound_ms = r->second_ms + seconds * (SECOND_MS + 1);
	return bound_ms > r->answer_ms && bound_ms <= now_ms ? bound_ms : now_ms;
}

/* A second is over: what was used in it and was not ours, up to our last answer, and as it would
 * have gone on. Somebody who pauses for a moment is not idle. */
static void second_ended(struct ratelimit *r)
{
	double seen = seen_of_others(r);

	r->others = seen > r->others ? seen : r->others + (seen - r->others) * 2 / 5;
}

void ratelimit_answer(struct ratelimit *r, int remaining, int64_t now_ms)
{
	if (remaining < 0)
		return;
	if (r->least < 0 || remaining >= r->least + 2 || now_ms - r->second_ms >= SECOND_MS) {
		if (r->least >= 0)
			second_ended(r);
		if (now_ms - r->answer_ms > STALE_MS && r->others < r->share.others)
			r->others = r->share.others; /* what wakes us may wake them */
		r->second_ms = second_began(r, now_ms);
		r->least = remaining;
		r->answers = 0;
	} else if (remaining < r->least) {
		r->least = remaining;
	}
	r->answers++;
	r->answer_ms = now_ms;
	if (remaining == 0)
		r->retry_ms = greatest(r->retry_ms, r->second_ms + SECOND_MS);
}

void ratelimit_limited(struct ratelimit *r, int64_t now_ms, int64_t wait_ms, uint32_t random)
{
	int64_t pause_ms, least_ms = least(greatest(wait_ms, SECOND_MS), LIMITED_TOLD_MAX_MS);

	recover(r, now_ms);
	if (now_ms < r->limited_ms) {
		/* In flight together with one that was counted already. */
		r->limited_ms = greatest(r->limited_ms, now_ms + least_ms);
		r->retry_ms = greatest(r->retry_ms, r->limited_ms);
		return;
	}
	pause_ms = greatest(backoff_doubled_ms(SECOND_MS, r->strikes++, STRIKE_MAX_MS), least_ms);
	r->limited_ms = now_ms + pause_ms + random % (LIMITED_JITTER_MS + 1);
	r->retry_ms = greatest(r->retry_ms, r->limited_ms);
	if (r->slowed < SLOWED_MAX)
		r->slowed++;
	r->slowed_ms = r->retry_ms + SLOWED_MS;
}

void ratelimit_banned(struct ratelimit *r, int64_t now_ms, int64_t block_ms)
{
	recover(r, now_ms);
	if (block_ms > 0)
		block_ms += BAN_MARGIN_MS;
	else if (now_ms < r->banned_ms && r->ban_ms > 0)
		block_ms = r->ban_ms; /* in flight together with one that was counted already */
	else
		block_ms = r->ban_ms =
			r->ban_ms > 0 ? least(2 * r->ban_ms, BAN_MAX_MS) : BAN_FIRST_MS;
	r->banned_ms = greatest(r->banned_ms, now_ms + block_ms);
	r->retry_ms = greatest(r->retry_ms, r->banned_ms);
	if (r->slowed < 2)
		r->slowed = 2;
	r->slowed_ms = r->retry_ms + SLOWED_MS;
}
