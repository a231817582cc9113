/* SPDX-License-Identifier: MIT */
/* gapless-writer: Kafka -> PostgreSQL. */
#include "common/settings/program.h"
#include "options.h"
#include "writer/commands/commands.h"

static int check(void *options, struct err *err)
{
	return options_check(options, err);
}

int main(int argc, char **argv)
{
	struct options options = {0};

	return program_run(&commands_spec, &options, &options.log, check, argc, argv);
}
