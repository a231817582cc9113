/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stddef.h>

#include "common/candle/candle.h"
#include "common/settings/settings_rows.h"

#define AT(member) SETTING_AT(struct options, member)

/* clang-format off */
const struct setting options_table[] = {
	SETTING_BROKERS,
	SETTING_TOPIC,
	{.name = "indicators-topic", AT(output_topic), .fallback = "indicators.v1",
	 .value = "NAME",
	 .help = "Topic of the indicators; it is made where it is missing."},
	{.name = "indicators", AT(indicators),
	 .fallback = "sma:20,ema:20,rsi:14,macd:12:26:9,bb:20:2,vwap", .value = "LIST",
	 .help = "What is computed: kind:parameters, separated by commas; behind one @1m+1h, for "
		 "these intervals only."},
	{.name = "indicators-group", AT(group), .fallback = "gapless-indicators", .value = "NAME",
	 .help = "Consumer group: processes of one group share the topic's partitions."},
	SETTING_SOURCE,
	{.name = "partitions", AT(partitions), .min = 1, .max = 1000, .fallback = "12",
	 .help = "Partitions of the indicators' topic, where it is made."},
	{.name = "replication", AT(replication), .min = -1, .max = 100, .fallback = "-1",
	 .help = "Replicas of the indicators' topic, where it is made; -1: the broker's default."},
	SETTING_SESSION_TIMEOUT,
	{.name = "drain-seconds", AT(drain_seconds), .min = 5, .max = 3600, .fallback = "30",
	 .value = "S",
	 .help = "A stop publishes what is computed, commits and leaves within this time, or ends with "
		 "exit code 4."},
	SETTING_KAFKA,
	SETTING_LOG_LEVEL,
	{.name = NULL},
};
/* clang-format on */

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
