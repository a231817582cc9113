/* SPDX-License-Identifier: MIT */
/* Do all members of the producers' group want the same? Each says what it wants in its client.id,
 * as a digest, with the version of its settings: of two that want different things the one of the
 * higher version takes over. Pure, but for members_ask. */
#ifndef GAPLESS_MEMBERS_H
#define GAPLESS_MEMBERS_H

#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdint.h>

#include "common/kafka/kafka_members.h"
#include "producer/pattern.h"

enum { MEMBERS_ID_BYTES = 52 };

/* "gapless-producer.<digest>[.<version>]": of symbols, intervals (in the order of their lengths)
 * and start (INT64_MIN: none). */
void members_client_id(const struct patterns *patterns, const struct interval *const *intervals,
		       size_t n, int64_t since_ms, int64_t version, char out[MEMBERS_ID_BYTES]);

struct members {
	int n; /* producers */
	/* Producers that want something else: by the same version, a lower one, a higher one. */
	struct kafka_some different, older, newer;
	struct kafka_some strangers; /* that are not producers of ours */
};

/* Counts one member, as seen by the producer of that client.id. */
void members_add(struct members *m, const char *client_id, const char *other, const char *host);

/* Those that will not leave because of this one, which has joined the group or not; and that as the
 * sentence that ends it. Returns -1. */
const struct kafka_some *members_opponents(const struct members *m, int joined);
int members_disagree(const struct members *m, int joined, const char *group, const char *client_id,
		     struct err *err);

/* Asks for the members, for at most KAFKA_MEMBERS_MS. 0, or -1: ERR_RETRY, or ERR_FATAL if we may
 * not ask. */
int members_ask(rd_kafka_t *rk, const char *group, const char *client_id, struct members *out,
		struct err *err) __attribute__((warn_unused_result));

#endif
