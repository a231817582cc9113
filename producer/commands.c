/* SPDX-License-Identifier: MIT */
#include "producer/commands.h"

#include <stddef.h>
#include <stdint.h>

#include "producer/options.h"
#include "producer/produce.h"

#define AT(member) offsetof(struct options, member)

static const char *const of_fetch[] = {"symbols",        "intervals",      "exchange-url",
				       "source",         "brokers",        "topic",
				       "producer-group", "database",       "rate-limit",
				       "rate-percent",   "queue-messages", "look-gaps-s",
				       "stall-s",        "proxy",          "ca-file",
				       "kafka",          "log-level",      NULL};

static const struct setting own_of_fetch[] = {
	{"from", SETTING_TIME, AT(from_ms), 0, 0, NULL, 0, 0, "ISO",
	 "From this time on (needed; UTC); the interval that contains it is fetched as a whole."},
	{"to", SETTING_TIME, AT(to_ms), 0, 0, NULL, 0, 0, "ISO",
	 "Up to this time; an interval that it cuts is fetched as a whole. Without it, up to what is final by now."},
	{NULL, SETTING_TEXT, 0, 0, 0, NULL, 0, 0, NULL, NULL},
};

static const struct settings_command commands[] = {
	{.name = "",
	 .help = "Keeps what is wanted complete, and follows live until told to stop.",
	 .run = produce},
	{.name = "fetch",
	 .help = "Fetches a span of some markets, once, and ends.",
	 .usage =
		 "Usage: gapless-producer fetch --symbols LIST --from ISO [--to ISO] [settings]\n\n"
		 "Fetches what is missing of a span, publishes it, and ends when the writer has stored it. Nothing is\n"
		 "wanted from then on that was not before. It works beside running producers, and uses only what they\n"
		 "leave of the exchange's limit. What is there already is not fetched: gapless-writer forget, then it is.\n",
	 .examples =
		 "Examples:\n"
		 "  gapless-producer fetch --symbols KRW-BTC --from 2024-05-01 --to 2024-05-02\n"
		 "  gapless-producer fetch --symbols 'KRW-*' --intervals 1h,1d --from 2020-01-01\n\n"
		 "Exit codes: 0 everything is stored; 1 stopped before (a signal: run it again to go on; else the\n"
		 "            last line of the log says what is left and why); 2 settings; 4 could not stop in\n"
		 "            time; 130 second signal\n",
	 .own = own_of_fetch,
	 .shared = of_fetch,
	 .run = produce_fetch},
	{.name = NULL},
};

const struct settings_spec commands_spec = {
	.program = "gapless-producer",
	.usage =
		"Usage: gapless-producer --symbols LIST [settings]\n\n"
		"Keeps candles of an exchange complete: finds in the database what is missing, fetches it, follows live, and\n"
		"publishes every closed candle to Kafka, keyed by symbol. gapless-writer stores them.\n\n"
		"It needs no state of its own: start it again, anywhere, and it goes on where the database is. Start more of them,\n"
		"with the same settings, and they share the markets; kill one, and the others take its part.\n",
	.examples =
		"Examples:\n"
		"  gapless-producer --symbols KRW-BTC,KRW-ETH\n"
		"  gapless-producer --symbols KRW-BTC --intervals 1s,1m --since 2024-01-01\n"
		"  gapless-producer --symbols 'KRW-*,!KRW-DOGE' --intervals 1m,1h,1d\n"
		"  gapless-producer --symbols KRW-BTC --brokers kafka1:9092 -X security.protocol=ssl \\\n"
		"                   --database 'host=db dbname=market sslmode=verify-full'\n\n"
		"Exit codes: 0 stopped by a signal; 1 stopped on something that needs a person, such as a group whose\n"
		"            members want other symbols, intervals or since; 2 settings;\n"
		"            4 could not stop in time, 130 second signal\n",
	.table = options_table,
	.also_known = options_also_known,
	.commands = commands,
};
