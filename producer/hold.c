/* SPDX-License-Identifier: MIT */
#include "hold.h"

enum {
	HOPELESS_TIMES = 3,
	PAUSE_FIRST_MS = 1000,
	PAUSE_GROWS_FROM = 3, /* failures in a row */
	PAUSE_GROWN_MS = 60 * 1000
};

int64_t hold_pause_ms(int fails, int64_t max_ms)
{
	int64_t pause = fails < PAUSE_GROWS_FROM ? (int64_t)PAUSE_FIRST_MS * fails : PAUSE_GROWN_MS;

	for (int i = PAUSE_GROWS_FROM; i < fails && pause < max_ms; i++)
		pause *= 2;
	return pause < max_ms ? pause : max_ms;
}

static struct hold *find(struct holds *h, int64_t from_ms, int64_t to_ms)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].from_ms < to_ms && from_ms < h->v[i].to_ms)
			return &h->v[i];
	return NULL;
}

static struct hold *get(struct holds *h, int64_t from_ms, int64_t to_ms)
{
	struct hold *hold = find(h, from_ms, to_ms);

	if (!hold && h->n < HOLDS) {
		hold = &h->v[h->n++];
		*hold = (struct hold){0};
	} else if (!hold) {
		hold = &h->v[0];
		for (size_t i = 1; i < h->n; i++)
			if (h->v[i].until_boot_ms < hold->until_boot_ms)
				hold = &h->v[i];
		*hold = (struct hold){0};
	}
	hold->from_ms = from_ms;
	hold->to_ms = to_ms;
	return hold;
}

void holds_rejected(struct holds *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms)
{
	struct hold *hold = get(h, from_ms, to_ms);

	hold->times++;
	hold->until_boot_ms = boot_ms + hold_pause_ms(hold->times, HELD_MAX_MS);
}

int holds_empty(struct holds *h, int64_t from_ms, int64_t to_ms, int64_t boot_ms)
{
	struct hold *e = &h->empty;
	int64_t pause;

	if (e->times > 0 && from_ms > e->from_ms)
		from_ms = e->from_ms;
	if (e->times > 0 && to_ms < e->to_ms) {
		e->from_ms = from_ms;
		if (e->until_boot_ms <= boot_ms)
			e->until_boot_ms = boot_ms + EMPTY_AGAIN_MS;
		return 0;
	}
	if (e->times == 0 || to_ms != e->to_ms)
		*e = (struct hold){.to_ms = to_ms, .first_boot_ms = boot_ms};
	e->from_ms = from_ms;
	e->times++;
	pause = hold_pause_ms(e->times - 1, HELD_MAX_MS);
	e->until_boot_ms = boot_ms + (pause > EMPTY_AGAIN_MS ? pause : EMPTY_AGAIN_MS);
	return boot_ms - e->first_boot_ms >= EMPTY_AGAIN_MS;
}

void holds_not_empty(struct holds *h, int64_t timestamp_ms)
{
	if (timestamp_ms < h->empty.to_ms)
		h->empty = (struct hold){0};
}

void holds_known(struct holds *h, const struct spans *known)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (!spans_cover(known, h->v[i].from_ms, h->v[i].to_ms))
			h->v[kept++] = h->v[i];
	h->n = kept;
	if (h->empty.times > 0 && spans_contain(known, h->empty.to_ms - 1))
		h->empty = (struct hold){0};
}

int holds_any(const struct holds *h)
{
	return h->n > 0 || h->empty.times > 0;
}

void holds_drop(struct holds *h, int64_t from_ms, int64_t to_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].to_ms <= from_ms || to_ms <= h->v[i].from_ms)
			h->v[kept++] = h->v[i];
	h->n = kept;
}

int holds_hopeless(const struct holds *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].times >= HOPELESS_TIMES)
			return 1;
	return h->empty.times >= HOPELESS_TIMES;
}

void holds_subtract(const struct holds *h, int64_t boot_ms, struct spans *from)
{
	for (size_t i = 0; i < h->n; i++)
		if (boot_ms < h->v[i].until_boot_ms)
			spans_remove(from, h->v[i].from_ms, h->v[i].to_ms);
	if (h->empty.times > 0 && boot_ms < h->empty.until_boot_ms)
		spans_remove(from, h->empty.from_ms, h->empty.to_ms);
}
