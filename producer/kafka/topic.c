/* SPDX-License-Identifier: MIT */
#include "producer/kafka/topic.h"

#include "common/kafka/kafka_ensure.h"

int topic_ensure(rd_kafka_t *rk, const struct options *options, int *partitions, struct err *err)
{
	const struct kafka_new_topic want = {.name = options->topic,
					     .partitions = options->partitions,
					     .replication = options->replication,
					     .retention_ms = options->retention_ms};

	return kafka_topic_ensure(rk, &want, partitions, err);
}

int32_t topic_partition_of(const char *symbol, int32_t n)
{
	return kafka_partition_of(symbol, n);
}
