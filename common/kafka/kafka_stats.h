/* SPDX-License-Identifier: MIT */
/* What librdkafka counts about a client, as far as it matters here: the JSON that it hands out
 * every statistics.interval.ms (its STATISTICS.md). Pure. */
#ifndef GAPLESS_KAFKA_STATS_H
#define GAPLESS_KAFKA_STATS_H

#include <stddef.h>
#include <stdint.h>

#define KAFKA_STATS_MS "5000" /* for statistics.interval.ms */

struct kafka_stats {
	int64_t updates;                   /* how often it was read; 0: nothing is known yet */
	int64_t brokers_up;                /* that the client is connected to */
	int64_t round_trip_us;             /* mean of the last interval, of the slowest broker */
	int64_t request_timeouts, retries; /* since the client was made */
	int64_t fetched_messages;          /* by a consumer, which has not taken them yet */
	int64_t rebalances;                /* of the consumer's group, that it took part in */
};

/* 0, or -1 if it is not what librdkafka writes: *out is as it was. */
int kafka_stats_read(const char *json, size_t len, struct kafka_stats *out);

#endif
