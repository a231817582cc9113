/* SPDX-License-Identifier: MIT */
#include "common/pg/pg_tables.h"

#include <string.h>

#include "common/base/log.h"

/* A name without its schema is looked for where search_path says, and where the role has USAGE. A
 * row: whether the tables are seen; if not, what to say of those that are there, or NULL. */
#define SQL_SEEN                                                                                      \
	"SELECT to_regclass('gapless_migration') IS NOT NULL, (SELECT CASE "                          \
	"WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN "                                         \
	"format('the role %s may not use the schema %s, in which the tables of Gapless are; "         \
	"its owner mends that with: GRANT USAGE ON SCHEMA %I TO %I', current_user, n.nspname, "       \
	"n.nspname, current_user) "                                                                   \
	"ELSE format('the tables of Gapless are in the schema %s, where the role %s does not look "   \
	"(search_path = %s); mend that with: ALTER ROLE %I IN DATABASE %I SET search_path = %I, and " \
	"connect again', n.nspname, current_user, current_setting('search_path'), current_user, "     \
	"current_database(), n.nspname) END "                                                         \
	"FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "                        \
	"WHERE c.relname = 'gapless_migration' AND c.relkind = 'r' "                                  \
	"ORDER BY has_schema_privilege(n.oid, 'USAGE'), n.nspname LIMIT 1)"

#define TABLES                                                                                \
	"'{gapless_migration,market_data,market_data_coverage,market_data_position,"          \
	"market_data_series,market_data_unobtainable,market_data_origin,market_data_guarded," \
	"market_data_chunk,market_data_replay,market_data_adopted,market_data_set_aside,"     \
	"candle_dead_letter,market_data_indicator,market_data_indicator_position,"            \
	"market_data_indicator_compute}'"
#define SQL_HIDING    PG_SQL_HIDING(TABLES, "'r'", "'SELECT'")
#define SQL_ELSEWHERE PG_SQL_ELSEWHERE(TABLES)

/* 1 seen, 0 not: *err says why, and *hidden if they are there; -1: the question failed. */
static int look(struct pg *pg, int *hidden, struct err *err)
{
	PGresult *res = pg_query(pg, SQL_SEEN, PG_NONE, PG_DEADLINE_MS, err);
	int seen;

	*hidden = 0;
	if (!res)
		return -1;
	seen = pg_true(res, 0, 0);
	*hidden = !seen && !PQgetisnull(res, 0, 1);
	if (*hidden)
		err_set(err, ERR_FATAL, "%s", PQgetvalue(res, 0, 1));
	else if (!seen)
		err_set(err, ERR_FATAL,
			"the database '%s' has no tables of Gapless; run: gapless-writer migrate",
			PQdb(pg->conn));
	PQclear(res);
	return seen;
}

static enum pg_tables compare(const struct pg *pg, int64_t newest, struct err *err)
{
	if (newest == MIGRATION_NEWEST)
		return PG_TABLES_FIT;
	if (newest < MIGRATION_NEWEST) {
		err_set(err, ERR_FATAL,
			"the database '%s' has migration %03lld, but this program needs %03d; run: "
			"gapless-writer migrate",
			PQdb(pg->conn), (long long)newest, MIGRATION_NEWEST);
		return PG_TABLES_OLDER;
	}
	err_set(err, ERR_FATAL,
		"the database '%s' has migration %03lld, but this program knows no more than %03d: it "
		"is older than the database; use the newer release of Gapless",
		PQdb(pg->conn), (long long)newest, MIGRATION_NEWEST);
	return PG_TABLES_NEWER;
}

int pg_tables_see_all(struct pg *pg, struct err *err)
{
	return pg_complains(pg, SQL_HIDING, PG_NONE, ERR_FATAL, err) == 0 ? 0 : -1;
}

enum pg_tables pg_tables_check(struct pg *pg, struct err *err)
{
	int hidden, complaint, seen = look(pg, &hidden, err);
	enum pg_tables result = PG_TABLES_FAILED;
	PGresult *res;

	if (seen < 0)
		return PG_TABLES_FAILED;
	if (!seen)
		return hidden ? PG_TABLES_HIDDEN : PG_TABLES_ABSENT;
	complaint = pg_complains(pg, SQL_ELSEWHERE, PG_NONE, ERR_FATAL, err);
	if (complaint != 0)
		return complaint < 0 ? PG_TABLES_FAILED : PG_TABLES_HIDDEN;
	complaint = pg_complains(pg, SQL_HIDING, PG_NONE, ERR_FATAL, err);
	if (complaint != 0)
		return complaint < 0 ? PG_TABLES_FAILED : PG_TABLES_PARTLY;
	res = pg_query(pg, "SELECT coalesce(max(number), 0) FROM gapless_migration", PG_NONE,
		       PG_DEADLINE_MS, err);
	if (res) {
		result = compare(pg, pg_number(res, 0, 0), err);
	} else if (strcmp(pg->sqlstate, "42501") == 0 && pg_is_open(pg)) {
		err_set(err, ERR_FATAL,
			"the role %s may not read gapless_migration; its owner mends that with: GRANT SELECT ON "
			"gapless_migration TO %s",
			PQuser(pg->conn), PQuser(pg->conn));
		result = PG_TABLES_DENIED;
	}
	PQclear(res);
	return result;
}

/* A row: the other topic, and the statement that ends it. */
#define SQL_OTHER_TOPIC                                                                    \
	"SELECT topic, format('UPDATE market_data_origin SET topic = %L', $1::text) FROM " \
	"market_data_origin WHERE topic <> $1"

int pg_tables_warn_topic(struct pg *pg, const char *topic, struct err *err)
{
	PGresult *res = pg_query(pg, SQL_OTHER_TOPIC, PG_VALUES(topic), PG_DEADLINE_MS, err);

	if (!res)
		return strcmp(pg->sqlstate, "42501") == 0 ? 0 : -1;
	if (PQntuples(res) > 0)
		log_warn("this database is filled from another topic; if this one takes over, say "
			 "so there",
			 L_STR("topic", topic), L_STR("filled_from", PQgetvalue(res, 0, 0)),
			 L_STR("statement", PQgetvalue(res, 0, 1)));
	PQclear(res);
	return 0;
}

void pg_tables_explain(struct pg *pg, struct err *err)
{
	/* no such table, function, schema */
	static const char *const absent[] = {"42P01", "42883", "3F000"};
	char sqlstate[PG_SQLSTATE_BYTES];
	struct err why;
	int is_absent = 0, hidden;

	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		is_absent |= strcmp(pg->sqlstate, absent[i]) == 0;
	if (!is_absent || !pg_is_open(pg))
		return;
	memcpy(sqlstate, pg->sqlstate, sizeof sqlstate);
	if ((PQtransactionStatus(pg->conn) == PQTRANS_IDLE || pg_exec(pg, "ROLLBACK", &why) == 0) &&
	    look(pg, &hidden, &why) == 0 && hidden)
		*err = why;
	memcpy(pg->sqlstate, sqlstate, sizeof sqlstate);
}
