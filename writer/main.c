/* SPDX-License-Identifier: MIT */
/* gapless-writer: Kafka -> PostgreSQL. */
#include "common/settings/program.h"
#include "options.h"
#include "writer/commands/verbs.h"

int main(int argc, char **argv)
{
	struct options options = {0};

	return program_run(&commands_spec, &options, &options.log, options_check, argc, argv);
}
