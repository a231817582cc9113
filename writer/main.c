/* gapless-writer: Kafka -> PostgreSQL. Settings, command, exit code. */
#include <unistd.h>

#include "commands.h"
#include "common/log.h"
#include "common/stop.h"
#include "options.h"

int main(int argc, char **argv)
{
	const struct settings_command *command;
	struct options options;
	struct setting_list words;
	enum log_level level = LOG_INFO;
	struct err err;
	int code;

	log_open("gapless-writer", LOG_INFO);
	switch (settings_load(&commands_spec, &options, argc, argv, environ, &words, &err)) {
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
	command = settings_chosen(&commands_spec, &words);
	stop_install();
	if (!command->terse)
		settings_log_command(&commands_spec, command, &options);
	code = command->run(&options);
	if (!command->terse)
		log_info("ended", L_INT("exit_code", code));
	return code;
}
