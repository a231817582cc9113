/* SPDX-License-Identifier: MIT */
/* What comes from the topic (common/kafka/consumer.h), and what a feed makes of it: a step of one
 * partition, in order. */
#ifndef GAPLESS_ARRIVAL_H
#define GAPLESS_ARRIVAL_H

#include <stddef.h>
#include <stdint.h>

struct arrival {
	int32_t partition;
	int64_t offset;
	const void *key, *value; /* NULL: the message has none; valid until the next poll */
	size_t key_len, value_len;
	int64_t appended_ms; /* when the broker took the message (epoch; where the topic says
				otherwise, when it was sent); 0: not known */
	int64_t at_ms;       /* the same; -1: not known, or no message */
	/* by the feed */
	int64_t from, next; /* offsets [from, next) are taken with it; a message is at next - 1 */
	int has_message;    /* 0: there is nothing to be read in between */
	int wanted;         /* 0: not by this feed */
	int64_t dead_run;   /* dead letters right below it: messages, whatever lies between */
};

/* How many there are below what comes next, if it is taken; dead: as a dead letter. */
static inline int64_t arrival_dead_run(const struct arrival *a, int dead)
{
	if (dead)
		return a->dead_run + 1;
	return a->has_message ? 0 : a->dead_run;
}

#endif
