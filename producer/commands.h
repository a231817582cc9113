/* SPDX-License-Identifier: MIT */
/* What gapless-producer can do: its commands, with their settings. */
#ifndef GAPLESS_COMMANDS_H
#define GAPLESS_COMMANDS_H

#include "common/settings/settings.h"

extern const struct settings_spec commands_spec;

#endif
