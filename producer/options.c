#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

enum { SERIES_MAX = 20000 };

#define AT(member) offsetof(struct options, member)

static const struct setting table[] = {
	{"symbols", SETTING_TEXT, AT(symbols_text), 0, 0, NULL, 0, 0, "LIST", "Markets to keep complete: KRW-BTC,KRW-ETH (needed)."},
	{"intervals", SETTING_TEXT, AT(intervals_text), 0, 0, "1m", 0, 0, "LIST", "Intervals of each market: 1s, 1m, 3m, 5m, 10m, 15m, 30m, 1h, 4h, 1d, 1w, 1M."},
	{"since", SETTING_TIME, AT(since_ms), 0, 0, NULL, 0, 0, "ISO",
	 "Wanted from this time on (UTC), e.g. 2024-01-01; what is wanted only ever widens. Default: what the database says is wanted, "
	 "and on a first start the last 200 intervals."},
	{"exchange-url", SETTING_TEXT, AT(exchange_url), 0, 0, "https://api.upbit.com", 0, 0, "URL",
	 "Upbit's REST API; plain http only on loopback."},
	{"source", SETTING_TEXT, AT(source), 0, 0, "upbit", 0, 0, "NAME",
	 "Names exchange and region in messages (upbit, upbit-sg); one topic and one table hold one source."},
	{"brokers", SETTING_TEXT, AT(brokers), 0, 0, "127.0.0.1:19092", 0, 0, "HOST:PORT,...", "Kafka brokers to begin with."},
	{"topic", SETTING_TEXT, AT(topic), 0, 0, "candles.v1", 0, 0, "NAME", "Topic of the candles; made where it is missing."},
	{"partitions", SETTING_NUMBER, AT(partitions), 1, 10000, "12", 0, 0, "N", "Partitions of a topic that has to be made."},
	{"replication", SETTING_NUMBER, AT(replication), 1, 15, "1", 0, 0, "N",
	 "Replication factor of a topic that has to be made; 3 on a real cluster."},
	{"retention-ms", SETTING_NUMBER, AT(retention_ms), -1, INT64_MAX, "-1", 0, 0, "MS",
	 "retention.ms of a topic that has to be made; -1 keeps everything, so that a database can be rebuilt from it."},
	{"database", SETTING_TEXT, AT(database), 0, 0, "", 0, 0, "CONNINFO",
	 "PostgreSQL: URI or key=value; what it leaves open comes from the PG* variables."},
	{"rate-limit", SETTING_NUMBER, AT(rate_limit), 1, 10000, "10", 0, 0, "N", "Candle requests that the exchange allows in a second."},
	{"rate-percent", SETTING_NUMBER, AT(rate_percent), 1, 100, "90", 0, 0, "N", "Share of that limit to use."},
	{"queue-messages", SETTING_NUMBER, AT(queue_messages), 1000, 1000000, "4000", 0, 0, "N",
	 "Messages that may wait for the broker; at that point fetching stops."},
	{"look-s", SETTING_NUMBER, AT(look_s), 1, 3600, "60", 0, 0, "S", "How often the database is asked what is covered."},
	{"look-gaps-s", SETTING_NUMBER, AT(look_gaps_s), 1, 3600, "10", 0, 0, "S", "The same while there are gaps."},
	{"stall-s", SETTING_NUMBER, AT(stall_s), 1, 86400, "900", 0, 0, "S",
	 "When the writer has not moved for this long, the producer goes on with what it knew."},
	{"proxy", SETTING_TEXT, AT(proxy), 0, 0, NULL, 1, 0, "URL", "HTTP proxy; none is used unless named here."},
	{"ca-file", SETTING_TEXT, AT(ca_file), 0, 0, NULL, 0, 0, "FILE", "Certificates to trust in place of the system's."},
	{"kafka", SETTING_LIST, AT(kafka), 0, 0, NULL, 0, 'X', "NAME=VALUE", "Any librdkafka property; may be repeated."},
	{"log-level", SETTING_TEXT, AT(log_level), 0, 0, "info", 0, 0, "LEVEL", "debug, info, warn or error."},
	{NULL, SETTING_TEXT, 0, 0, 0, NULL, 0, 0, NULL, NULL},
};

static const char *const also_known[] = {
	/* gapless-writer */
	"GROUP", "BATCH_ROWS", "BATCH_BYTES", "BATCH_MS", "DEAD_LETTER_LIMIT", "SESSION_TIMEOUT_MS", "GROUP_INSTANCE_ID", "DRAIN_SECONDS",
	/* compose/ and tests/ */
	"STACK", "BUILD", "KAFKA_PORT", "CONTROLLER_PORT", "PG_PORT", "PG_TIMEZONE", "EXCHANGE_PORT", "FAULT", NULL};

const struct settings_spec options_spec = {
	.program = "gapless-producer",
	.usage = "Usage: gapless-producer --symbols LIST [settings]\n\n"
		 "Keeps candles of an exchange complete: finds in the database what is missing, fetches it, follows live, and\n"
		 "publishes every closed candle to Kafka, keyed by symbol. gapless-writer stores them.\n\n"
		 "It needs no state of its own: start it again, anywhere, and it goes on where the database is.\n",
	.examples = "Examples:\n"
		    "  gapless-producer --symbols KRW-BTC,KRW-ETH\n"
		    "  gapless-producer --symbols KRW-BTC --intervals 1s,1m --since 2024-01-01\n"
		    "  gapless-producer --symbols KRW-BTC --brokers kafka1:9092 -X security.protocol=ssl \\\n"
		    "                   --database 'host=db dbname=market sslmode=verify-full'\n\n"
		    "Exit codes: 0 stopped by a signal, 1 stopped on something that needs a person, 2 settings,\n"
		    "            4 could not stop in time, 130 second signal\n",
	.table = table,
	.also_known = also_known,
};

/* The next word of a list separated by commas or white space; NULL at its end. Copies it to word. */
static const char *next_word(const char *at, char *word, size_t cap)
{
	size_t len;

	at += strspn(at, ", \t\n");
	len = strcspn(at, ", \t\n");
	if (len == 0)
		return NULL;
	if (len >= cap)
		len = cap - 1;
	memcpy(word, at, len);
	word[len] = 0;
	return at + strcspn(at, ", \t\n");
}

static int series_add(struct options *o, const char *symbol, const char *interval, struct err *err)
{
	const struct interval *iv = interval_by_name(interval);

	if (!symbol_is_valid(symbol))
		return err_set(err, ERR_FATAL, "--symbols: '%s' is not a market's name; they look like KRW-BTC, in capitals", symbol);
	if (!iv)
		return err_set(err, ERR_FATAL, "--intervals: '%s' is not one of 1s, 1m, 3m, 5m, 10m, 15m, 30m, 1h, 4h, 1d, 1w, 1M", interval);
	for (size_t i = 0; i < o->n_series; i++)
		if (strcmp(o->series[i].symbol, symbol) == 0 && o->series[i].interval == iv)
			return 0;
	if (o->n_series >= SERIES_MAX)
		return err_set(err, ERR_FATAL, "--symbols times --intervals make more than %d series", SERIES_MAX);
	o->series = xreallocarray(o->series, o->n_series + 1, sizeof *o->series);
	memcpy(o->series[o->n_series].symbol, symbol, strlen(symbol) + 1);
	o->series[o->n_series++].interval = iv;
	return 0;
}

int options_check(struct options *o, struct err *err)
{
	char symbol[64], interval[64];

	if (!source_is_valid(o->source))
		return err_set(err, ERR_FATAL, "--source: '%s' is not 1 to 15 of a-z, 0-9 and -", o->source);
	if (!o->symbols_text || !next_word(o->symbols_text, symbol, sizeof symbol))
		return err_set(err, ERR_FATAL, "no market is named: set --symbols (or GAPLESS_SYMBOLS), e.g. --symbols KRW-BTC,KRW-ETH");
	for (const char *s = o->symbols_text; (s = next_word(s, symbol, sizeof symbol)) != NULL;)
		for (const char *i = o->intervals_text; (i = next_word(i, interval, sizeof interval)) != NULL;)
			if (series_add(o, symbol, interval, err))
				return -1;
	if (o->n_series == 0)
		return err_set(err, ERR_FATAL, "no interval is named: set --intervals, e.g. --intervals 1m");
	return 0;
}

void options_release(struct options *o)
{
	free(o->series);
	o->series = NULL;
	o->n_series = 0;
}
