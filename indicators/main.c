/* SPDX-License-Identifier: MIT */
/* gapless-indicators: candles.v1 -> indicators.v1. */
#include "commands.h"
#include "common/settings/program.h"
#include "options.h"

int main(int argc, char **argv)
{
	struct options options = {0};

	return program_run(&commands_spec, &options, &options.log, options_check, argc, argv);
}
