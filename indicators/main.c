/* SPDX-License-Identifier: MIT */
/* gapless-indicators: candles.v1 -> indicators.v1. */
#include "commands.h"
#include "common/settings/program.h"
#include "options.h"

static int check(const void *options, struct err *err)
{
	struct options o = *(const struct options *)options;

	return options_check(&o, err);
}

int main(int argc, char **argv)
{
	struct options options = {0};

	return program_run(&commands_spec, &options, &options.log, check, argc, argv);
}
