/* SPDX-License-Identifier: MIT */
/* Which partitions are ours: a member of a Kafka consumer group that consumes nothing. Who is
 * assigned a partition fetches the symbols that hash to it; a dead member's partitions move within
 * the session timeout, a new member needs no configuration. Two that believe to own the same for a
 * moment cost duplicates, which are harmless.
 *
 * None of them is ever read, and nothing is ever committed. The eager assignor `range`: all
 * partitions are given back at each rebalance, and usually most of them come again at once. */
#ifndef GAPLESS_GROUP_H
#define GAPLESS_GROUP_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

#include "producer/options.h"

struct group;

enum group_state {
	GROUP_NONE,     /* not in the group yet, or in the middle of a rebalance */
	GROUP_ASSIGNED, /* until the next rebalance; may be no partition at all */
	GROUP_FENCED    /* this member cannot come back (a fatal error of the client) */
};

/* Not in the group before group_join. revoked: the partitions are about to be given back, in
 * group_poll or group_free; lost: somebody else may have them already. NULL: *err. */
struct group *group_new(const struct options *options, void (*revoked)(void *opaque, int lost),
			void *opaque, struct err *err);
/* Leaves the group (up to about a session timeout where its coordinator is away: under a watchdog).
 */
void group_free(struct group *g);
/* The topic must exist: one that does not would be noticed a minute late. */
int group_join(struct group *g, struct err *err) __attribute__((warn_unused_result));

/* Serves the group; returns the state. Call it at least every few seconds. */
enum group_state group_poll(struct group *g);
/* Readable while there is something to serve. */
int group_fd(const struct group *g);
/* Grows with each assignment. */
int64_t group_generation(const struct group *g);
/* The partitions of the current assignment, ascending; *n gets how many. */
const int32_t *group_partitions(const struct group *g, size_t *n);

/* How many partitions the topic has now; 0 or less: that cannot be told. */
int group_partitions_in_all(struct group *g);

#endif
