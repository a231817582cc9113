/* SPDX-License-Identifier: MIT */
#include "producer/produce.h"

#include "common/base/log.h"
#include "common/base/stop.h"
#include "producer/loop.h"

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

int produce(const void *settings)
{
	return work(settings, options_check, loop_new, 0);
}

int produce_fetch(const void *settings)
{
	return work(settings, options_check_fetch, loop_new_fetch, 1);
}
