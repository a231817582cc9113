#include "ratelimit.h"

enum {
	JITTER_MS = 40, /* how much longer one request may travel than another */
	SECOND_MS = 1000,
	STRIKES_MAX = 7, /* 1 s doubled six times is more than a minute */
	STRIKE_MAX_MS = 60 * 1000,
	LIMITED_JITTER_MS = 250,
	SLOWED_MAX = 4,
	SLOWED_MS = 10 * 1000,
	BAN_FIRST_MS = 60 * 1000,
	BAN_MAX_MS = 3600 * 1000,
	BAN_FORGET_MS = 3600 * 1000,
	BAN_MARGIN_MS = 1000
};

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t period_us(const struct ratelimit *r)
{
	return (int64_t)(1e6 / r->per_second + 0.999) << r->slowed;
}

static int64_t live_period_us(const struct ratelimit *r)
{
	return period_us(r) * 5 / 4;
}

/* How far the schedule may lag behind the time: see the header. */
static int64_t lag_us(const struct ratelimit *r)
{
	int64_t period = period_us(r);
	int64_t room = r->limit * period - INT64_C(1000) * (SECOND_MS + JITTER_MS);

	return max64(0, min64(room, period));
}

void ratelimit_budget(struct ratelimit *r, double per_second, int64_t now_ms)
{
	if (!(per_second > 0.001))
		per_second = 0.001;
	if (per_second > r->limit)
		per_second = r->limit;
	r->per_second = per_second;
	/* A slot that a smaller budget had set far ahead. */
	r->slot_us = min64(r->slot_us, now_ms * 1000 + period_us(r));
	r->live_us = min64(r->live_us, now_ms * 1000 + live_period_us(r));
}

void ratelimit_init(struct ratelimit *r, double per_second, int limit, int64_t now_ms)
{
	*r = (struct ratelimit){.limit = limit > 0 ? limit : 1, .least = -1};
	r->slot_us = r->live_us = now_ms * 1000;
	r->hold_ms = r->second_ms = r->limited_ms = r->banned_ms = now_ms;
	ratelimit_budget(r, per_second, now_ms);
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

int64_t ratelimit_wait_ms(struct ratelimit *r, int64_t now_ms)
{
	recover(r, now_ms);
	return max64(0, max64(r->hold_ms - now_ms, (r->slot_us - now_ms * 1000 + 999) / 1000));
}

void ratelimit_spend(struct ratelimit *r, enum ratelimit_kind kind, int64_t now_ms)
{
	int64_t now_us = now_ms * 1000;

	r->slot_us = max64(r->slot_us, now_us - lag_us(r)) + period_us(r);
	if (kind == RATELIMIT_LIVE) {
		int64_t slot_us = max64(r->live_us, now_us - 2 * period_us(r)) + live_period_us(r);

		/* What live took while there was no backlog is no debt. */
		r->live_us = min64(slot_us, now_us + live_period_us(r));
	}
}

int ratelimit_live_may(const struct ratelimit *r, int backlog, int64_t now_ms)
{
	return !backlog || now_ms * 1000 >= r->live_us;
}

/* Where the exchange's seconds begin shows in the header itself: what remains goes down within a second
 * and up between two. (By one it may also go up because two answers overtook each other.) The first
 * answer that was counted in a second was received after the second began, so the second is over 1 s
 * after that answer, or earlier. */
void ratelimit_answer(struct ratelimit *r, int remaining, int64_t now_ms)
{
	if (remaining < 0)
		return;
	if (r->least < 0 || remaining >= r->least + 2 || now_ms - r->second_ms >= SECOND_MS) {
		r->second_ms = now_ms;
		r->least = remaining;
	} else if (remaining < r->least) {
		r->least = remaining;
	}
	if (remaining == 0)
		r->hold_ms = max64(r->hold_ms, r->second_ms + SECOND_MS);
}

void ratelimit_limited(struct ratelimit *r, int64_t now_ms, uint32_t random)
{
	int64_t pause_ms;

	recover(r, now_ms);
	if (now_ms < r->limited_ms) {
		/* In flight together with one that was counted already. */
		r->limited_ms = max64(r->limited_ms, now_ms + SECOND_MS);
		r->hold_ms = max64(r->hold_ms, r->limited_ms);
		return;
	}
	if (r->strikes < STRIKES_MAX)
		r->strikes++;
	pause_ms = min64((int64_t)SECOND_MS << (r->strikes - 1), STRIKE_MAX_MS);
	r->limited_ms = now_ms + pause_ms + random % (LIMITED_JITTER_MS + 1);
	r->hold_ms = max64(r->hold_ms, r->limited_ms);
	if (r->slowed < SLOWED_MAX)
		r->slowed++;
	r->slowed_ms = r->hold_ms + SLOWED_MS;
}

void ratelimit_banned(struct ratelimit *r, int64_t now_ms, int64_t block_ms)
{
	recover(r, now_ms);
	if (block_ms > 0)
		block_ms += BAN_MARGIN_MS;
	else if (now_ms < r->banned_ms && r->ban_ms > 0)
		block_ms = r->ban_ms; /* in flight together with one that was counted already */
	else
		block_ms = r->ban_ms = r->ban_ms > 0 ? min64(2 * r->ban_ms, BAN_MAX_MS) : BAN_FIRST_MS;
	r->banned_ms = max64(r->banned_ms, now_ms + block_ms);
	r->hold_ms = max64(r->hold_ms, r->banned_ms);
	if (r->slowed < 2)
		r->slowed = 2;
	r->slowed_ms = r->hold_ms + SLOWED_MS;
}
