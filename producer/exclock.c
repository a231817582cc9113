/* SPDX-License-Identifier: MIT */
#include "producer/exclock.h"

void exclock_init(struct exclock *c)
{
	*c = (struct exclock){.best_ms = INT64_MIN, .last_best_ms = INT64_MIN};
}

static void exclock_reset(struct exclock *c, int64_t boot_ms)
{
	c->best_ms = c->last_best_ms = INT64_MIN;
	c->window_ms = boot_ms;
	c->n_suspects = 0;
}

static void exclock_sample(struct exclock *c, int64_t date_ms, int64_t boot_ms)
{
	int64_t difference = date_ms - boot_ms;

	if (boot_ms - c->window_ms >= INT64_C(2) * EXCLOCK_WINDOW_MS) {
		exclock_reset(c, boot_ms);
	} else if (boot_ms - c->window_ms >= EXCLOCK_WINDOW_MS) {
		c->last_best_ms = c->best_ms;
		c->best_ms = INT64_MIN;
		c->window_ms = boot_ms;
	}
	if (difference > c->best_ms)
		c->best_ms = difference;
	c->offset_ms = c->best_ms > c->last_best_ms ? c->best_ms : c->last_best_ms;
	c->known = 1;
}

/* Whether all of three lie within EXCLOCK_AGREE_MS. */
static int agree(int64_t a, int64_t b, int64_t c)
{
	int64_t least = a < b ? a : b, most = a < b ? b : a;

	least = c < least ? c : least;
	most = c > most ? c : most;
	return most - least <= EXCLOCK_AGREE_MS;
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

int64_t exclock_answer(struct exclock *c, int64_t date_ms, int64_t boot_ms)
{
	int64_t expected_ms = boot_ms + c->offset_ms;

	if (!date_ms)
		return exclock_now(c, boot_ms);
	if (!c->known) {
		exclock_reset(c, boot_ms);
		exclock_sample(c, date_ms, boot_ms);
		return date_ms;
	}
	if (date_ms - expected_ms <= EXCLOCK_JUMP_MS && expected_ms - date_ms <= EXCLOCK_JUMP_MS) {
		c->n_suspects = 0;
		exclock_sample(c, date_ms, boot_ms);
		return date_ms;
	}
	if (suspects_agree(c, date_ms, boot_ms)) {
		exclock_reset(c, boot_ms);
		exclock_sample(c, date_ms, boot_ms);
		return date_ms;
	}
	suspects_add(c, date_ms, boot_ms);
	return date_ms < expected_ms ? date_ms : expected_ms;
}

int64_t exclock_now(const struct exclock *c, int64_t boot_ms)
{
	int64_t now_ms = boot_ms + c->offset_ms;

	if (!c->known)
		return 0;
	if (c->n_suspects) {
		const struct exclock_sample *last = &c->suspects[c->n_suspects - 1];
		int64_t suspect_ms = last->date_ms + (boot_ms - last->boot_ms);

		if (suspect_ms < now_ms)
			now_ms = suspect_ms;
	}
	return now_ms;
}
