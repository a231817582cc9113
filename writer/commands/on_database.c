/* SPDX-License-Identifier: MIT */
#include "on_database.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/stop.h"
#include "writer/database/database.h"

enum { WAIT_MS = 30000, WATCH_MS = 2000, AGAIN_MS = 1000, ASK_AGAIN = 10 };

static int flushed(const struct on_database *command, struct err *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return err_set(err, ERR_FATAL, CANNOT_WRITE,
		       command->reads != NULL ? command->reads : "what was done");
}

/* A question that failed: 1 if it is to be asked again, behind a pause and with the connection
 * closed, at most so many *times. On a standby what the primary has removed cancels it (40001). */
static int ask_again(struct pg *pg, int *times, const struct err *err)
{
	/* 57014: what has taken too long takes as long once more. */
	if (err->class != ERR_RETRY || strcmp(pg->sqlstate, "57014") == 0 || (*times)-- <= 0 ||
	    stop_requested())
		return 0;
	log_warn("the database does not say; trying again", L_STR("error", err->text));
	pg_close(pg);
	stop_pause(AGAIN_MS);
	return !stop_requested();
}

const char *plural_of(int64_t n)
{
	return n == 1 ? "" : "s";
}

int print_lines(struct pg *pg, const char *sql, struct pg_params params, int64_t deadline_ms,
		struct err *err)
{
	PGresult *res = pg_query(pg, sql, params, deadline_ms, err);
	int n = res == NULL ? -1 : PQntuples(res);

	for (int i = 0; i < n; i++)
		puts(PQgetvalue(res, i, 0));
	PQclear(res);
	return n;
}

static int check_needs(const struct on_database *command, const struct options *o,
		       const struct selection *selected, struct err *err)
{
	const char *verb = command->verb;
	int no_symbols = selected->symbols_sql == NULL;

	if (command->needs & NEEDS_SYMBOLS && no_symbols)
		return err_set(
			err, ERR_FATAL,
			"name what to %s: --symbols, e.g. --symbols KRW-BTC or --symbols 'BTC-*'",
			verb);
	if (command->needs & NEEDS_SERIES && (no_symbols || selected->intervals_sql == NULL))
		return err_set(err, ERR_FATAL,
			       "name what to %s: --symbols and --intervals, e.g. --symbols KRW-BTC "
			       "--intervals 1m",
			       verb);
	if (!(command->needs & NEEDS_SPAN))
		return 0;
	if (o->from_ms == INT64_MIN || o->to_ms == INT64_MIN)
		return err_set(err, ERR_FATAL,
			       "name the span to %s: --from and --to, e.g. --from 2024-05-01 --to "
			       "2024-05-02",
			       verb);
	if (o->from_ms >= o->to_ms)
		return err_set(err, ERR_FATAL,
			       "the span to %s is empty: --from must be before --to", verb);
	return 0;
}

int on_database(const struct options *o, const struct on_database *command)
{
	struct selection selected;
	struct pg pg = {0};
	struct err err;
	int code = -1, last = EXIT_USAGE, is_open = 0;
	int again = o->watch ? INT_MAX : command->reads != NULL ? ASK_AGAIN : 0;

	if (command->reads != NULL)
		setenv("PGTARGETSESSIONATTRS", "any", 0);
	if (selection_init(&selected, o->symbols, o->intervals, &err) == 0 &&
	    check_needs(command, o, &selected, &err) == 0 &&
	    (command->check == NULL || command->check(o, &err) == 0)) {
		do {
			int was_open = pg_is_open(&pg);

			last = code >= 0 ? code : last;
			code = -1;
			is_open = was_open || database_open(&pg, o->database,
							    o->watch ? -1 : WAIT_MS, &err) == 0;
			if (is_open && (was_open || database_fits(&pg, &err) == 0))
				code = command->work(&pg, o, &selected, &err);
		} while (code < 0 ? is_open && ask_again(&pg, &again, &err)
				  : o->watch && !stop_pause(WATCH_MS));
		if (code < 0 && o->watch && stop_requested())
			code = last;
	}
	if (code < 0 || flushed(command, &err) != 0) {
		code = is_open && !command->reads && err.class == ERR_RETRY ? EXIT_PERSON
									    : EXIT_USAGE;
		log_error(err.text);
	}
	pg_close(&pg);
	selection_release(&selected);
	return code;
}
