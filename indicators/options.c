/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stddef.h>

#include "common/candle.h"

#define AT(member) .offset = offsetof(struct options, member)

const struct setting options_table[] = {
	{.name = "brokers",
	 .type = SETTING_TEXT,
	 AT(brokers),
	 .fallback = "127.0.0.1:19092",
	 .value = "HOST:PORT,...",
	 .help = "Kafka brokers to begin with."},
	{.name = "topic",
	 .type = SETTING_TEXT,
	 AT(topic),
	 .fallback = "candles.v1",
	 .value = "NAME",
	 .help = "Topic of the candles."},
	{.name = "indicators-topic",
	 .type = SETTING_TEXT,
	 AT(output_topic),
	 .fallback = "indicators.v1",
	 .value = "NAME",
	 .help = "Topic of the indicators; it is made where it is missing."},
	{.name = "indicators",
	 .type = SETTING_TEXT,
	 AT(indicators),
	 .fallback = "sma:20,ema:20,rsi:14,macd:12:26:9,bb:20:2,vwap",
	 .value = "LIST",
	 .help = "What is computed: kind:parameters, separated by commas; behind one @1m+1h, for "
		 "these intervals only."},
	{.name = "indicators-group",
	 .type = SETTING_TEXT,
	 AT(group),
	 .fallback = "gapless-indicators",
	 .value = "NAME",
	 .help = "Consumer group: processes of one group share the topic's partitions."},
	{.name = "source",
	 .type = SETTING_TEXT,
	 AT(source),
	 .fallback = "upbit",
	 .value = "NAME",
	 .help = "The source whose candles are read (upbit, upbit-sg); a message of another one halts "
		 "its partition."},
	{.name = "partitions",
	 .type = SETTING_NUMBER,
	 AT(partitions),
	 .min = 1,
	 .max = 1000,
	 .fallback = "12",
	 .value = "N",
	 .help = "Partitions of the indicators' topic, where it is made."},
	{.name = "replication",
	 .type = SETTING_NUMBER,
	 AT(replication),
	 .min = -1,
	 .max = 100,
	 .fallback = "-1",
	 .value = "N",
	 .help = "Replicas of the indicators' topic, where it is made; -1: the broker's default."},
	{.name = "session-timeout-ms",
	 .type = SETTING_NUMBER,
	 AT(session_timeout_ms),
	 .min = 1000,
	 .max = 3600000,
	 .fallback = "10000",
	 .value = "MS",
	 .help = "A process that is silent for so long loses its partitions to the others."},
	{.name = "drain-seconds",
	 .type = SETTING_NUMBER,
	 AT(drain_seconds),
	 .min = 5,
	 .max = 3600,
	 .fallback = "30",
	 .value = "S",
	 .help = "A stop publishes what is computed, commits and leaves within this time, or ends with "
		 "exit code 4."},
	{.name = "kafka",
	 .type = SETTING_LIST,
	 AT(kafka),
	 .short_flag = 'X',
	 .value = "NAME=VALUE",
	 .help = "Any librdkafka property; may be repeated."},
	{.name = "log-level",
	 .type = SETTING_TEXT,
	 AT(log_level),
	 .fallback = "info",
	 .value = "LEVEL",
	 .help = "debug, info, warn or error."},
	{.name = NULL},
};

const char *const options_also_known[] = {
	/* gapless-producer and gapless-writer */
	"GROUP", "GROUP_INSTANCE_ID", "BATCH_ROWS", "BATCH_BYTES", "BATCH_MS", "DEAD_LETTER_LIMIT",
	"SYMBOLS", "INTERVALS", "SINCE", "MARKETS_S", "EXCHANGE_URL", "RETENTION_MS", "RATE_LIMIT",
	"RATE_PERCENT", "RATE_SCOPE", "PRODUCER_GROUP", "QUEUE_MESSAGES", "LOOK_S", "LOOK_GAPS_S",
	"LOOKUP_S", "LOOKUP_GAPS_S", "STALL_S", "PROXY", "CA_FILE", "DATABASE",
	/* compose/ and tests/ */
	"STACK", "BUILD", "KAFKA_PORT", "CONTROLLER_PORT", "PG_PORT", "PG_TIMEZONE", "STACK_WAIT_S",
	"EXCHANGE_PORT", "FAULT", NULL};

int options_check(struct options *o, struct err *err)
{
	if (!source_is_valid(o->source))
		return err_set(err, ERR_FATAL, "--source: '%s' is not 1 to 15 of a-z, 0-9 and -",
			       o->source);
	if (o->topic[0] == '\0' || o->topic[0] == '^')
		return err_set(err, ERR_FATAL, "--topic: '%s' is not the name of a topic",
			       o->topic);
	if (o->group[0] == '\0')
		return err_set(err, ERR_FATAL,
			       "--indicators-group: the name of the consumer group is empty");
	return set_parse(o->indicators, &o->set, err);
}
