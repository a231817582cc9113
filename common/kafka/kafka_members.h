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

enum { KAFKA_MEMBERS_MS = 3000 }; /* the longest time that it blocks */

/* Calls each() for every member; a group that does not exist has none. What the group's coordinator
 * says counts, also if another broker does not answer. -1: *err (ERR_RETRY, or ERR_FATAL if we may
 * not ask). */
int kafka_members(rd_kafka_t *rk, const char *group,
		  void (*each)(void *opaque, const char *client_id, const char *host), void *opaque,
		  struct err *err) __attribute__((warn_unused_result));

#endif
