/* SPDX-License-Identifier: MIT */
#include "producer/lookup/partitions.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/least.h"
#include "common/base/log.h"

enum {
	STILL_MS = 10000, /* the writer is waited for: said after that */
	SAY_MS = 60000,
	ALL_EVERY = 10 /* lookups: then what has not changed is read as well */
};

struct partition {
	int32_t id;
	int waits;                   /* it has begun, and not ended */
	int ended;                   /* since it was set */
	int stored;                  /* with the writer at `end` */
	int anyway;                  /* stalled: its new series take the coverage as it is */
	int64_t lookups;             /* that have ended, since it was set */
	struct visit_partition seen; /* by the last visit, once it has begun */
	int64_t moved_boot_ms;       /* when the position moved last */
	int64_t ended_boot_ms;       /* when a lookup of it ended last */
	struct log_throttle say, unread;
};

struct lookup_partitions {
	struct partition *v;
	size_t n;
	int64_t stall_ms;
};

struct lookup_partitions *lookup_partitions_new(int64_t stall_ms)
{
	struct lookup_partitions *ps = xcalloc(1, sizeof *ps);

	ps->stall_ms = stall_ms;
	return ps;
}

void lookup_partitions_free(struct lookup_partitions *ps)
{
	free(ps->v);
	free(ps);
}

void lookup_partitions_set(struct lookup_partitions *ps, const int32_t *ids, size_t n)
{
	ps->v = xreallocarray(ps->v, n + 1, sizeof *ps->v);
	ps->n = n;
	for (size_t i = 0; i < n; i++)
		ps->v[i] = (struct partition){.id = ids[i]};
}

int lookup_partitions_are_complete(const struct lookup_partitions *ps, int *stored)
{
	int complete = ps->n > 0;

	*stored = 1;
	for (size_t i = 0; i < ps->n; i++) {
		complete &= ps->v[i].ended;
		*stored &= ps->v[i].stored;
	}
	return complete;
}

int lookup_partitions_wait(const struct lookup_partitions *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].waits)
			return 1;
	return 0;
}

int64_t lookup_partitions_oldest_boot_ms(const struct lookup_partitions *ps)
{
	int64_t oldest_ms = INT64_MAX;

	for (size_t i = 0; i < ps->n; i++)
		if (!ps->v[i].ended ||
		    ps->v[i].ended_boot_ms != 0) /* else it has no series of ours */
			oldest_ms = least(oldest_ms, ps->v[i].ended_boot_ms);
	return oldest_ms == INT64_MAX ? 0 : oldest_ms;
}

/* ---- a visit is made ---- */

/* For so long that what holds up the writer is worth a question, and a line. */
static int is_still(const struct partition *p, int64_t boot_ms)
{
	return p->waits && boot_ms - p->moved_boot_ms > STILL_MS;
}

struct visit_partition *lookup_partitions_visit(const struct lookup_partitions *ps,
						struct visit *visit, int32_t id, int is_round,
						int64_t boot_ms)
{
	struct visit_partition *found = visit_find(visit, id);

	for (size_t i = 0; i < ps->n && !found; i++) {
		const struct partition *p = &ps->v[i];

		if (p->id == id && (p->waits || is_round))
			found = visit_partition(
				visit,
				(struct visit_partition){.id = id,
							 .begins = !p->waits,
							 .asks_stable = is_still(p, boot_ms),
							 .takes_anyway = p->anyway,
							 .reads_all = p->lookups % ALL_EVERY == 0,
							 .low = p->seen.low,
							 .end = p->seen.end});
	}
	return found;
}

void lookup_partitions_end_others(struct lookup_partitions *ps, const struct visit *visit)
{
	for (size_t i = 0; i < ps->n; i++)
		if (!visit_find(visit, ps->v[i].id))
			ps->v[i].ended = ps->v[i].stored = 1;
}

/* ---- what it has brought ---- */

static void waiting_say(struct partition *p, int64_t boot_ms)
{
	const struct visit_partition *seen = &p->seen;
	int64_t at = greatest(seen->position, seen->low);
	int is_blocked = seen->stable >= 0 && seen->stable < seen->end && at >= seen->stable;

	/* What holds up the writer was looked for. */
	if (!is_still(p, boot_ms) || !seen->asks_stable)
		return;
	LOG_EVERY(
		&p->say, boot_ms, SAY_MS, LOG_WARN,
		"waiting for the writer: it has not stored what was published; the series of this partition wait",
		L_STR("error",
		      is_blocked
			      ? "another program has a transaction open in this partition: "
				"nobody can read on before that ends"
			      : "the position of the partition does not move; is gapless-writer running, "
				"and what does it say of the partition?"),
		L_INT("messages_behind", seen->end - at), L_INT("partition", p->id),
		L_INT("not_moved_s", (boot_ms - p->moved_boot_ms) / 1000));
}

static void unread_say(struct partition *p, const struct err *err, int64_t boot_ms)
{
	LOG_EVERY(
		&p->unread, boot_ms, SAY_MS, LOG_WARN,
		"the end of a partition cannot be read; the lookups of its series wait, the others go on",
		L_STR("error", err->text), L_INT("partition", p->id));
}

static int has_new_series(const struct visit *v, const struct visit_partition *p)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->series[i].partition == p && !series_is_looked_up(v->series[i].series))
			return 1;
	return 0;
}

/* 1 if its lookup has ended. */
static int take(struct partition *p, const struct visit *v, const struct visit_partition *seen,
		int64_t stall_ms, int64_t boot_ms)
{
	if (seen->begins || seen->position != p->seen.position)
		p->moved_boot_ms = boot_ms;
	p->waits = 1;
	p->seen = *seen;
	if (!seen->reached && !seen->takes_anyway) {
		if (boot_ms - p->moved_boot_ms < stall_ms)
			return 0;
		if (has_new_series(v, seen)) {
			p->anyway = 1;
			return 0;
		}
	}
	p->stored = seen->reached;
	p->ended = 1;
	p->lookups++;
	p->ended_boot_ms = boot_ms;
	p->waits = p->anyway = 0;
	return 1;
}

int lookup_partitions_take(struct lookup_partitions *ps, const struct visit *visit, int *unread,
			   int64_t boot_ms)
{
	int ended = 0;

	*unread = 0;
	for (size_t i = 0; i < ps->n; i++) {
		struct partition *p = &ps->v[i];
		const struct visit_partition *seen = visit_find(visit, p->id);

		if (seen && seen->err.class != ERR_NONE) {
			unread_say(p, &seen->err, boot_ms);
			*unread = 1;
		} else if (seen) {
			ended += take(p, visit, seen, ps->stall_ms, boot_ms);
		}
		waiting_say(p, boot_ms);
	}
	return ended;
}
