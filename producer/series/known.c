/* SPDX-License-Identifier: MIT */
#include "producer/series/known.h"

void known_release(struct known *k)
{
	spans_release(&k->all);
	spans_release(&k->covered);
	spans_release(&k->fresh_before);
	spans_release(&k->fresh_since);
	spans_release(&k->in_flight);
	spans_release(&k->repair);
}

static void add_up(struct known *k)
{
	spans_copy(&k->all, &k->covered);
	spans_union(&k->all, &k->fresh_before);
	spans_union(&k->all, &k->fresh_since);
	spans_union(&k->all, &k->in_flight);
}

void known_published(struct known *k, int64_t from_ms, int64_t to_ms)
{
	spans_add(&k->in_flight, from_ms, to_ms);
	spans_add(&k->all, from_ms, to_ms);
}

void known_corrected(struct known *k, int64_t from_ms, int64_t to_ms)
{
	spans_remove(&k->covered, from_ms, to_ms);
	spans_remove(&k->fresh_before, from_ms, to_ms);
	spans_remove(&k->fresh_since, from_ms, to_ms);
	add_up(k);
}

void known_delivered(struct known *k, int64_t from_ms, int64_t to_ms)
{
	spans_remove(&k->in_flight, from_ms, to_ms);
	spans_add(&k->fresh_since, from_ms, to_ms);
}

void known_failed(struct known *k, int64_t from_ms, int64_t to_ms)
{
	spans_remove(&k->in_flight, from_ms, to_ms);
	add_up(k);
}

/* Deliveries reported so far lie before the end offsets that this lookup is about to read: when it
 * ends, the database speaks for them. */
void known_lookup_began(struct known *k)
{
	spans_union(&k->fresh_before, &k->fresh_since);
	spans_clear(&k->fresh_since);
}

int known_was_fresh(const struct known *k)
{
	return k->fresh_before.n > 0;
}

void known_lookup_ended(struct known *k, const struct spans *covered, int is_first)
{
	struct spans lost = {0};

	spans_swap(&lost, &k->all);
	if (covered)
		spans_copy(&k->covered, covered);
	spans_clear(&k->fresh_before);
	add_up(k);
	if (!is_first) {
		spans_subtract(&lost, &k->all);
		spans_union(&k->repair, &lost);
	}
	spans_subtract(&k->repair, &k->all);
	spans_release(&lost);
}
