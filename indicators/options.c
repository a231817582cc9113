/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stddef.h>
#include <string.h>

#include "common/candle/candle.h"
#include "common/kafka/kafka_topic.h"
#include "common/pg/pg_conninfo.h"
#include "common/service/service.h"
#include "common/settings/settings_rows.h"
#include "common/text/words.h"

#define AT(member) SETTING_AT(struct options, member)

/* clang-format off */
const struct setting options_table[] = {
	SETTING_BROKERS,
	SETTING_TOPIC,
	{.name = "indicators-topic", AT(output_topic), .fallback = "indicators.v1",
	 .value = "NAME",
	 .help = "Topic of the indicators; created if it is missing."},
	{.name = "indicators", AT(indicators),
	 .fallback = "sma:20,ema:20,rsi:14,macd:12:26:9,bb:20:2,vwap", .value = "LIST",
	 .help = "What is computed: kind:parameters, separated by commas; behind one @1m+1h, for "
		 "these intervals only."},
	{.name = "indicators-group", AT(group), .fallback = "gapless-indicators", .value = "NAME",
	 .help = "Consumer group: processes of one group share the topic's partitions."},
	{.name = "no-trade", AT(no_trade), .fallback = "skip", .value = "skip|carry",
	 .help = "An interval without trades is left out, as in the exchange's charts, or carries "
		 "the price before it on."},
	SETTING_DATABASE,
	{.name = "without-database", AT(without_database),
	 .help = "Begin from the topic alone: what is older than it tells is not computed."},
	{.name = "store", AT(store),
	 .help = "Write the indicators into market_data_indicator as well."},
	{.name = "topic-hours", AT(topic_hours), .min = 1, .max = 876000, .fallback = "48",
	 .value = "H",
	 .help = "Without a database: how far back the topic is read at a start."},
	{.name = "stall-s", AT(stall_s), .min = 1, .max = 86400, .fallback = "900", .value = "S",
	 .help = "A writer that stores nothing for so long is no longer waited for."},
	SETTING_SOURCE,
	{.name = "partitions", AT(partitions), .min = 1, .max = 1000, .fallback = "12",
	 .help = "Partitions of an indicators' topic that has to be made."},
	{.name = "replication", AT(replication), .min = 1, .max = 15, .fallback = "1",
	 .help = "Replication factor of an indicators' topic that has to be made; 3 on a real cluster."},
	{.name = "retention-ms", AT(retention_ms), .min = -1, .max = INT64_MAX, .fallback = "-1",
	 .value = "MS",
	 .help = "retention.ms of an indicators' topic that has to be made; -1 keeps everything."},
	SETTING_SESSION_TIMEOUT,
	{.name = "drain-seconds", AT(drain_seconds), .min = 5, .max = 3600, .fallback = "30",
	 .value = "S",
	 .help = "A stop publishes what is computed, commits and leaves within this time, or ends with "
		 "exit code 4."},
	SETTING_KAFKA,
	SETTING_HTTP("127.0.0.1:9466"),
	SETTING_LOG_LEVEL,
	SETTING_LOG_FORMAT,
	{.name = NULL},
};
/* clang-format on */

int options_check_span(const struct options *o, struct err *err)
{
	const char *at = o->symbols ? o->symbols : "";
	char word[64];

	while ((at = word_next(at, word, sizeof word)) != NULL) {
		if (!symbol_is_valid(word))
			return err_set(err, ERR_FATAL,
				       "--symbols: '%s' is not a market's name, as KRW-BTC is",
				       word);
	}
	at = o->intervals ? o->intervals : "";
	while ((at = word_next(at, word, sizeof word)) != NULL) {
		if (!interval_of_setting("--intervals", word, err))
			return -1;
	}
	if (o->from_ms != INT64_MIN && o->to_ms != INT64_MIN && o->from_ms >= o->to_ms)
		return err_set(err, ERR_FATAL, "--from is not before --to: there is no span");
	return 0;
}

int options_check(void *options, struct err *err)
{
	struct options *o = options;

	if (!source_is_valid(o->source))
		return err_set(err, ERR_FATAL, "--source: '%s' is not 1 to 15 of a-z, 0-9 and -",
			       o->source);
	if (kafka_topic_name_check("--topic", o->topic, err) ||
	    kafka_topic_name_check("--indicators-topic", o->output_topic, err))
		return -1;
	if (strcmp(o->topic, o->output_topic) == 0)
		return err_set(
			err, ERR_FATAL,
			"--topic and --indicators-topic are the same topic: indicators among the "
			"candles would be dead letters to every reader");
	if (o->group[0] == '\0')
		return err_set(err, ERR_FATAL,
			       "--indicators-group: the name of the consumer group is empty");
	if (o->store && o->without_database)
		return err_set(
			err, ERR_FATAL,
			"--store and --without-database contradict each other: leave one out");
	if (!o->without_database && pg_conninfo_check(o->database, err))
		return -1;
	o->fill = strcmp(o->no_trade, "carry") == 0 ? FILL_CARRY : FILL_NONE;
	if (o->fill == FILL_NONE && strcmp(o->no_trade, "skip") != 0)
		return err_set(err, ERR_FATAL, "--no-trade: '%s' is neither skip nor carry",
			       o->no_trade);
	if (o->http && service_check(o->http, err))
		return -1;
	return set_parse(o->indicators, &o->set, err);
}
