/* SPDX-License-Identifier: MIT */
#include "producer/kafka/room.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/kafka/kafka_ensure.h"

enum { STALLED_MS = 2000, PAUSE_FIRST_MS = 500, PAUSE_MAX_MS = 30000 };

/* How one partition takes what it is sent. */
struct lane {
	int64_t outstanding;
	int64_t moved_boot_ms; /* when a report came last, or the first message went */
	struct backoff pause;  /* after refusals */
	int64_t pause_boot_ms;
};

struct room {
	int64_t messages, outstanding;
	struct lane *lanes; /* one for each partition, at least one */
	int32_t n;
};

struct room *room_new(int64_t messages)
{
	struct room *r = xcalloc(1, sizeof *r);

	r->messages = messages;
	room_partitions(r, 1);
	return r;
}

void room_free(struct room *r)
{
	free(r->lanes);
	free(r);
}

void room_partitions(struct room *r, int32_t n)
{
	if (n <= r->n)
		return;
	r->lanes = xreallocarray(r->lanes, (size_t)n, sizeof *r->lanes);
	for (; r->n < n; r->n++) {
		r->lanes[r->n] = (struct lane){0};
		backoff_init(&r->lanes[r->n].pause, PAUSE_FIRST_MS, PAUSE_MAX_MS);
	}
}

int32_t room_partition_of(const struct room *r, const char *symbol)
{
	return kafka_partition_of(symbol, r->n);
}

void room_sent(struct room *r, int32_t partition, int64_t boot_ms)
{
	struct lane *lane = &r->lanes[partition];

	r->outstanding++;
	if (lane->outstanding++ == 0)
		lane->moved_boot_ms = boot_ms;
}

void room_reported(struct room *r, int32_t partition, int is_failed, int64_t boot_ms)
{
	struct lane *lane = &r->lanes[partition];

	r->outstanding--;
	lane->outstanding--;
	lane->moved_boot_ms = boot_ms;
	if (!is_failed)
		backoff_reset(&lane->pause);
	else if (boot_ms >= lane->pause_boot_ms)
		lane->pause_boot_ms = boot_ms + backoff_next_ms(&lane->pause, backoff_random());
}

int64_t room_outstanding(const struct room *r)
{
	return r->outstanding;
}

int64_t room_left(const struct room *r)
{
	return r->messages - r->outstanding;
}

int32_t room_fullest(const struct room *r)
{
	int32_t fullest = 0;

	for (int32_t i = 1; i < r->n; i++)
		if (r->lanes[i].outstanding > r->lanes[fullest].outstanding)
			fullest = i;
	return fullest;
}

static int is_stalled(const struct lane *lane, int64_t boot_ms)
{
	return lane->outstanding > 0 && boot_ms - lane->moved_boot_ms >= STALLED_MS;
}

int32_t room_stalled(const struct room *r, int32_t from, int64_t boot_ms)
{
	while (from < r->n && !is_stalled(&r->lanes[from], boot_ms))
		from++;
	return from < r->n ? from : -1;
}

int room_takes(const struct room *r, const char *symbol, int64_t boot_ms)
{
	const struct lane *lane = &r->lanes[room_partition_of(r, symbol)];

	return boot_ms >= lane->pause_boot_ms && !is_stalled(lane, boot_ms);
}
