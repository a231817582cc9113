/* SPDX-License-Identifier: MIT */
#include "producer/series/schedule.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/least.h"
#include "producer/series/heap.h"
#include "producer/series/series_ask.h"

enum queue {
	LIVE_READY,     /* those whose live poll may be asked for: by turn, then by length */
	LIVE_LATER,     /* those whose live poll is not due yet: by deadline */
	BACKFILL_READY, /* those that have a gap that may be asked for: by turn */
	LATER,          /* all, by when they are to be looked at again, by the exchange's time */
	PAUSED,         /* ... by the clock that pauses go by */
	CHANGED,        /* those that have changed since then: all at once */
	QUEUES
};

struct schedule {
	struct series **owned;
	size_t n;
	struct heap queues[QUEUES];
	int64_t *since_ms; /* of each: what is known of it does not hold before */
	int64_t now_ms;
};

struct schedule *schedule_new(void)
{
	struct schedule *s = xcalloc(1, sizeof *s);

	schedule_own(s, NULL, 0);
	return s;
}

static void clear(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++)
		series_watch(s->owned[i], NULL, 0);
	for (int i = 0; i < QUEUES; i++)
		heap_release(&s->queues[i]);
	free(s->since_ms);
	free(s->owned);
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	clear(s);
	free(s);
}

void schedule_own(struct schedule *s, struct series *const *owned, size_t n)
{
	clear(s);
	*s = (struct schedule){.n = n, .now_ms = INT64_MIN};
	s->owned = xcalloc(n + 1, sizeof *s->owned);
	s->since_ms = xcalloc(n + 1, sizeof *s->since_ms);
	for (int i = 0; i < QUEUES; i++)
		heap_init(&s->queues[i], n);
	for (size_t i = 0; i < n; i++) {
		s->owned[i] = owned[i];
		series_watch(owned[i], &s->queues[CHANGED], (uint32_t)i);
		schedule_again(s, (uint32_t)i);
	}
}

size_t schedule_size(const struct schedule *s)
{
	return s->n;
}

struct series *schedule_series(const struct schedule *s, uint32_t place)
{
	return s->owned[place];
}

static void put(struct schedule *s, enum queue queue, uint32_t place, int64_t key, int64_t second)
{
	heap_put(&s->queues[queue],
		 (struct heap_item){.key = key, .second = second, .place = place});
}

static void look_at(struct schedule *s, uint32_t place, int64_t boot_ms)
{
	const struct series *x = s->owned[place];
	struct asking live, backfill;

	for (int i = 0; i < QUEUES; i++)
		heap_remove(&s->queues[i], place);
	series_live_asking(x, s->now_ms, boot_ms, &live);
	series_backfill_asking(x, s->now_ms, boot_ms, &backfill);
	if (live.may)
		put(s, LIVE_READY, place, live.turn, series_interval(x)->nominal_ms);
	else if (live.due_ms > s->now_ms)
		put(s, LIVE_LATER, place, live.due_ms, 0);
	if (backfill.may)
		put(s, BACKFILL_READY, place, backfill.turn, 0);
	if (backfill.may) /* one that has none any more is found out when it would be its turn */
		backfill.valid.until_ms = backfill.valid.until_boot_ms = INT64_MAX;
	put(s, LATER, place, least(live.valid.until_ms, backfill.valid.until_ms), 0);
	put(s, PAUSED, place, least(live.valid.until_boot_ms, backfill.valid.until_boot_ms), 0);
	s->since_ms[place] = greatest(live.valid.since_ms, backfill.valid.since_ms);
}

/* Those whose moment in the queue has come. */
static void look_at_due(struct schedule *s, enum queue queue, int64_t time_ms, int64_t boot_ms)
{
	const struct heap_item *first;

	while ((first = heap_first(&s->queues[queue])) && first->key <= time_ms)
		look_at(s, first->place, boot_ms);
}

void schedule_advance(struct schedule *s, int64_t now_ms, int64_t boot_ms)
{
	int set_back = now_ms < s->now_ms;

	s->now_ms = now_ms;
	for (size_t i = 0; set_back && i < s->n; i++)
		if (now_ms < s->since_ms[i])
			schedule_again(s, (uint32_t)i);
	look_at_due(s, CHANGED, 0, boot_ms);
	look_at_due(s, LATER, now_ms, boot_ms);
	look_at_due(s, PAUSED, boot_ms, boot_ms);
}

struct series *schedule_find(const struct schedule *s, int live,
			     int (*accept)(uint32_t place, void *opaque), void *opaque)
{
	const struct heap *queue = &s->queues[live ? LIVE_READY : BACKFILL_READY];
	const struct heap_item *found = heap_find(queue, accept, opaque);

	return found ? s->owned[found->place] : NULL;
}

int64_t schedule_live_next_ms(const struct schedule *s)
{
	const struct heap_item *first = heap_first(&s->queues[LIVE_LATER]);

	return first ? first->key : INT64_MAX;
}

void schedule_again(struct schedule *s, uint32_t place)
{
	put(s, CHANGED, place, 0, 0);
}
