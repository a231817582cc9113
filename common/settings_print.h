/* SPDX-License-Identifier: MIT */
/* --help; the rest of what settings_print.c prints stands in settings.h. */
#ifndef GAPLESS_SETTINGS_PRINT_H
#define GAPLESS_SETTINGS_PRINT_H

#include <stdio.h>

#include "settings.h"

/* Every setting with its flag, help, variable, bounds and default; no line longer than 80 columns
 * but those of the spec's own texts. Without a command (NULL, or the one named ""): the program's
 * help, with the list of its commands; else that command's. */
void settings_help(const struct settings_spec *spec, const struct settings_command *command,
		   FILE *to);

#endif
