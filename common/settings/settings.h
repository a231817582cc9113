/* SPDX-License-Identifier: MIT */
/* Settings as one table: it drives environment, flags, --help, the redacted start-up dump and the
 * example file.
 *
 * A setting "batch-rows" is the flag --batch-rows=N (or --batch-rows N) and the variable
 * GAPLESS_BATCH_ROWS. Flag beats environment beats default. An unknown flag, an unknown GAPLESS_
 * variable (a typo would otherwise be silent; those of the other programs and of compose/ are
 * known, settings_rows.h), a value out of bounds: an ERR_FATAL sentence that names the setting, the
 * value and the bounds.
 *
 * A program may have commands: the first word that is no flag. A command uses some of the table's
 * settings, and may have own ones, which are flags only: what a single call is to do must not come
 * from the surroundings. */
#ifndef GAPLESS_SETTINGS_H
#define GAPLESS_SETTINGS_H

#include "common/base/error.h"
#include "common/settings/settings_table.h"

enum settings_result { SETTINGS_RUN, SETTINGS_EXIT_OK, SETTINGS_BAD };

/* Fills *out (a struct that the table's offsets describe; other members are left alone). Handles
 * --help, --version and --example itself (prints to stdout, SETTINGS_EXIT_OK). The one word that
 * may be there is the command: *command, NULL if the spec has none. A flag that does not belong to
 * it is refused. The strings live as long as the process. `environ_` is an environment block (tests
 * give their own). */
enum settings_result settings_load(const struct settings_spec *spec, void *out, int argc,
				   char **argv, char **environ_,
				   const struct settings_command **command, struct err *err)
	__attribute__((warn_unused_result));

#endif
