/* SPDX-License-Identifier: MIT */
#include "stalls.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "offsets.h"

enum { LOOK_MS = 1000, STILL_MS = 10000, ASK_MS = 10000, SAY_MS = 60000 };

/* How long a partition has not moved. */
struct stall {
	int64_t next, since_ms;
	struct log_throttle say;
	int is_said;
};

struct stalls {
	struct stall *of; /* partition i of those of this generation */
	int64_t generation, look_due_ms, ask_due_ms;
};

struct stalls *stalls_new(void)
{
	return xcalloc(1, sizeof(struct stalls));
}

void stalls_free(struct stalls *s)
{
	free(s->of);
	free(s);
}

static int64_t messages_left(const struct partition *p, const struct consumer *c)
{
	return p->end == INT64_MAX ? consumer_messages_from(c, p->id, p->next) : p->end - p->next;
}

static int is_still(struct stall *s, const struct partition *p, const struct consumer *c,
		    int64_t now_ms)
{
	if (s->is_said && s->next != p->next)
		log_info("the partition is read again", L_INT("partition", p->id),
			 L_INT("seconds", (now_ms - s->since_ms) / 1000));
	if (s->since_ms == 0 || s->next != p->next || p->state != PARTITION_READING ||
	    messages_left(p, c) <= 0)
		*s = (struct stall){.next = p->next, .since_ms = now_ms};
	return now_ms - s->since_ms >= STILL_MS;
}

/* How far a consumer can read, or why nobody can (1); where it can be read, the writer has more to
 * do than it can, or the client will go on by itself. */
static int say(struct stall *s, const struct feed_kind *kind, const struct partition *p,
	       const struct consumer *c, const struct kafka_range *ends, int64_t now_ms)
{
	int is_unread = ends->err.class != ERR_NONE;

	if (!is_unread && ends->high > p->next)
		return 0;
	s->is_said = 1;
	LOG_EVERY(&s->say, now_ms, SAY_MS, LOG_WARN,
		  is_unread ? kind->stall.unread : kind->stall.held,
		  L_STR("error", is_unread ? ends->err.text
					   : "another program has a transaction open in this "
					     "partition: nobody can read on before that ends"),
		  L_INT("partition", p->id), L_INT("offset", p->next),
		  L_INT("messages_left", messages_left(p, c)),
		  L_INT("not_moved_s", (now_ms - s->since_ms) / 1000));
	return is_unread;
}

void stalls_look(struct stalls *s, const struct feed_kind *kind, const struct partitions *ps,
		 const struct consumer *c, int64_t now_ms)
{
	struct kafka_range *ends = NULL;
	size_t n = partitions_count(ps);
	int unread = 0;

	if (now_ms < s->look_due_ms)
		return;
	s->look_due_ms = now_ms + LOOK_MS;
	if (s->generation != partitions_generation(ps)) {
		free(s->of);
		s->of = xcalloc(n + 1, sizeof(*s->of));
		s->generation = partitions_generation(ps);
	}
	for (size_t i = 0; i < n; i++) {
		const struct partition *p = partitions_at(ps, i);

		if (!is_still(&s->of[i], p, c, now_ms) || now_ms < s->ask_due_ms)
			continue;
		if (ends == NULL)
			ends = offsets_ends(c, ps);
		unread |= say(&s->of[i], kind, p, c, &ends[i], now_ms);
	}
	if (ends != NULL) /* what is not answered costs the others some seconds */
		s->ask_due_ms = now_ms + (unread ? SAY_MS : ASK_MS);
	free(ends);
}
