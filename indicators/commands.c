/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <stddef.h>

#include "common/base/log.h"
#include "common/base/stop.h"
#include "compute.h"
#include "options.h"
#include "serve.h"

static int run_serve(const void *options)
{
	return serve(options);
}

static int run_compute(const void *options)
{
	struct err err;

	if (options_check_span(options, &err) == 0)
		return compute(options);
	log_error(err.text);
	return EXIT_USAGE;
}

#define AT(member)      SETTING_AT(struct options, member)
#define AT_TIME(member) SETTING_AT_TIME(struct options, member)

static const struct setting compute_settings[] = {
	{.name = "from",
	 AT_TIME(from_ms),
	 .value = "ISO",
	 .help = "From this time on (UTC); without it, from the first candle that there is."},
	{.name = "to",
	 AT_TIME(to_ms),
	 .value = "ISO",
	 .help = "Up to this time; without it, up to the newest candle."},
	{.name = "symbols",
	 AT(symbols),
	 .value = "LIST",
	 .help = "Only these markets: KRW-BTC,KRW-ETH."},
	{.name = "intervals",
	 AT(intervals),
	 .value = "LIST",
	 .help = "Only these intervals: 1m,1h."},
	{.name = NULL},
};

static const char *const compute_shared[] = {"brokers",
					     "indicators-topic",
					     "indicators",
					     "no-trade",
					     "database",
					     "store",
					     "source",
					     "topic",
					     "partitions",
					     "replication",
					     "retention-ms",
					     "kafka",
					     "log-level",
					     "log-format",
					     NULL};

static const struct settings_command commands[] = {
	{.name = "",
	 .help = "Computes what the topic carries, and publishes it, until told to stop.",
	 .run = run_serve},
	{.name = "compute",
	 .help = "Computes a span of the table, for an indicator that is new, and ends.",
	 .usage = "Usage: gapless-indicators compute [--from ISO] [--to ISO] [settings]\n\n"
		  "Computes the indicators of candles that are in the table, and publishes them.\n"
		  "Interrupted, the same command goes on where it was. It may run beside\n"
		  "gapless-indicators: of two values of one candle the newer knowledge counts.\n",
	 .examples =
		 "Examples:\n"
		 "  gapless-indicators compute\n"
		 "  gapless-indicators compute --indicators ema:200 --from 2021-01-01\n\n"
		 "Exit codes: 0 all of it is published; 1 stopped before the end: run it again to\n"
		 "            go on; 2 settings, nothing to compute, or a database or topic that\n"
		 "            does not fit them; 4 could not stop in time; 130 second signal\n",
	 .own = compute_settings,
	 .shared = compute_shared,
	 .run = run_compute},
	{.name = NULL},
};

const struct settings_spec commands_spec = {
	.program = "gapless-indicators",
	.usage = "Usage: gapless-indicators [compute] [settings]\n\n"
		 "Reads the candles of a topic and publishes their indicators, right also after\n"
		 "gaps, corrections and late backfill. Start more of it to share the work.\n\n"
		 "A new group, or a new indicator, begins with the candles that are stored from\n"
		 "then on. For those that the table has already, run `gapless-indicators compute`\n"
		 "as well, once, with the same --indicators.\n",
	.examples =
		"Examples:\n"
		"  gapless-indicators --indicators sma:20,rsi:14,macd:12:26:9\n"
		"  gapless-indicators --store --indicators sma:20,ema:200@1h+4h\n"
		"  gapless-indicators compute --indicators sma:20,rsi:14,macd:12:26:9\n\n"
		"Exit codes: 0 stopped by a signal; 1 stopped on something that needs a person; 2\n"
		"            settings, or a database or topic that does not fit them; 3 replaced\n"
		"            by another with the same group.instance.id; 4 could not stop in\n"
		"            time; 130 second signal\n",
	.table = options_table,
	.commands = commands,
};
