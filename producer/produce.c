/* SPDX-License-Identifier: MIT */
#include "produce.h"

#include "collect.h"
#include "common/stop.h"

enum { DRAIN_MS = 15000, WATCHDOG_S = 30 };

static int work(const struct options *options, struct err *err)
{
	struct collect *collect = collect_new(options, err);
	int code = EXIT_DONE;
	int64_t left;

	if (!collect)
		return EXIT_USAGE;
	if (collect_run(collect, err)) {
		log_error("stopped: this needs a person", L_STR("error", err->text));
		code = EXIT_PERSON;
	} else if (options->fetch && stop_requested()) {
		log_warn("stopped before the end; run the same command to go on");
		code = EXIT_PERSON;
	}
	stop_watchdog(WATCHDOG_S);
	log_info("stopping");
	left = collect_free(collect, DRAIN_MS);
	if (left > 0)
		log_warn(
			"not acknowledged by Kafka in time; these candles are still gaps and come after the next start",
			L_INT("messages", left));
	return code;
}

int produce(const void *settings, int once)
{
	struct options options = *(const struct options *)settings;
	struct err err = {0};
	int code = EXIT_USAGE;

	options.fetch = once;
	if (options_check(&options, &err) == 0)
		code = work(&options, &err);
	if (code == EXIT_USAGE)
		log_error(err.text);
	options_release(&options);
	return code;
}
