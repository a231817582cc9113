#include <stdio.h>

#include "collect.h"
#include "common/stop.h"

enum { DRAIN_MS = 20000, WATCHDOG_S = 30 };

static int usage_error(struct options *options, const struct err *err)
{
	options_release(options);
	fprintf(stderr, "gapless-producer: %s\nTry gapless-producer --help.\n", err->text);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	extern char **environ;
	struct options options = {0};
	struct setting_list words;
	struct err err = {0};
	enum log_level level = LOG_INFO;
	struct collect *collect;
	int code = EXIT_DONE;
	int64_t left;

	switch (settings_load(&options_spec, &options, argc, argv, environ, &words, &err)) {
	case SETTINGS_EXIT_OK:
		return EXIT_DONE;
	case SETTINGS_BAD:
		return usage_error(&options, &err);
	case SETTINGS_RUN:
		break;
	}
	if (words.n > 0)
		err_set(&err, ERR_FATAL, "'%s' is not a command; gapless-producer takes settings only", words.v[0]);
	else if (log_level_parse(options.log_level, &level))
		err_set(&err, ERR_FATAL, "--log-level: '%s' is not one of debug, info, warn, error", options.log_level);
	if (err.class || options_check(&options, &err))
		return usage_error(&options, &err);

	log_open("gapless-producer", level);
	stop_install();
	log_info("gapless-producer " GAPLESS_VERSION " starts");
	settings_log(&options_spec, &options);
	collect = collect_new(&options, &err);
	if (!collect)
		return usage_error(&options, &err);
	if (collect_run(collect, &err)) {
		log_error("stopped: this needs a person", L_STR("reason", err.text));
		code = EXIT_PERSON;
	}
	stop_watchdog(WATCHDOG_S);
	log_info("stopping");
	left = collect_free(collect, DRAIN_MS);
	if (left > 0)
		log_warn("not acknowledged by Kafka in time; these candles are still gaps and come after the next start",
			 L_INT("messages", left));
	options_release(&options);
	log_info("stopped", L_INT("exit", code));
	return code;
}
