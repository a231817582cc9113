/* SPDX-License-Identifier: MIT */
#include "on_database.h"

#include <stdio.h>

#include "common/base/log.h"
#include "common/base/stop.h"
#include "writer/database/database.h"

enum { WAIT_MS = 30000 };

static int flushed(struct err *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return err_set(err, ERR_FATAL, "what was done cannot be written to standard output");
}

int on_database(const struct options *o, const struct on_database *command)
{
	struct selection selected;
	struct pg pg = {0};
	struct err err;
	int code = EXIT_DONE;

	if (selection_init(&selected, o->symbols, o->intervals, &err) != 0 ||
	    (command->check != NULL && command->check(o, &selected, &err) != 0) ||
	    database_open(&pg, o->database, WAIT_MS, &err) != 0) {
		code = EXIT_USAGE;
		log_error(err.text);
	} else if (command->work(&pg, o, &selected, &err) != 0 || flushed(&err) != 0) {
		code = err.class == ERR_RETRY ? EXIT_PERSON : EXIT_USAGE;
		log_error(err.text);
	}
	pg_close(&pg);
	selection_release(&selected);
	return code;
}
