/* SPDX-License-Identifier: MIT */
/* Who is in a consumer group. Its coordinator alone is asked: another broker that is dead or cannot
 * be reached from here does not matter, and nobody has to join to know. */
#ifndef GAPLESS_KAFKA_MEMBERS_H
#define GAPLESS_KAFKA_MEMBERS_H

#include <librdkafka/rdkafka.h>

#include "common/base/error.h"

enum { KAFKA_MEMBERS_MS = 5000 }; /* an answer comes within that time, or fails */

/* Sends the question, and returns at once; one at a time for each queue. */
void kafka_members_ask(rd_kafka_t *rk, const char *group, rd_kafka_queue_t *answers);
/* The answer, if it comes within wait_ms: 1, and each() was called for every member (a group that
 * does not exist has none); 0: not yet; -1: *err (ERR_RETRY, or ERR_FATAL if we may not ask). */
int kafka_members_take(rd_kafka_queue_t *answers, int wait_ms,
		       void (*each)(void *opaque, const char *client_id, const char *host),
		       void *opaque, struct err *err) __attribute__((warn_unused_result));

#endif
