/* SPDX-License-Identifier: MIT */
/* What the programs show of their Kafka clients (kafka_stats.h): rows of their tables, written
 * once. */
#ifndef GAPLESS_KAFKA_METRICS_H
#define GAPLESS_KAFKA_METRICS_H

#include "common/kafka/kafka_stats.h"
#include "common/service/metrics.h"

/* So many rows, one after the other; program: "writer"; client: "consumer"; note: behind the round
 * trip. */
enum { KAFKA_METRICS = 4 };
/* clang-format off */
#define KAFKA_METRIC_ROWS(program, client, note) \
	{"gapless_" program "_kafka_brokers_connected", METRIC_GAUGE, \
		.help = "Kafka brokers that the " client " is connected to."}, \
	{"gapless_" program "_kafka_round_trip_seconds", METRIC_GAUGE, \
		.unit = "seconds", \
		.help = "Mean time of a request to the slowest broker, lately" note "."}, \
	{"gapless_" program "_kafka_request_timeouts", METRIC_COUNTER, \
		.help = "Requests to brokers that were not answered in time."}, \
	{"gapless_" program "_kafka_request_retries", METRIC_COUNTER, \
		.help = "Requests to brokers that were sent again."}
/* clang-format on */

/* id: of the first row. */
void kafka_metrics_set(struct metrics *m, size_t id, const struct kafka_stats *stats);

#endif
