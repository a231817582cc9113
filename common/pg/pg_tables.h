/* SPDX-License-Identifier: MIT */
/* Which tables of Gapless a database has: the same question, and the same sentences, of every
 * program and command. */
#ifndef GAPLESS_PG_TABLES_H
#define GAPLESS_PG_TABLES_H

#include "common/pg/pg.h"

/* The newest file of schemas/. */
enum { MIGRATION_NEWEST = 19 };

enum pg_tables {
	PG_TABLES_FIT,
	PG_TABLES_ABSENT, /* no migration has run */
	PG_TABLES_HIDDEN, /* in a schema that this role may not use, or where it does not look
			     (first) */
	PG_TABLES_OLDER,  /* migrations are missing */
	PG_TABLES_NEWER,  /* the program is older than the database */
	PG_TABLES_DENIED, /* this role may not ask which migrations there are */
	PG_TABLES_PARTLY, /* row level security may hide rows */
	PG_TABLES_FAILED  /* the question failed */
};

/* A few statements. *err says what is wrong, and how to mend it: ERR_FATAL, or of its own class for
 * PG_TABLES_FAILED. */
enum pg_tables pg_tables_check(struct pg *pg, struct err *err) __attribute__((warn_unused_result));

/* Warns if the database is filled from another topic than this: a name that is misspelt, or a topic
 * that takes over. A role that may not ask says nothing. 0, or -1 with *err: the question failed.
 */
int pg_tables_warn_topic(struct pg *pg, const char *topic, struct err *err)
	__attribute__((warn_unused_result));

/* Of that, whether this role sees all rows of the tables that it reads; one statement, within a
 * transaction too. What is hidden would count as missing, without an error. 0, or -1 with *err. */
int pg_tables_see_all(struct pg *pg, struct err *err) __attribute__((warn_unused_result));

/* The sentence about the first table of an array of names, or no row. A role sees all rows (manual:
 * CREATE POLICY) if a permissive policy of its own says USING (true), and no restrictive one says
 * anything else. The owner is asked for, too: functions that guard the tables run as he
 * does (FORCE ROW LEVEL SECURITY). command: as pg_policy has it, e.g. "'r'", with its privilege. */
#define PG_SQL_HIDING(tables, command, privilege)                                                \
	"SELECT format('row level security may hide rows of the table %s from the role %s, and " \
	"what is hidden counts as missing; its owner mends that with: CREATE POLICY gapless ON " \
	"%1$s TO %3$I USING (true) (and no restrictive policy), or with: ALTER ROLE %3$I "       \
	"BYPASSRLS', c.oid::regclass, r.rolname, r.rolname) "                                    \
	"FROM pg_class AS c CROSS JOIN pg_roles AS r "                                           \
	"WHERE c.oid IN (SELECT to_regclass(name) FROM unnest(" tables "::text[]) AS n(name)) "  \
	"AND c.relrowsecurity AND (r.rolname = current_user OR r.oid = c.relowner) "             \
	"AND NOT r.rolsuper AND NOT r.rolbypassrls "                                             \
	"AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE')) "            \
	"AND has_any_column_privilege(r.oid, c.oid, " privilege ") "                             \
	"AND (SELECT bool_or(is_all) FILTER (WHERE polpermissive) "                              \
	"AND coalesce(bool_and(is_all) FILTER (WHERE NOT polpermissive), true) "                 \
	"FROM (SELECT p.polpermissive, pg_get_expr(p.polqual, p.polrelid) IS NOT DISTINCT "      \
	"FROM 'true' AS is_all FROM pg_policy AS p WHERE p.polrelid = c.oid "                    \
	"AND p.polcmd IN ('*', " command ") AND EXISTS (SELECT FROM unnest(p.polroles) AS m "    \
	"WHERE m = 0 OR pg_has_role(r.oid, m, 'USAGE'))) AS p) IS NOT TRUE "                     \
	"ORDER BY c.relname, r.rolname LIMIT 1"

/* The sentence about the first table of them that the role finds in another schema than Gapless's
 * own, or no row: rows would go there, and be covered here. */
#define PG_SQL_ELSEWHERE(tables)                                                                  \
	"SELECT format('the tables of Gapless are in the schema %s, but the role %s finds "       \
	"another %s in the schema %s first (search_path = %s); mend that with: ALTER ROLE %I IN " \
	"DATABASE %I SET search_path = %I, and connect again', n.nspname, current_user, name, "   \
	"o.nspname, current_setting('search_path'), current_user, current_database(), "           \
	"n.nspname) FROM unnest(" tables "::text[]) AS t(name) "                                  \
	"JOIN pg_class AS c ON c.oid = to_regclass(name) "                                        \
	"JOIN pg_namespace AS o ON o.oid = c.relnamespace "                                       \
	"JOIN pg_class AS m ON m.oid = to_regclass('gapless_migration') "                         \
	"JOIN pg_namespace AS n ON n.oid = m.relnamespace "                                       \
	"WHERE n.oid <> o.oid ORDER BY name LIMIT 1"

/* A statement failed with *err: if it was because this role does not see the tables, which are
 * there, *err says that instead. Ends the transaction that the failure has left. */
void pg_tables_explain(struct pg *pg, struct err *err);

#endif
