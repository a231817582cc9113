/* SPDX-License-Identifier: MIT */
/* Do all members of the producers' group want the same? Each says what it wants in its client.id,
 * as a digest. */
#ifndef GAPLESS_MEMBERS_H
#define GAPLESS_MEMBERS_H

#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "producer/pattern.h"

enum { MEMBERS_ID_BYTES = 40, MEMBERS_TEXT_BYTES = 160 };

/* "gapless-producer.<digest>": of symbols, intervals (in the order of their lengths) and start
 * (INT64_MIN: none). */
void members_client_id(const struct patterns *patterns, const struct interval *const *intervals,
		       size_t n, int64_t since_ms, char out[MEMBERS_ID_BYTES]);

struct members {
	int n;                         /* of the group */
	int different;                 /* that say they want something else */
	char text[MEMBERS_TEXT_BYTES]; /* one of these, for a sentence: its client.id and host */
};

/* Asks the brokers, for at most about 5 s. 0, or -1: ERR_RETRY, or ERR_FATAL where we may not. */
int members_ask(rd_kafka_t *rk, const char *group, const char *client_id, struct members *out,
		struct err *err) __attribute__((warn_unused_result));

#endif
