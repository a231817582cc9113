/* SPDX-License-Identifier: MIT */
#include "producer/options.h"

#include <string.h>

#include "common/kafka/kafka_topic.h"
#include "common/pg/pg_conninfo.h"
#include "common/service/service.h"
#include "common/settings/settings_rows.h"
#include "common/text/words.h"
#include "producer/exchange/exchanges.h"

#define AT(member)      SETTING_AT(struct options, member)
#define AT_TIME(member) SETTING_AT_TIME(struct options, member)

/* clang-format off */
const struct setting options_table[] = {
	{.name = "symbols", AT(symbols_text), .value = "LIST",
	 .help = "Markets to keep complete (needed): KRW-BTC,KRW-ETH; KRW-* for all that the "
		 "exchange lists, !KRW-DOGE to leave one out."},
	{.name = "intervals", AT(intervals_text), .fallback = "1m", .value = "LIST",
	 .help = "Intervals of each market: " INTERVAL_NAMES "."},
	{.name = "since", AT_TIME(since_ms),
	 .help = "Wanted from this time on (UTC), e.g. 2024-01-01; what is wanted only ever "
		 "widens. Default: what the database says is wanted, and on a first start the "
		 "last 200 intervals."},
	{.name = "wait-for-listing", AT(waits_for_listing),
	 .help = "Wait for the listing of a market that is named, that the exchange does not list, "
		 "and of which nothing is stored; else such a name is refused."},
	{.name = "markets-s", AT(markets_s), .min = 1, .max = 86400, .fallback = "3600",
	 .value = "S",
	 .help = "How often the exchange's list of markets is read: for new ones that a pattern "
		 "wants, and delisted ones."},
	{.name = "exchange-url", AT(exchange_url), .fallback = EXCHANGE_URL_DEFAULT,
	 .value = "URL",
	 .help = "The exchange's REST API; plain http only on loopback."},
	SETTING_SOURCE,
	SETTING_BROKERS,
	SETTING_TOPIC,
	{.name = "producer-group", AT(group), .fallback = "gapless-producer", .value = "NAME",
	 .help = "Consumer group by which producers share out the markets; all members need the "
		 "same symbols, intervals and since."},
	{.name = "settings-version", AT(settings_version), .min = 0, .max = 1000000000,
	 .fallback = "0",
	 .help = "To change what a running group wants: a producer with other settings and a "
		 "higher version takes over from those with a lower one, which end."},
	SETTING_SESSION_TIMEOUT,
	{.name = "partitions", AT(partitions), .min = 1, .max = 10000, .fallback = "12",
	 .help = "Partitions of a topic that has to be made."},
	{.name = "replication", AT(replication), .min = 1, .max = 15, .fallback = "1",
	 .help = "Replication factor of a topic that has to be made; 3 on a real cluster."},
	{.name = "retention-ms", AT(retention_ms), .min = -1, .max = INT64_MAX, .fallback = "-1",
	 .value = "MS",
	 .help = "retention.ms of a topic that has to be made; -1 keeps everything, so that a "
		 "database can be rebuilt from it."},
	SETTING_DATABASE,
	{.name = "rate-limit", AT(rate_limit), .min = 1, .max = 10000, .fallback = "10",
	 .help = "Candle requests that the exchange allows in a second."},
	{.name = "rate-percent", AT(rate_percent), .min = 1, .max = 100, .fallback = "90",
	 .help = "Share of that limit to use."},
	{.name = "rate-scope", AT(rate_scope), .fallback = "shared", .value = "SCOPE",
	 .help = "shared: the producers of the group have one address, and share the limit; own: "
		 "each has an address of its own."},
	{.name = "queue-messages", AT(queue_messages), .min = 1000, .max = 1000000,
	 .fallback = "4000",
	 .help = "Messages that may wait for the broker; at that point fetching stops."},
	{.name = "lookup-s", .renamed = "look-s", AT(lookup_s), .min = 1, .max = 3600,
	 .fallback = "60", .value = "S",
	 .help = "How often the database is asked what is covered, while there are no gaps."},
	{.name = "lookup-gaps-s", .renamed = "look-gaps-s", AT(lookup_gaps_s), .min = 1,
	 .max = 3600, .fallback = "10", .value = "S",
	 .help = "How often it is asked while there are gaps (see --lookup-s)."},
	{.name = "stall-s", AT(stall_s), .min = 1, .max = 86400, .fallback = "900", .value = "S",
	 .help = "When the writer has not moved for this long, the producer goes on with what it "
		 "knew."},
	{.name = "proxy", AT(proxy), .secret = 1, .value = "URL",
	 .help = "HTTP proxy; none is used unless named here."},
	{.name = "ca-file", AT(ca_file), .value = "FILE",
	 .help = "Certificates to trust in place of the system's."},
	SETTING_KAFKA,
	SETTING_HTTP("127.0.0.1:9464"),
	SETTING_SERIES_METRICS,
	SETTING_LOG_LEVEL,
	SETTING_LOG_FORMAT,
	{.name = NULL},
};
/* clang-format on */

static int intervals_parse(struct options *o, struct err *err)
{
	const struct interval *table;
	char word[64], wanted[64] = {0};
	size_t n;

	table = interval_table(&n);
	for (const char *at = o->intervals_text; (at = word_next(at, word, sizeof word)) != NULL;) {
		const struct interval *iv = interval_of_setting("--intervals", word, err);

		if (!iv)
			return -1;
		wanted[iv - table] = 1;
	}
	for (size_t i = 0; i < n; i++)
		if (wanted[i])
			o->intervals[o->n_intervals++] = &table[i];
	if (o->n_intervals == 0)
		return err_set(err, ERR_FATAL,
			       "no interval is named: set --intervals, e.g. --intervals 1m");
	return 0;
}

int options_check(struct options *o, struct err *err)
{
	const char *behind;

	o->exchange = exchange_of_source(o->source, err);
	if (!o->exchange)
		return -1;
	behind = exchange_source_of_url(o->exchange_url);
	if (behind && strcmp(behind, o->source) != 0)
		return err_set(
			err, ERR_FATAL,
			"--source: '%s' is not what is behind the address %s, which is '%s': set --source %s, or another --exchange-url",
			o->source, o->exchange_url, behind, behind);
	o->rate_scope_own = strcmp(o->rate_scope, "own") == 0;
	if (!o->rate_scope_own && strcmp(o->rate_scope, "shared") != 0)
		return err_set(err, ERR_FATAL, "--rate-scope: '%s' is not one of shared, own",
			       o->rate_scope);
	if (kafka_topic_name_check("--topic", o->topic, err))
		return -1;
	if (o->group[0] == '\0')
		return err_set(err, ERR_FATAL,
			       "--producer-group: the name of the consumer group is empty");
	if (o->http && service_check(o->http, err))
		return -1;
	if (pg_conninfo_check(o->database, err))
		return -1;
	if (patterns_parse(o->symbols_text ? o->symbols_text : "", &o->patterns, err))
		return -1;
	if (intervals_parse(o, err))
		return -1;
	members_client_id(&o->patterns, o->intervals, o->n_intervals, o->since_ms,
			  o->settings_version, o->client_id);
	return 0;
}

int options_check_fetch(struct options *o, struct err *err)
{
	if (o->from_ms == INT64_MIN)
		return err_set(err, ERR_FATAL, "--from: from when on? e.g. --from 2024-05-01");
	if (o->to_ms == INT64_MIN)
		o->to_ms = INT64_MAX - 1; /* everything up to now */
	if (o->from_ms >= o->to_ms)
		return err_set(err, ERR_FATAL, "--from must be before --to");
	o->waits_for_listing = 1; /* it says itself what it could not have */
	return options_check(o, err);
}

void options_release(struct options *o)
{
	patterns_release(&o->patterns);
	o->n_intervals = 0;
}
