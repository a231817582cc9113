/* SPDX-License-Identifier: MIT */
/* What a program prints of its settings. */
#ifndef GAPLESS_SETTINGS_PRINT_H
#define GAPLESS_SETTINGS_PRINT_H

#include <stdio.h>

#include "common/settings/settings_table.h"

/* Every setting with its flag, help, variable, bounds and default; no line longer than 80 columns
 * but those of the spec's own texts. Without a command (NULL, or the one named ""): the program's
 * help, with the list of its commands; else that command's. */
void settings_help(const struct settings_spec *spec, const struct settings_command *command,
		   FILE *to);
/* One log line at info with every setting of the command (NULL: of the program) that is not a
 * default, secrets and passwords inside conninfo and librdkafka properties redacted. */
void settings_log(const struct settings_spec *spec, const struct settings_command *command,
		  const void *settings);
/* "GAPLESS_BATCH_ROWS, 1 to 100000, default 20000"; without the variable unless with_name. The
 * caller frees it. */
char *settings_describe(const struct setting *s, int with_name);
/* The commented example environment file: every setting, its help, its default. */
void settings_example(const struct settings_spec *spec, FILE *to);

#endif
