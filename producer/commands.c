/* SPDX-License-Identifier: MIT */
#include "producer/commands.h"

#include <stddef.h>

#include "producer/options.h"
#include "producer/produce.h"

#define AT(member)      SETTING_AT(struct options, member)
#define AT_TIME(member) SETTING_AT_TIME(struct options, member)

static const char *const of_fetch[] = {
	"symbols",        "intervals",      "exchange-url", "source",     "brokers",
	"topic",          "producer-group", "database",     "rate-limit", "rate-percent",
	"queue-messages", "lookup-gaps-s",  "stall-s",      "proxy",      "ca-file",
	"kafka",          "log-level",      "log-format",   NULL};

/* clang-format off */
static const struct setting own_of_fetch[] = {
	{.name = "from", AT_TIME(from_ms),
	 .help = "From this time on (needed; UTC); the interval that contains it is fetched as a "
		 "whole."},
	{.name = "to", AT_TIME(to_ms),
	 .help = "Up to this time; an interval that it cuts is fetched as a whole. Without it, "
		 "up to what is final by now."},
	{.name = "deadline-s", AT(deadline_s), .min = 0, .max = 31536000, .fallback = "0",
	 .value = "S",
	 .help = "How long all of it may take, the writer included; 0: as long as it needs. "
		 "While nothing is stored a line says so each minute."},
	{.name = NULL},
};
/* clang-format on */

static const struct settings_command commands[] = {
	{.name = "",
	 .help = "Keeps what is wanted complete, and follows live until told to stop.",
	 .run = produce},
	{.name = "fetch",
	 .help = "Fetches a span of some markets, once, and ends.",
	 .usage =
		 "Usage: gapless-producer fetch --symbols LIST --from ISO [--to ISO] [settings]\n\n"
		 "Fetches what is missing of a span, publishes it, and ends when the writer has\n"
		 "stored it. Nothing is wanted from then on that was not before. It works beside\n"
		 "running producers, and uses only what they leave of the exchange's limit. What\n"
		 "is there already is not fetched: gapless-writer forget, then it is.\n",
	 .examples =
		 "Examples:\n"
		 "  gapless-producer fetch --symbols KRW-BTC --from 2024-05-01 --to 2024-05-02\n"
		 "  gapless-producer fetch --symbols 'KRW-*' --intervals 1h,1d --from 2020-01-01\n\n"
		 "Exit codes: 0 everything is stored; 1 stopped before (a signal: run it again to\n"
		 "            go on; else the last line of the log says what is left and why); 2\n"
		 "            settings, or no such market; 4 could not stop in time; 130 second signal\n",
	 .own = own_of_fetch,
	 .shared = of_fetch,
	 .run = produce_fetch},
	{.name = NULL},
};

const struct settings_spec commands_spec = {
	.program = "gapless-producer",
	.usage =
		"Usage: gapless-producer --symbols LIST [settings]\n\n"
		"Keeps candles of an exchange complete: finds in the database what is missing,\n"
		"fetches it, follows live, and publishes every closed candle to Kafka, keyed by\n"
		"symbol. gapless-writer stores them.\n\n"
		"It needs no state of its own: start it again, anywhere, and it goes on where the\n"
		"database is. Start more of them, with the same settings, and they share the\n"
		"markets; kill one, and the others take its part.\n",
	.examples =
		"Examples:\n"
		"  gapless-producer --symbols KRW-BTC,KRW-ETH\n"
		"  gapless-producer --symbols KRW-BTC --intervals 1s,1m --since 2024-01-01\n"
		"  gapless-producer --symbols 'KRW-*,!KRW-DOGE' --intervals 1m,1h,1d\n"
		"  gapless-producer --symbols KRW-BTC --brokers kafka1:9092 \\\n"
		"                   -X security.protocol=ssl \\\n"
		"                   --database 'host=db dbname=market sslmode=verify-full'\n\n"
		"Exit codes: 0 stopped by a signal; 1 stopped on something that needs a person,\n"
		"            such as a group whose members want other symbols, intervals or\n"
		"            since; 2 settings, or a database or topic that does not fit them; 3\n"
		"            replaced by producers with a higher --settings-version; 4 could not\n"
		"            stop in time; 130 second signal\n",
	.table = options_table,
	.commands = commands,
};
