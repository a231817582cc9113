/* SPDX-License-Identifier: MIT */
#include "producer/options.h"

#include <string.h>

#include "common/words.h"
#include "producer/exchange/exchanges.h"

#define AT(member) offsetof(struct options, member)

const struct setting options_table[] = {
	{"symbols", SETTING_TEXT, AT(symbols_text), 0, 0, NULL, 0, 0, "LIST",
	 "Markets to keep complete (needed): KRW-BTC,KRW-ETH; KRW-* for all that the exchange lists, !KRW-DOGE to leave one out."},
	{"intervals", SETTING_TEXT, AT(intervals_text), 0, 0, "1m", 0, 0, "LIST",
	 "Intervals of each market: 1s, 1m, 3m, 5m, 10m, 15m, 30m, 1h, 4h, 1d, 1w, 1M."},
	{"since", SETTING_TIME, AT(since_ms), 0, 0, NULL, 0, 0, "ISO",
	 "Wanted from this time on (UTC), e.g. 2024-01-01; what is wanted only ever widens. Default: what the database says is wanted, "
	 "and on a first start the last 200 intervals."},
	{"markets-s", SETTING_NUMBER, AT(markets_s), 1, 86400, "3600", 0, 0, "S",
	 "How often the exchange's list of markets is read: for new ones that a pattern wants, and delisted ones."},
	{"exchange-url", SETTING_TEXT, AT(exchange_url), 0, 0, "https://api.upbit.com", 0, 0, "URL",
	 "Upbit's REST API; plain http only on loopback."},
	{"source", SETTING_TEXT, AT(source), 0, 0, "upbit", 0, 0, "NAME",
	 "Names exchange and region in messages (upbit, upbit-sg); one topic and one table hold one source."},
	{"brokers", SETTING_TEXT, AT(brokers), 0, 0, "127.0.0.1:19092", 0, 0, "HOST:PORT,...",
	 "Kafka brokers to begin with."},
	{"topic", SETTING_TEXT, AT(topic), 0, 0, "candles.v1", 0, 0, "NAME",
	 "Topic of the candles; made where it is missing."},
	{"producer-group", SETTING_TEXT, AT(group), 0, 0, "gapless-producer", 0, 0, "NAME",
	 "Consumer group by which producers share out the markets; all members need the same symbols, intervals and since."},
	{"session-timeout-ms", SETTING_NUMBER, AT(session_timeout_ms), 1000, 3600000, "10000", 0, 0,
	 "MS", "A producer that is silent for so long loses its markets to the others."},
	{"partitions", SETTING_NUMBER, AT(partitions), 1, 10000, "12", 0, 0, "N",
	 "Partitions of a topic that has to be made."},
	{"replication", SETTING_NUMBER, AT(replication), 1, 15, "1", 0, 0, "N",
	 "Replication factor of a topic that has to be made; 3 on a real cluster."},
	{"retention-ms", SETTING_NUMBER, AT(retention_ms), -1, INT64_MAX, "-1", 0, 0, "MS",
	 "retention.ms of a topic that has to be made; -1 keeps everything, so that a database can be rebuilt from it."},
	{"database", SETTING_TEXT, AT(database), 0, 0, "", 0, 0, "CONNINFO",
	 "PostgreSQL: URI or key=value; what it leaves open comes from the PG* variables."},
	{"rate-limit", SETTING_NUMBER, AT(rate_limit), 1, 10000, "10", 0, 0, "N",
	 "Candle requests that the exchange allows in a second."},
	{"rate-percent", SETTING_NUMBER, AT(rate_percent), 1, 100, "90", 0, 0, "N",
	 "Share of that limit to use."},
	{"rate-scope", SETTING_TEXT, AT(rate_scope), 0, 0, "shared", 0, 0, "SCOPE",
	 "shared: the producers of the group have one address, and share the limit; own: each has an address of its own."},
	{"queue-messages", SETTING_NUMBER, AT(queue_messages), 1000, 1000000, "4000", 0, 0, "N",
	 "Messages that may wait for the broker; at that point fetching stops."},
	{"look-s", SETTING_NUMBER, AT(look_s), 1, 3600, "60", 0, 0, "S",
	 "How often the database is asked what is covered."},
	{"look-gaps-s", SETTING_NUMBER, AT(look_gaps_s), 1, 3600, "10", 0, 0, "S",
	 "The same while there are gaps."},
	{"stall-s", SETTING_NUMBER, AT(stall_s), 1, 86400, "900", 0, 0, "S",
	 "When the writer has not moved for this long, the producer goes on with what it knew."},
	{"proxy", SETTING_TEXT, AT(proxy), 0, 0, NULL, 1, 0, "URL",
	 "HTTP proxy; none is used unless named here."},
	{"ca-file", SETTING_TEXT, AT(ca_file), 0, 0, NULL, 0, 0, "FILE",
	 "Certificates to trust in place of the system's."},
	{"kafka", SETTING_LIST, AT(kafka), 0, 0, NULL, 0, 'X', "NAME=VALUE",
	 "Any librdkafka property; may be repeated."},
	{"log-level", SETTING_TEXT, AT(log_level), 0, 0, "info", 0, 0, "LEVEL",
	 "debug, info, warn or error."},
	{NULL, SETTING_TEXT, 0, 0, 0, NULL, 0, 0, NULL, NULL},
};

const char *const options_also_known[] = {
	/* gapless-writer */
	"GROUP", "BATCH_ROWS", "BATCH_BYTES", "BATCH_MS", "DEAD_LETTER_LIMIT", "GROUP_INSTANCE_ID",
	"DRAIN_SECONDS",
	/* gapless-indicators */
	"INDICATORS", "INDICATORS_TOPIC", "INDICATORS_GROUP",
	/* compose/ and tests/ */
	"STACK", "BUILD", "KAFKA_PORT", "CONTROLLER_PORT", "PG_PORT", "PG_TIMEZONE",
	"EXCHANGE_PORT", "FAULT", NULL};

static int intervals_parse(struct options *o, struct err *err)
{
	const struct interval *known;
	char word[64], wanted[64] = {0};
	size_t n;

	known = interval_table(&n);
	for (const char *at = o->intervals_text; (at = word_next(at, word, sizeof word)) != NULL;) {
		const struct interval *iv = interval_by_name(word);

		if (!iv)
			return err_set(
				err, ERR_FATAL,
				"--intervals: '%s' is not one of 1s, 1m, 3m, 5m, 10m, 15m, 30m, 1h, 4h, 1d, 1w, 1M",
				word);
		wanted[iv - known] = 1;
	}
	for (size_t i = 0; i < n; i++)
		if (wanted[i])
			o->intervals[o->n_intervals++] = &known[i];
	if (o->n_intervals == 0)
		return err_set(err, ERR_FATAL,
			       "no interval is named: set --intervals, e.g. --intervals 1m");
	return 0;
}

int options_check(struct options *o, struct err *err)
{
	if (!source_is_valid(o->source))
		return err_set(err, ERR_FATAL, "--source: '%s' is not 1 to 15 of a-z, 0-9 and -",
			       o->source);
	o->exchange = exchange_of_source(o->source);
	if (!o->exchange)
		return err_set(
			err, ERR_FATAL,
			"--source: '%s' is of no exchange that is known here; upbit and upbit-REGION are",
			o->source);
	o->rate_scope_own = strcmp(o->rate_scope, "own") == 0;
	if (!o->rate_scope_own && strcmp(o->rate_scope, "shared") != 0)
		return err_set(err, ERR_FATAL, "--rate-scope: '%s' is not one of shared, own",
			       o->rate_scope);
	if (o->group[0] == '\0')
		return err_set(err, ERR_FATAL,
			       "--producer-group: the name of the consumer group is empty");
	if (patterns_parse(o->symbols_text ? o->symbols_text : "", &o->patterns, err))
		return -1;
	return intervals_parse(o, err);
}

int options_check_fetch(struct options *o, struct err *err)
{
	if (o->from_ms == INT64_MIN)
		return err_set(err, ERR_FATAL, "--from: from when on? e.g. --from 2024-05-01");
	if (o->to_ms == INT64_MIN)
		o->to_ms = INT64_MAX - 1; /* everything up to now */
	if (o->from_ms >= o->to_ms)
		return err_set(err, ERR_FATAL, "--from must be before --to");
	return options_check(o, err);
}

void options_release(struct options *o)
{
	patterns_release(&o->patterns);
	o->n_intervals = 0;
}
