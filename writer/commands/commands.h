/* SPDX-License-Identifier: MIT */
/* What gapless-writer can do: the table that is its dispatch and its help. */
#ifndef GAPLESS_COMMANDS_H
#define GAPLESS_COMMANDS_H

#include "common/settings/settings.h"

/* The program's settings and commands; they fill a struct options (options.h). */
extern const struct settings_spec commands_spec;

#endif
