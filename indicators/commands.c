/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "common/base/log.h"
#include "common/base/stop.h"
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

static const struct settings_command commands[] = {
	{.name = "",
	 .help = "reads candles.v1 and publishes indicators.v1, for ever",
	 .run = run_serve},
	{.name = NULL},
};

const struct settings_spec commands_spec = {
	.program = "gapless-indicators",
	.usage =
		"Usage: gapless-indicators [settings]\n\n"
		"Reads the candles of a topic and publishes their indicators. Start more of it to\n"
		"share the work.\n",
	.examples = "Examples:\n"
		    "  gapless-indicators --indicators sma:20,rsi:14,macd:12:26:9\n",
	.table = options_table,
	.commands = commands,
};
