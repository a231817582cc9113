/* SPDX-License-Identifier: MIT */
/* What every program does around its work: settings, log, signals, the chosen command, the exit
 * code. */
#ifndef GAPLESS_PROGRAM_H
#define GAPLESS_PROGRAM_H

#include "common/settings/settings.h"

/* A member of a program's settings, called log: the rows log-level and log-format fill it. */
struct program_log {
	const char *level, *format;
};

/* Fills *options (the spec's table describes it, *log is a part of it), lets `check` (NULL: none)
 * say what one setting says of another (-1 with *err), and fill what is made of them, and runs the
 * command. Returns the exit code
 * (stop.h). */
int program_run(const struct settings_spec *spec, void *options, const struct program_log *log,
		int (*check)(void *options, struct err *err), int argc, char **argv);

#endif
