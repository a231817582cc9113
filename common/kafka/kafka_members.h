/* SPDX-License-Identifier: MIT */
/* Who is in a consumer group. Nobody has to join to know.
 *
 * By rd_kafka_list_groups(), which blocks, and asks every broker:
 * rd_kafka_DescribeConsumerGroups() would ask the coordinator alone, but ends the process by an
 * assertion (eonce->refcnt > 0) where its time runs out while the coordinator is away
 * (librdkafka's issue 4605, seen with 2.0.2). */
#ifndef GAPLESS_KAFKA_MEMBERS_H
#define GAPLESS_KAFKA_MEMBERS_H

#include <librdkafka/rdkafka.h>

#include "common/base/error.h"
#include "common/base/log.h"

enum { KAFKA_MEMBERS_MS = 3000 }; /* the longest time that it blocks */

/* Calls each() for every member; a group that does not exist has none. What the group's coordinator
 * says counts, also if another broker does not answer. -1: *err (ERR_RETRY, or ERR_FATAL if we may
 * not ask). */
int kafka_members(rd_kafka_t *rk, const char *group,
		  void (*each)(void *opaque, const char *client_id, const char *host), void *opaque,
		  struct err *err) __attribute__((warn_unused_result));

/* Some members, and one of them, for a sentence: its client.id and host. */
struct kafka_some {
	int n;
	char text[160];
};
void kafka_some_add(struct kafka_some *some, const char *client_id, const char *host);

/* Members that are not what the group is for: they take partitions as any member does. */
struct kafka_strangers {
	struct kafka_some now;
	struct log_throttle say;
};
/* They are these by now; all zero before the first time. Logs `are_there`, an error, while there
 * are some, and `have_left`. */
void kafka_strangers_are(struct kafka_strangers *s, const struct kafka_some *now, const char *group,
			 const char *are_there, const char *have_left, int64_t now_ms);

#endif
