/* SPDX-License-Identifier: MIT */
/* What the programs show of their Kafka clients (kafka_stats.h): rows of their tables, written
 * once. */
#ifndef GAPLESS_KAFKA_METRICS_H
#define GAPLESS_KAFKA_METRICS_H

#include "common/kafka/kafka_stats.h"
#include "common/service/metrics.h"

/* Rows from `id` on, so many; program: "writer"; client: "consumer"; note: behind the round trip. */
enum { KAFKA_METRICS = 4 };
/* clang-format off */
#define KAFKA_METRIC_ROWS(id, program, client, note) \
	[id] = {"gapless_" program "_kafka_brokers_connected", METRIC_GAUGE, \
		.help = "Kafka brokers that the " client " is connected to."}, \
	[(id) + 1] = {"gapless_" program "_kafka_round_trip_seconds", METRIC_GAUGE, \
		.unit = "seconds", \
		.help = "Mean time of a request to the slowest broker, lately" note "."}, \
	[(id) + 2] = {"gapless_" program "_kafka_request_timeouts", METRIC_COUNTER, \
		.help = "Requests to brokers that were not answered in time."}, \
	[(id) + 3] = {"gapless_" program "_kafka_request_retries", METRIC_COUNTER, \
		.help = "Requests to brokers that were sent again."}
/* clang-format on */

void kafka_metrics_set(struct metrics *m, size_t id, const struct kafka_stats *stats);

#endif
