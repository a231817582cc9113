/* SPDX-License-Identifier: MIT */
#include "common/kafka/kafka_stats.h"

#include <cjson/cJSON.h>
#include <string.h>

static int64_t number_at(const cJSON *in, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
}

static int has_text(const cJSON *in, const char *name, const char *text)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	return cJSON_IsString(item) && strcmp(item->valuestring, text) == 0;
}

static void broker_read(const cJSON *broker, struct kafka_stats *out)
{
	const cJSON *rtt = cJSON_GetObjectItemCaseSensitive(broker, "rtt");
	int64_t us = number_at(rtt, "avg");

	/* Those without an id are addresses to begin with; a logical one is the coordinator, again.
	 */
	if (has_text(broker, "state", "UP") && number_at(broker, "nodeid") >= 0 &&
	    !has_text(broker, "source", "logical"))
		out->brokers_up++;
	if (us > out->round_trip_us)
		out->round_trip_us = us;
	out->request_timeouts += number_at(broker, "req_timeouts");
	out->retries += number_at(broker, "txretries");
}

static int64_t fetched_messages(const cJSON *topics)
{
	const cJSON *topic, *partition;
	int64_t n = 0;

	cJSON_ArrayForEach(topic, topics)
		cJSON_ArrayForEach(partition, cJSON_GetObjectItemCaseSensitive(topic, "partitions"))
			n += number_at(partition, "fetchq_cnt");
	return n;
}

int kafka_stats_read(const char *json, size_t len, struct kafka_stats *out)
{
	cJSON *all = cJSON_ParseWithLength(json, len);
	const cJSON *brokers = cJSON_GetObjectItemCaseSensitive(all, "brokers"), *broker;
	struct kafka_stats stats = {.updates = out->updates + 1};
	int rc = cJSON_IsObject(brokers) ? 0 : -1;

	if (rc == 0) {
		cJSON_ArrayForEach(broker, brokers) broker_read(broker, &stats);
		stats.fetched_messages =
			fetched_messages(cJSON_GetObjectItemCaseSensitive(all, "topics"));
		stats.rebalances =
			number_at(cJSON_GetObjectItemCaseSensitive(all, "cgrp"), "rebalance_cnt");
		*out = stats;
	}
	cJSON_Delete(all);
	return rc;
}
