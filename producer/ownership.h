/* SPDX-License-Identifier: MIT */
/* Which partitions are ours: a member of a Kafka consumer group that consumes nothing. Who is
 * assigned a partition fetches the symbols that hash to it; a dead member's partitions move within
 * the session timeout, a new member needs no configuration. Two that believe to own the same for a
 * moment cost duplicates, which are harmless.
 *
 * Partitions are assigned paused and at their end, and nothing is ever committed (seen with
 * librdkafka 2.0.2: no message is delivered; one that were is dropped). The eager assignor `range`:
 * all partitions are given back at each rebalance, and usually most of them come again at once. */
#ifndef GAPLESS_OWNERSHIP_H
#define GAPLESS_OWNERSHIP_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

#include "common/settings.h"

struct ownership;

struct ownership_settings {
	const char *brokers, *topic, *group;
	const char *client_id; /* says what this member wants (members.h) */
	int64_t session_timeout_ms;
	const struct setting_list *properties; /* librdkafka's */
	/* The partitions are about to be given back, in ownership_poll or ownership_free; lost:
	 * somebody else may have them already. */
	void (*revoked)(void *opaque, int lost);
	void *opaque;
};

enum ownership_state {
	OWNERSHIP_NONE,  /* not in the group yet, or in the middle of a rebalance */
	OWNERSHIP_HELD,  /* until the next rebalance; may be no partition at all */
	OWNERSHIP_FENCED /* this member cannot come back (a fatal error of the client) */
};

/* NULL: *err. Not in the group before ownership_join. */
struct ownership *ownership_new(const struct ownership_settings *settings, struct err *err);
/* Leaves the group (up to about a session timeout where its coordinator is away: under a watchdog).
 */
void ownership_free(struct ownership *o);
/* The topic must exist: one that does not would be noticed a minute late. */
int ownership_join(struct ownership *o, struct err *err) __attribute__((warn_unused_result));

/* Serves the group; returns the state. Call it at least every few seconds. */
enum ownership_state ownership_poll(struct ownership *o);
/* Readable while there is something to serve. */
int ownership_fd(const struct ownership *o);
/* Grows with each assignment. */
int64_t ownership_generation(const struct ownership *o);
/* The partitions of the current assignment, ascending; *n gets how many. */
const int32_t *ownership_partitions(const struct ownership *o, size_t *n);

/* The partition of a symbol among n, as the publisher's partitioner (murmur2_random, Java's
 * default) chooses it. */
int32_t ownership_partition_of(const char *symbol, int32_t n);

#endif
