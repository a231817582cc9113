/* SPDX-License-Identifier: MIT */
/* Applies the numbered migrations that a database does not have yet. Safe to run twice, and by two
 * at once: each runs in a transaction of its own that holds an advisory lock, and is noted there in
 * gapless_migration (number, name, applied_at). What was applied before one fails stays. Where
 * nothing is to do, it reads and writes nothing, so that any role may ask. */
#include <string.h>

#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/pg/pg_tables.h"
#include "migrations.h"
#include "verbs.h"
#include "writer/adoption/adopt.h"
#include "writer/database/database.h"
#include "writer/options.h"

/* A migration of a large table may take hours; the deadline is against a server that is frozen for
 * good. */
enum { MIGRATION_DEADLINE_MS = 24 * 3600 * 1000, WAIT_MS = 30000 };

/* Function bodies are not checked: market_data may be the table of an older collector. */
#define SQL_BEGIN                                                                                                       \
	"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL " \
	"client_min_messages = warning; SET LOCAL check_function_bodies = off; "                                        \
	"SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ")"
#define SQL_TABLE                                                                                        \
	"CREATE TABLE IF NOT EXISTS gapless_migration (number integer PRIMARY KEY, name text NOT NULL, " \
	"applied_at timestamptz NOT NULL DEFAULT now())"

/* The schema, if it is not there, and that this role looks there first in this database: now, and
 * with every connection to come. */
#define SQL_SCHEMA                                                                                           \
	"DO $$BEGIN "                                                                                        \
	"IF to_regnamespace(current_setting('gapless.schema')) IS NULL THEN "                                \
	"EXECUTE format('CREATE SCHEMA %I', current_setting('gapless.schema')); END IF; "                    \
	"IF current_schema() IS DISTINCT FROM current_setting('gapless.schema') THEN "                       \
	"EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET search_path = %I', current_database(), " \
	"current_setting('gapless.schema')); END IF; END$$"

static int use_schema(struct pg *pg, const char *schema, struct err *err)
{
	const struct pg_params one = PG_VALUES(schema);

	if (pg_run(pg, "SELECT set_config('gapless.schema', $1, false)", one, PG_DEADLINE_MS,
		   err) != 0 ||
	    pg_exec(pg, SQL_SCHEMA, err) != 0)
		return -1;
	return pg_run(pg, "SELECT set_config('search_path', quote_ident($1), false)", one,
		      PG_DEADLINE_MS, err);
}

/* 1 if it was applied now, 0 if it had been, -1 with *err. */
static int apply(struct pg *pg, const struct migration *m, struct err *err)
{
	const char *number = PG_INT(m->number);
	int64_t applied;

	if (pg_run(pg, SQL_BEGIN, PG_NONE, MIGRATION_DEADLINE_MS, err) != 0 ||
	    pg_exec(pg, SQL_TABLE, err) != 0 ||
	    pg_ask(pg, "SELECT count(*) FROM gapless_migration WHERE number = $1::int",
		   PG_VALUES(number), PG_DEADLINE_MS, &applied, err) != 0)
		return -1;
	if (applied)
		return pg_exec(pg, "COMMIT", err);
	if (pg_run(pg, m->sql, PG_NONE, MIGRATION_DEADLINE_MS, err) != 0 ||
	    pg_run(pg, "INSERT INTO gapless_migration (number, name) VALUES ($1::int, $2)",
		   PG_VALUES(number, m->name), PG_DEADLINE_MS, err) != 0 ||
	    pg_exec(pg, "COMMIT", err) != 0)
		return -1;
	return 1;
}

/* 1 if it was applied now, 0 if it had been, -1 with *err. */
static int apply_said(struct pg *pg, const struct migration *m, struct err *err)
{
	struct err why;
	int rc = apply(pg, m, &why);

	if (rc < 0)
		return err_set(err, why.class, "migration %03d (%s): %s", m->number, m->name,
			       why.text);
	if (rc > 0)
		log_info("migration applied", L_INT("number", m->number), L_STR("name", m->name));
	return rc;
}

/* What is there is only read, so that a role that owns nothing may find that nothing is to do. */
static int apply_missing(struct pg *pg, enum pg_tables there, int64_t *n, struct err *err)
{
	int has_tables = there != PG_TABLES_ABSENT && there != PG_TABLES_HIDDEN, now = 0;

	for (size_t i = 0; now >= 0 && i < migrations_n; i++) {
		int64_t applied = 0;

		if (has_tables &&
		    pg_ask(pg, "SELECT count(*) FROM gapless_migration WHERE number = $1",
			   PG_VALUES(PG_INT(migrations[i].number)), PG_DEADLINE_MS, &applied,
			   err) != 0)
			return -1;
		if (applied > 0)
			continue;
		now = apply_said(pg, &migrations[i], err);
		*n += now;
	}
	return now < 0 ? -1 : 0;
}

/* 1 if these tables are not to be touched. Another set of tables, in another schema, is made only
 * if
 * --schema says so. */
static int is_refused(enum pg_tables there, int names_schema)
{
	return there == PG_TABLES_PARTLY || there == PG_TABLES_NEWER ||
	       (there == PG_TABLES_HIDDEN && !names_schema);
}

static int migrate(struct pg *pg, const struct options *o, struct err *err)
{
	enum pg_tables there;
	int64_t applied = 0;
	struct err why;

	if (o->schema != NULL && use_schema(pg, o->schema, err) != 0)
		return -1;
	there = pg_tables_check(pg, &why);
	if (is_refused(there, o->schema != NULL))
		return err_set(err, ERR_INPUT, "%s", why.text);
	if (apply_missing(pg, there, &applied, err) != 0 || adopt_run(pg, o, err) != 0)
		return -1;
	log_info("the database has all migrations", L_INT("applied", applied),
		 L_INT("known", migrations_n));
	return 0;
}

static int is_denied(const struct pg *pg)
{
	return strcmp(pg->sqlstate, "42501") == 0;
}

int migrate_run(const void *options)
{
	const struct options *o = options;
	struct pg pg = {0};
	struct err err;
	int code = EXIT_DONE;

	if (database_open(&pg, o->database, WAIT_MS, &err) != 0)
		code = err.class == ERR_FATAL ? EXIT_USAGE : EXIT_PERSON;
	else if (migrate(&pg, o, &err) != 0)
		code = err.class == ERR_INPUT || is_denied(&pg) ? EXIT_USAGE : EXIT_PERSON;
	if (code == EXIT_USAGE && is_denied(&pg))
		log_error(
			"this role may not migrate: run it as the one that owns the tables, or that may create them",
			L_STR("error", err.text));
	else if (code != EXIT_DONE)
		log_error(err.text);
	pg_close(&pg);
	return code;
}
