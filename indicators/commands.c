/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <stddef.h>

#include "common/base/log.h"
#include "common/base/stop.h"
#include "compute.h"
#include "options.h"
#include "serve.h"

static int run_serve(const void *settings)
{
	struct options o = *(const struct options *)settings;
	struct err err;

	if (options_check(&o, &err)) {
		log_error(err.text);
		return EXIT_USAGE;
	}
	return serve(&o);
}

static int run_compute(const void *settings)
{
	struct options o = *(const struct options *)settings;
	struct err err;

	if (options_check(&o, &err) == 0 && options_check_span(&o, &err) == 0)
		return compute(&o);
	log_error(err.text);
	return EXIT_USAGE;
}

#define AT(member)      SETTING_AT(struct options, member)
#define AT_TIME(member) SETTING_AT_TIME(struct options, member)

static const struct setting compute_settings[] = {
	{.name = "from",
	 AT_TIME(from_ms),
	 .value = "ISO",
	 .help = "Candles from this time on (UTC); the first one there is, if it is left out."},
	{.name = "to",
	 AT_TIME(to_ms),
	 .value = "ISO",
	 .help = "Candles before this time; the newest one, if it is left out."},
	{.name = "symbols",
	 AT(symbols),
	 .value = "LIST",
	 .help = "Only these, separated by commas."},
	{.name = "intervals",
	 AT(intervals),
	 .value = "LIST",
	 .help = "Only these, separated by commas."},
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
	 .help = "reads candles.v1 and publishes indicators.v1, for ever",
	 .run = run_serve},
	{.name = "compute",
	 .help = "computes a span from the table, for an indicator that is new; then ends",
	 .usage =
		 "Usage: gapless-indicators compute [--from ISO] [--to ISO] [settings]\n\n"
		 "Computes the indicators of candles that are in the table and publishes them. "
		 "What was interrupted goes on where it was, if it is asked for in the same words.\n",
	 .examples = "Examples:\n"
		     "  gapless-indicators compute --indicators ema:200 --from 2021-01-01\n",
	 .own = compute_settings,
	 .shared = compute_shared,
	 .run = run_compute},
	{.name = NULL},
};

const struct settings_spec commands_spec = {
	.program = "gapless-indicators",
	.usage =
		"Usage: gapless-indicators [compute] [settings]\n\n"
		"Reads the candles of a topic and publishes their indicators. Start more of it to\n"
		"share the work.\n\n"
		"A new group, or a new indicator, begins with the candles that are stored from then\n"
		"on. For those that the table has already, run `gapless-indicators compute` as well,\n"
		"once, with the same --indicators.\n",
	.examples = "Examples:\n"
		    "  gapless-indicators --indicators sma:20,rsi:14,macd:12:26:9\n"
		    "  gapless-indicators compute --indicators sma:20,rsi:14,macd:12:26:9\n",
	.table = options_table,
	.commands = commands,
};
