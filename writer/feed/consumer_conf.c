/* SPDX-License-Identifier: MIT */
#include "consumer_conf.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/kafka/kafka.h"
#include "common/kafka/kafka_stats.h"
#include "strangers.h"

/* Where fetching has stopped because enough is queued, librdkafka looks again after a second (issue
 * 2879 of confluentinc/librdkafka), in which a fast writer reads ten times as much. Since 2.2 that
 * second is a property. */
int consumer_conf_is_slow(void)
{
	return rd_kafka_version() < 0x02020000;
}

rd_kafka_conf_t *consumer_conf_new(const struct options *o, int in_group, int all, struct err *err)
{
	char session[24], queued[24];
	const struct kafka_property role[] = {
		{"group.id", in_group ? o->group : "gapless-replay"},
		{"client.id", WRITER_CLIENT_ID},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"auto.offset.reset", "error"},
		{"partition.assignment.strategy", "range"},
		{"enable.partition.eof", "true"},
		{"isolation.level", all ? "read_uncommitted" : "read_committed"},
		{"check.crcs", "true"},
		{"session.timeout.ms", session},
		{"fetch.wait.max.ms", "100"},
		{"statistics.interval.ms", KAFKA_STATS_MS},
		/* What one answer brings comes into memory at once, decompressed, whatever is
		 * queued already. */
		{"fetch.max.bytes", "4000000"},
		{"max.partition.fetch.bytes", "400000"},
		{"queued.max.messages.kbytes", "8192"},
		{"queued.min.messages", queued},
		/* (an old one gets what it has by default) */
		{consumer_conf_is_slow() ? "fetch.error.backoff.ms" : "fetch.queue.backoff.ms",
		 consumer_conf_is_slow() ? "500" : "20"},
		{in_group && o->group_instance_id != NULL ? "group.instance.id" : NULL,
		 o->group_instance_id},
		{NULL, NULL},
	};
	/* What these promise, the code relies on. */
	static const char *const fixed[] = {
		"group.id",
		"group.instance.id",
		"enable.auto.commit",
		"enable.auto.offset.store",
		"auto.commit.interval.ms",
		"auto.offset.reset",
		"partition.assignment.strategy",
		"enable.partition.eof",
		"session.timeout.ms",
		"isolation.level",
		NULL,
	};

	snprintf(queued, sizeof(queued), "%d", CONSUMER_QUEUED);
	snprintf(session, sizeof(session), "%" PRId64, o->session_timeout_ms);
	return kafka_conf_new(o->brokers, role, fixed, &o->kafka, err);
}
