/* SPDX-License-Identifier: MIT */
/* What gapless-indicators can be asked to do, with the help texts. */
#ifndef GAPLESS_INDICATORS_COMMANDS_H
#define GAPLESS_INDICATORS_COMMANDS_H

#include "common/settings/settings.h"

extern const struct settings_spec commands_spec;

#endif
