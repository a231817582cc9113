/* SPDX-License-Identifier: MIT */
#include "common/service/kafka_metrics.h"

void kafka_metrics_set(struct metrics *m, size_t id, const struct kafka_stats *stats)
{
	metrics_set(m, id, NULL, (double)stats->brokers_up);
	metrics_set(m, id + 1, NULL, (double)stats->round_trip_us / 1e6);
	metrics_set(m, id + 2, NULL, (double)stats->request_timeouts);
	metrics_set(m, id + 3, NULL, (double)stats->retries);
}
