/* SPDX-License-Identifier: MIT */
#include "common/settings/program.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/notify.h"
#include "common/base/stop.h"
#include "common/settings/settings_command.h"
#include "common/settings/settings_print.h"

static int refused(const struct err *err)
{
	log_error(err->text);
	return EXIT_USAGE;
}

static void shape_by(const char *name)
{
	int format = name != NULL ? log_format_of(name) : -1;

	if (format >= 0)
		log_shape((enum log_format)format);
}

int program_run(const struct settings_spec *spec, void *options, const struct program_log *log,
		int (*check)(void *options, struct err *err), int argc, char **argv)
{
	const struct settings_command *command;
	struct err err = {0};
	int level, format, code;

	log_open(spec->program, LOG_INFO);
	/* So that what is wrong with the settings is said as everything else would be. */
	shape_by(getenv("GAPLESS_LOG_FORMAT"));
	switch (settings_load(spec, options, argc, argv, environ, &command, &err)) {
	case SETTINGS_EXIT_OK:
		return EXIT_DONE;
	case SETTINGS_BAD:
		shape_by(log->format);
		return refused(&err);
	case SETTINGS_RUN:
		break;
	}
	level = log_level_of(log->level);
	if (level < 0) {
		log_error("--log-level: use debug, info, warn or error",
			  L_STR("value", log->level));
		return EXIT_USAGE;
	}
	format = log_format_of(log->format);
	if (format < 0) {
		log_error("--log-format: use auto, terminal, logfmt or json",
			  L_STR("value", log->format));
		return EXIT_USAGE;
	}
	log_open(spec->program, (enum log_level)level);
	log_shape((enum log_format)format);
	if (check && check(options, &err) != 0)
		return refused(&err);
	stop_install();
	if (!command->terse)
		settings_log(spec, command, options);
	notify_send("READY=1");
	code = command->run(options);
	if (!command->terse)
		log_info("ended", L_INT("exit_code", code));
	return code;
}
