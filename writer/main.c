/* gapless-writer: Kafka -> PostgreSQL. Settings, command, exit code. */
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/stop.h"
#include "migrate.h"
#include "options.h"
#include "ready.h"
#include "writer.h"

enum { MIGRATE_WAIT_MS = 30000 };

static int migrate(const struct options *o)
{
	struct pg pg = {0};
	struct err err;
	int code = EXIT_DONE;

	if (ready_open(&pg, o->database, MIGRATE_WAIT_MS, &err) != 0) {
		code = err.class == ERR_FATAL ? EXIT_USAGE : EXIT_PERSON;
		log_error(err.text);
	} else if (migrate_run(&pg, o->source, &err) != 0) {
		code = EXIT_PERSON;
		log_error(err.text);
	}
	pg_close(&pg);
	return code;
}

int main(int argc, char **argv)
{
	struct options options;
	struct setting_list words;
	enum log_level level = LOG_INFO;
	struct err err;
	int code;

	log_open("gapless-writer", LOG_INFO);
	switch (settings_load(&options_spec, &options, argc, argv, environ, &words, &err)) {
	case SETTINGS_EXIT_OK:
		return EXIT_DONE;
	case SETTINGS_BAD:
		log_error(err.text);
		return EXIT_USAGE;
	case SETTINGS_RUN:
		break;
	}
	if (log_level_parse(options.log_level, &level) != 0) {
		log_error("--log-level: use debug, info, warn or error", L_STR("value", options.log_level));
		return EXIT_USAGE;
	}
	log_open("gapless-writer", level);
	if (options_check(&options, &err) != 0) {
		log_error(err.text);
		return EXIT_USAGE;
	}
	if (words.n > 1 || (words.n == 1 && strcmp(words.v[0], "migrate") != 0)) {
		log_error("there is no such command; see --help", L_STR("command", words.v[words.n - 1]));
		return EXIT_USAGE;
	}
	stop_install();
	settings_log(&options_spec, &options);
	code = words.n == 1 ? migrate(&options) : writer_run(&options);
	log_info("ended", L_INT("exit_code", code));
	return code;
}
