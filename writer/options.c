/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stddef.h>
#include <string.h>

#include "common/candle.h"

#define AT(member) offsetof(struct options, member)

const struct setting options_table[] = {
	{"brokers", SETTING_TEXT, AT(brokers), 0, 0, "127.0.0.1:19092", 0, 0, "HOST:PORT,...",
	 "Kafka brokers to begin with."},
	{"topic", SETTING_TEXT, AT(topic), 0, 0, "candles.v1", 0, 0, "NAME",
	 "Topic of the candles."},
	{"group", SETTING_TEXT, AT(group), 0, 0, "gapless-writer", 0, 0, "NAME",
	 "Consumer group: writers of one group share the topic's partitions."},
	{"group-instance-id", SETTING_TEXT, AT(group_instance_id), 0, 0, NULL, 0, 0, "NAME",
	 "Static membership: a restart within the session timeout keeps its partitions; one name, one "
	 "process."},
	{"database", SETTING_TEXT, AT(database), 0, 0, "", 0, 0, "CONNINFO",
	 "PostgreSQL: URI or key=value; what it leaves open comes from the PG* variables."},
	{"source", SETTING_TEXT, AT(source), 0, 0, "upbit", 0, 0, "NAME",
	 "The source whose candles are stored (upbit, upbit-sg); a message of another one halts its "
	 "partition."},
	{"batch-rows", SETTING_NUMBER, AT(batch_rows), 1, 100000, "5000", 0, 0, "N",
	 "A transaction holds at most so many candles,"},
	{"batch-bytes", SETTING_NUMBER, AT(batch_bytes), 4096, 67108864, "4194304", 0, 0, "BYTES",
	 "so many bytes of messages,"},
	{"batch-ms", SETTING_NUMBER, AT(batch_ms), 1, 60000, "1000", 0, 0, "MS",
	 "and waits so long for more."},
	{"dead-letter-limit", SETTING_NUMBER, AT(dead_letter_limit), 0, 1000000000, "100", 0, 0,
	 "N",
	 "More messages in a row that are not candles stop the writer, before it commits them; 0 = no "
	 "limit."},
	{"session-timeout-ms", SETTING_NUMBER, AT(session_timeout_ms), 1000, 3600000, "10000", 0, 0,
	 "MS", "A writer that is silent for so long loses its partitions to the others."},
	{"drain-seconds", SETTING_NUMBER, AT(drain_seconds), 5, 3600, "30", 0, 0, "S",
	 "A stop finishes the batch, commits and leaves within this time, or ends with exit code 4."},
	{"kafka", SETTING_LIST, AT(kafka), 0, 0, NULL, 0, 'X', "NAME=VALUE",
	 "Any librdkafka property; may be repeated."},
	{"log-level", SETTING_TEXT, AT(log_level), 0, 0, "info", 0, 0, "LEVEL",
	 "debug, info, warn or error."},
	{NULL, SETTING_TEXT, 0, 0, 0, NULL, 0, 0, NULL, NULL},
};

const char *const options_also_known[] = {
	/* gapless-producer */
	"SYMBOLS", "INTERVALS", "SINCE", "MARKETS_S", "EXCHANGE_URL", "PARTITIONS", "REPLICATION",
	"RETENTION_MS", "RATE_LIMIT", "RATE_PERCENT", "RATE_SCOPE", "PRODUCER_GROUP",
	"QUEUE_MESSAGES", "LOOK_S", "LOOK_GAPS_S", "STALL_S", "PROXY", "CA_FILE",
	/* gapless-indicators */
	"INDICATORS", "INDICATORS_TOPIC", "INDICATORS_GROUP",
	/* compose/ and tests/ */
	"STACK", "BUILD", "KAFKA_PORT", "CONTROLLER_PORT", "PG_PORT", "PG_TIMEZONE", "STACK_WAIT_S",
	"EXCHANGE_PORT", "FAULT", NULL};

int options_check(const struct options *o, struct err *err)
{
	if (!source_is_valid(o->source))
		return err_set(err, ERR_FATAL, "--source: '%s' is not 1 to 15 of a-z, 0-9 and -",
			       o->source);
	if (o->topic[0] == '\0' || o->topic[0] == '^')
		return err_set(err, ERR_FATAL, "--topic: '%s' is not the name of a topic",
			       o->topic);
	if (o->group[0] == '\0')
		return err_set(err, ERR_FATAL, "--group: the name of the consumer group is empty");
	if (o->format != NULL && strcmp(o->format, "table") != 0 && strcmp(o->format, "tsv") != 0)
		return err_set(err, ERR_FATAL, "--format: '%s' is neither table nor tsv",
			       o->format);
	return 0;
}
