/* SPDX-License-Identifier: MIT */
/* gapless-producer: exchange -> Kafka. */
#include "common/settings/program.h"
#include "producer/commands.h"
#include "producer/options.h"

int main(int argc, char **argv)
{
	struct options options = {0};

	/* Its commands check their settings themselves: they derive from them what they then own.
	 */
	return program_run(&commands_spec, &options, &options.log, NULL, argc, argv);
}
