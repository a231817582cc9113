/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/stop.h"
#include "writer/database/database.h"
#include "writer/writer.h"

/* Is the table there that a replay needs besides the writer's? An exit code. */
static int check_table(const struct options *o)
{
	struct pg pg = {0};
	struct err err = {0};
	int rc = -1;

	while (rc != 0 && !stop_requested()) {
		rc = database_open(&pg, o->database, -1, &err);
		if (rc == 0)
			rc = replay_run_check(&pg, &err);
		if (rc != 0 && err.class != ERR_RETRY)
			break;
	}
	pg_close(&pg);
	if (rc == 0 || stop_requested())
		return EXIT_DONE;
	log_error(err.text);
	return EXIT_USAGE;
}

int replay_command(const struct options *o)
{
	struct replay replay = {.run.restart = o->restart};
	struct err err;
	int code = EXIT_USAGE;

	if (replay_spec_init(&replay.spec, o->topic, o->from_ms, o->symbols, o->name, &err) != 0) {
		log_error(err.text);
		goto out;
	}
	replay.run.spec = &replay.spec;
	replay.run.topic = o->topic;
	code = writer_replay(o, &replay, check_table);
out:
	free(replay.run.parts);
	replay_spec_release(&replay.spec);
	return code;
}
