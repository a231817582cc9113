/* gapless-producer: exchange -> Kafka. Settings, command, exit code. */
#include <unistd.h>

#include "commands.h"
#include "common/log.h"
#include "common/stop.h"
#include "options.h"

int main(int argc, char **argv)
{
	struct options options = {0};
	struct setting_list words;
	const struct settings_command *command;
	enum log_level level = LOG_INFO;
	struct err err = {0};
	int code;

	log_open("gapless-producer", LOG_INFO);
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
	log_open("gapless-producer", level);
	stop_install();
	command = settings_chosen(&commands_spec, &words);
	log_info("gapless-producer " GAPLESS_VERSION " starts");
	settings_log_command(&commands_spec, command, &options);
	code = command->run(&options);
	log_info("stopped", L_INT("exit", code));
	return code;
}
