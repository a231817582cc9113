/* SPDX-License-Identifier: MIT */
/* The budget of requests, evenly paced. Pure: time comes in as monotonic milliseconds, randomness
 * as a number.
 *
 * The exchange counts requests in fixed seconds: at most `limit` (10) in each. We do not know where
 * its seconds begin, so requests go out on an absolute schedule, one a period, and any process that
 * comes late to a slot does not move the later slots:
 *
 *     9 a second: period 111 ms          slots    0   111   222   333   444   555 ...
 *     the loop wakes up to 30 ms late     sent    4   111   251   333   460   555 ...   still 9 a
 * second
 *
 * How late may a slot be used? A request that is sent within `late` of its slot and travels for up
 * to 40 ms longer than another arrives within late + 40 of its slot; a fixed second then sees the
 * slots of 1000 + late + 40 ms, and these are at most 10 while late <= 10 * 111 - 1000 - 40 = 71
 * ms. So the schedule lags 71 ms at most: after a longer pause what was missed is lost, not caught
 * up. A smaller budget has more room: there the schedule lags one period at most, a burst of two.
 * With the budget at the limit itself there is no room, and each late wake-up costs what it costs.
 * (Slots that a late wake-up of less than a second has cost come back where the exchange's own
 * count shows room for them.)
 *
 * On top of the pace come the exchange's answers: Remaining-Req 0, 429, 418 each make a hold, a
 * time before which nothing is sent. The longest one counts.
 *
 * The limit belongs to an address, and several producers may share one. The slots of the whole
 * budget are dealt to the partitions of the topic, in turn and by the exchange's clock, which all
 * of them can read; any process that owns a partition is sure of its slots. So the slots of all
 * together stay evenly paced:
 *
 *     12 partitions, three producers     A{0..3}  B{4..7}  C{8..11}
 *     slots, 111 ms apart                A B C A C A B C B C A B, again after 1,333 ms
 *
 * What the others leave is used as well, as long as the last answer in the exchange's second shows
 * that all together do not run ahead of the budget; where the others were busy in the last seconds,
 * only while all lag behind it by one and a half requests; not in the first 8 s after an
 * assignment, for newcomers have no slots yet, and send when nothing tells of them.
 *
 *     limit 10, budget 9; what the rest of the second needs is kept, and one that is beyond the
 * budget others idle, answer at 300 ms     8 remain, 9 x 0.7 + 1 = 7.3 are kept: 0.7 >= -1, send 6
 * remain: -1.3, not others busy                       8 remain: 0.7 < 1.5, not
 *
 * So what nobody uses is used, and when the others come back they find their slots. (Simulated in
 * tests/unit/test_ratelimit_share.c.)
 *
 * Slots are dealt by the exchange's clock, of which a process that has just started knows little.
 * Until it knows more it leaves the slots alone, sends half of its part at most, at the moments
 * from which it learns most, and takes no room that it sees: the others may be as far. Nor does it
 * send in the first second after an assignment: one that had all partitions until then was paced by
 * its own schedule, and may have used that second up. */
#ifndef GAPLESS_RATELIMIT_H
#define GAPLESS_RATELIMIT_H

#include <stdint.h>

/* What part of the budget is one's own: all of it, the slots of some partitions, or what those who
 * have it leave. */
enum budget { BUDGET_ALL, BUDGET_SHARED, BUDGET_LEFTOVER };

enum ratelimit_kind { RATELIMIT_LIVE, RATELIMIT_BACKFILL };

struct ratelimit {
	int limit;
	double per_second; /* the whole budget */
	int64_t slot_us;   /* next slot of the whole budget, in our own count */
	int64_t spent_ms;  /* the last request was sent */
	int64_t lost_us; /* time that late wake-ups have cost the schedule, since the last pause of
			    a second */
	struct {
		const unsigned char *ours; /* n flags; NULL: all are ours */
		int n, stride;
		double per_second;  /* of all n together */
		double own, others; /* what we and the others are sure of */
		int64_t last;       /* number of the last slot that was used */
		int64_t slots_ms;   /* slots count from then on */
		int64_t since_ms;   /* the assignment */
		int64_t alone_ms;   /* so long the others may know the time roughly, and lag */
	} share;
	int64_t offset_ms; /* the exchange's clock less ours */
	int64_t probe_ms; /* ... roughly: what is asked that much later makes it better; -1: well */
	int live_credit;  /* live requests that may go before the next one of the backlog */
	int in_flight;    /* sent and not answered */
	int64_t retry_ms; /* nothing is sent before it */
	int64_t second_ms;  /* the exchange's current second began no later than this */
	int64_t answer_ms;  /* the last answer in it that said what remains */
	int least;          /* least Remaining-Req seen in that second; -1: none */
	int answers;        /* that were ours in it */
	double others;      /* what the others have used in a second lately */
	int slowed;         /* the rate is halved this many times */
	int64_t slowed_ms;  /* one time less from then on */
	int64_t limited_ms; /* end of the hold after the last 429 */
	int strikes;        /* 429s since the rate was last whole */
	int64_t banned_ms;  /* end of the hold after the last 418 */
	int64_t ban_ms;     /* length given to the last ban of unknown length; 0: none lately */
};

/* per_second: the budget, above 0 and at most `limit`; a value outside is brought inside. The first
 * slot is now. */
void ratelimit_init(struct ratelimit *r, double per_second, int limit, int64_t now_ms);
/* The slots are shared: those of the partitions i with ours[i] != 0 are ours (n flags, kept by the
 * caller until the next call), assigned now. NULL: all of them again, as after ratelimit_init.
 * Holds and slow-downs stay; what could not be sent before is no slot that was lost. */
void ratelimit_share(struct ratelimit *r, const unsigned char *ours, int n, int64_t now_ms);
/* A one-shot command beside producers that may use the whole budget: sure only of what the limit
 * has beyond it. */
void ratelimit_use_leftover(struct ratelimit *r, int64_t now_ms);
/* The exchange's clock is that much ahead of ours: where the shared slots lie. probe_ms: not known
 * well enough for that (exclock_probe_ms); half of our part at most is used then, by our own clock,
 * and when an answer tells most. -1: it is. */
void ratelimit_clock(struct ratelimit *r, int64_t offset_ms, int64_t probe_ms);

/* How long the exchange's answers still forbid everything, whatever the pace. */
int64_t ratelimit_hold_ms(const struct ratelimit *r, int64_t now_ms);
/* 0: a request may be sent now. Else how many milliseconds to wait and ask again. */
int64_t ratelimit_wait_ms(struct ratelimit *r, int64_t now_ms);
/* A request was sent. Call once for each, only when ratelimit_wait_ms said 0. */
void ratelimit_spend(struct ratelimit *r, enum ratelimit_kind kind, int64_t now_ms);
/* Its answer came, or it failed. Call once for each, before ratelimit_answer. */
void ratelimit_done(struct ratelimit *r);

/* 1 if the next request may be a live one while there is a backlog (older gaps are waiting): four
 * of five are; of what live did not need, as much as the whole budget has in two seconds is kept
 * for the moment when many candles close at once. Without a backlog, all may. */
int ratelimit_live_may(const struct ratelimit *r);

/* What an answer's Remaining-Req said (-1: nothing); now_ms: when it was received. At 0 nothing is
 * sent until the exchange's second is surely over: 1 s after the first answer that was counted in
 * it. */
void ratelimit_answer(struct ratelimit *r, int remaining, int64_t now_ms);

/* A 429: nothing for the rest of the second (taken as a whole one) and up to 250 ms of jitter, then
 * half the rate for 10 s. Another one before the rate is back: the pause doubles (to 1 min), the
 * rate is halved once more (to a sixteenth); the way back is one doubling each 10 s. Several 429s
 * of requests that were in flight together count once. It lasts for at least wait_ms, as the
 * exchange says, but no longer than 30 s for that. `random` is any 32-bit number. */
void ratelimit_limited(struct ratelimit *r, int64_t now_ms, int64_t wait_ms, uint32_t random);

/* A 418: nothing for block_ms and a second more, no probe before. block_ms 0, length unknown: 1
 * min, doubled with each further ban to 1 h; forgotten an hour after the last. Afterwards a quarter
 * of the rate, which comes back as after a 429. */
void ratelimit_banned(struct ratelimit *r, int64_t now_ms, int64_t block_ms);

#endif
