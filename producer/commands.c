/* SPDX-License-Identifier: MIT */
#include "producer/commands.h"

#include <stddef.h>

#include "common/base/log.h"
#include "common/base/stop.h"
#include "producer/loop.h"
#include "producer/options.h"

/* ---- from checked words to an exit code; `settings` is a struct options as settings_load filled
 * it */

enum { DRAIN_MS = 15000, WATCHDOG_S = 30 };

/* Consumes the loop. `ends`: it comes to an end by itself. */
static int run(struct loop *loop, int ends, struct err *err)
{
	int code = EXIT_DONE, rc = loop_run(loop, err);
	int64_t left;

	if (rc < 0 && err->class == ERR_INPUT) {
		log_error("stopped: the settings do not fit", L_STR("error", err->text));
		code = EXIT_USAGE;
	} else if (rc < 0) {
		log_error("stopped; it cannot go on by itself", L_STR("error", err->text));
		code = EXIT_PERSON;
	} else if (rc == LOOP_REPLACED) {
		log_warn("replaced: producers with newer settings take over",
			 L_STR("error", err->text));
		code = EXIT_FENCED;
	} else if (rc == LOOP_STOPPED && ends) {
		log_warn("stopped before the end; run the same command to go on");
		code = EXIT_PERSON;
	}
	stop_watchdog(WATCHDOG_S);
	log_info("stopping");
	left = loop_free(loop, DRAIN_MS);
	if (left > 0)
		log_warn(
			"not acknowledged by Kafka in time; these candles are still gaps and come after the next start",
			L_INT("messages", left));
	return code;
}

static int work(const void *settings, int (*check)(struct options *o, struct err *err),
		struct loop *(*make)(const struct options *o, struct err *err), int ends)
{
	struct options options = *(const struct options *)settings;
	struct err err = {0};
	struct loop *loop = check(&options, &err) == 0 ? make(&options, &err) : NULL;
	int code = EXIT_USAGE;

	if (loop)
		code = run(loop, ends, &err);
	else
		log_error(err.text);
	options_release(&options);
	return code;
}

static int produce(const void *settings)
{
	return work(settings, options_check, loop_new, 0);
}

static int produce_fetch(const void *settings)
{
	return work(settings, options_check_fetch, loop_new_fetch, 1);
}

/* ---- the tables */

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
		 "            settings, or no such market; 4 could not stop in time; 130 second\n"
		 "            signal\n",
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
