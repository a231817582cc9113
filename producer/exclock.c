/* SPDX-License-Identifier: MIT */
#include "producer/exclock.h"

#include "common/base/least.h"

enum { PROBE_LATE_MS = 25 };

static const struct exclock_bounds unbounded = {.low_ms = INT64_MIN, .high_ms = INT64_MAX};

static void exclock_reset(struct exclock *c, int64_t boot_ms)
{
	c->half = c->last_half = unbounded;
	c->window_ms = boot_ms;
	c->way_ms = INT64_MAX;
	c->answers = 0;
}

void exclock_init(struct exclock *c)
{
	*c = (struct exclock){.shortest_ms = INT64_MAX, .in_step_boot_ms = -EXCLOCK_UNWITNESSED_MS};
	exclock_reset(c, 0);
}

/* Takes a Date that is believed, and returns it. */
static int64_t exclock_sample(struct exclock *c, int64_t date_ms, int64_t sent_boot_ms,
			      int64_t boot_ms)
{
	c->n_suspects = 0;
	if (boot_ms - c->window_ms >= INT64_C(2) * EXCLOCK_WINDOW_MS) {
		exclock_reset(c, boot_ms);
	} else if (boot_ms - c->window_ms >= EXCLOCK_WINDOW_MS) {
		c->last_half = c->half;
		c->half = unbounded;
		c->window_ms = boot_ms;
	}
	c->half.low_ms = greatest(c->half.low_ms, date_ms - boot_ms);
	c->half.high_ms = least(c->half.high_ms, date_ms + 1000 - sent_boot_ms);
	c->way_ms = least(c->way_ms, boot_ms - sent_boot_ms);
	c->answers++;
	c->offset_ms = greatest(c->half.low_ms, c->last_half.low_ms);
	c->is_set = 1;
	return date_ms;
}

int64_t exclock_probe_ms(const struct exclock *c, int64_t boot_ms)
{
	int64_t high_ms = least(c->half.high_ms, c->last_half.high_ms), width_ms, passed_ms;

	if (!c->is_set || c->answers >= EXCLOCK_ROUGH_ANSWERS)
		return -1;
	/* Bounds that cross are those of a Date that was kept for a while: none are closer. */
	width_ms = high_ms - c->offset_ms;
	if (width_ms <= EXCLOCK_ROUGH_MS + c->way_ms)
		return -1;
	passed_ms = (boot_ms + c->offset_ms + width_ms / 2 + c->way_ms / 2) % 1000;
	return passed_ms <= PROBE_LATE_MS ? 0 : 1000 - passed_ms;
}

/* Whether all of three lie within EXCLOCK_AGREE_MS. */
static int agree(int64_t a, int64_t b, int64_t c)
{
	return greatest(greatest(a, b), c) - least(least(a, b), c) <= EXCLOCK_AGREE_MS;
}

static int suspects_agree(const struct exclock *c, int64_t date_ms, int64_t boot_ms)
{
	const struct exclock_sample *s = c->suspects;

	if (c->n_suspects < 2)
		return 0;
	return agree(s[0].date_ms - s[0].boot_ms, s[1].date_ms - s[1].boot_ms, date_ms - boot_ms) ||
	       agree(s[0].date_ms, s[1].date_ms, date_ms);
}

static void suspects_add(struct exclock *c, int64_t date_ms, int64_t boot_ms)
{
	if (c->n_suspects == 2)
		c->suspects[0] = c->suspects[1];
	else
		c->n_suspects++;
	c->suspects[c->n_suspects - 1] = (struct exclock_sample){date_ms, boot_ms};
}

/* One that was heard before the time was known says the same. */
static int is_confirmed(const struct exclock *c, int64_t date_ms, int64_t boot_ms)
{
	for (int i = 0; i < c->n_suspects; i++) {
		const struct exclock_sample *s = &c->suspects[i];

		if (agree(s->date_ms - s->boot_ms, date_ms - boot_ms, date_ms - boot_ms) ||
		    agree(s->date_ms, date_ms, date_ms))
			return 1;
	}
	return 0;
}

/* A jump back is on the safe side. */
static int is_believed(const struct exclock *c, int64_t date_ms, int64_t boot_ms)
{
	return date_ms < c->expected_ms || c->witnessed ||
	       boot_ms - greatest(c->suspects_boot_ms, c->in_step_boot_ms) >=
		       EXCLOCK_UNWITNESSED_MS;
}

void exclock_row(struct exclock *c, int64_t start_ms, int64_t end_ms)
{
	int64_t length_ms = end_ms - start_ms;

	c->shortest_ms = least(c->shortest_ms, length_ms);
	if (c->n_suspects == 0 || c->taken_ms <= c->expected_ms)
		return;
	if (start_ms > c->expected_ms || (end_ms > c->taken_ms && length_ms <= c->shortest_ms))
		c->witnessed = 1;
	else if (length_ms <= EXCLOCK_SHORT_MS && end_ms + length_ms > c->expected_ms)
		c->in_step_boot_ms = c->taken_boot_ms;
}

int64_t exclock_answer(struct exclock *c, int64_t date_ms, int64_t sent_boot_ms, int64_t boot_ms)
{
	int64_t expected_ms = boot_ms + c->offset_ms;

	if (!date_ms)
		return exclock_now(c, boot_ms);
	c->taken_ms = date_ms;
	c->taken_boot_ms = boot_ms;
	c->expected_ms = expected_ms;
	if (!c->is_set && !is_confirmed(c, date_ms, boot_ms)) {
		suspects_add(c, date_ms, boot_ms);
		return 0;
	}
	if (!c->is_set) {
		exclock_reset(c, boot_ms);
		return exclock_sample(c, date_ms, sent_boot_ms, boot_ms);
	}
	if (date_ms - expected_ms <= EXCLOCK_JUMP_MS && expected_ms - date_ms <= EXCLOCK_JUMP_MS)
		return exclock_sample(c, date_ms, sent_boot_ms, boot_ms);
	if (!is_confirmed(c, date_ms, boot_ms)) {
		c->suspects_boot_ms = boot_ms;
		c->witnessed = 0;
	}
	if (suspects_agree(c, date_ms, boot_ms) && is_believed(c, date_ms, boot_ms)) {
		exclock_reset(c, boot_ms);
		return exclock_sample(c, date_ms, sent_boot_ms, boot_ms);
	}
	suspects_add(c, date_ms, boot_ms);
	return least(date_ms, expected_ms);
}

int64_t exclock_now(const struct exclock *c, int64_t boot_ms)
{
	int64_t now_ms = boot_ms + c->offset_ms;

	if (!c->is_set)
		return 0;
	if (c->n_suspects) {
		const struct exclock_sample *last = &c->suspects[c->n_suspects - 1];

		now_ms = least(now_ms, last->date_ms + (boot_ms - last->boot_ms));
	}
	return now_ms;
}
