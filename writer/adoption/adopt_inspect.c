/* SPDX-License-Identifier: MIT */
#include "adopt_inspect.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "writer/database/table_sql.h"

/* What would go on using the inherited table under its new name, or keeps it from being renamed
 * alone. */
#define SQL_USERS                                                                                                      \
	"(SELECT string_agg(what, ', ' ORDER BY what) FROM ("                                                          \
	"SELECT CASE v.relkind WHEN 'm' THEN 'materialized ' ELSE '' END || 'view ' || v.oid::regclass AS what "       \
	"FROM pg_depend AS d JOIN pg_rewrite AS w ON w.oid = d.objid JOIN pg_class AS v ON v.oid = w.ev_class "        \
	"WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid "     \
	"AND v.oid <> t.oid UNION SELECT 'rule ' || w.rulename FROM pg_rewrite AS w WHERE w.ev_class = t.oid "         \
	"UNION SELECT 'function ' || d.objid::regprocedure FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass " \
	"AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid "                                              \
	"UNION SELECT 'foreign key of ' || k.conrelid::regclass FROM pg_constraint AS k "                              \
	"WHERE k.contype = 'f' AND k.confrelid = t.oid "                                                               \
	"UNION SELECT 'parent table ' || h.inhparent::regclass FROM pg_inherits AS h WHERE h.inhrelid = t.oid) AS u)"

#define SQL_CHILDREN \
	"(SELECT string_agg(h.inhrelid::regclass::text, ', ') FROM pg_inherits AS h WHERE h.inhparent = t.oid)"

enum {
	KIND,
	SCHEMA,
	HERE,
	HAS_KEY,
	HAS_FINITE,
	IS_WRITTEN,
	IS_TAKEN,
	USERS,
	CHILDREN,
	IS_HYPERTABLE,
	BLOCKS,
	RUN
};
#define SQL_FACTS                                                                                            \
	"SELECT t.relkind, n.nspname, current_schema(), " SQL_HAS_KEY                                        \
	", EXISTS (SELECT FROM pg_constraint AS c "                                                          \
	"WHERE c.conrelid = t.oid AND c.conname = 'market_data_finite' AND c.convalidated), " SQL_IS_WRITTEN \
	", "                                                                                                 \
	"to_regclass(format('%I.market_data_inherited', n.nspname)) IS NOT NULL, " SQL_USERS                 \
	", " SQL_CHILDREN ", market_data_hypertable_home(t.oid) IS NOT NULL, "                               \
	"pg_relation_size(t.oid) / current_setting('block_size')::int, "                                     \
	"(SELECT r.run FROM market_data_adoption_run AS r WHERE r.finished_at IS NULL "                      \
	"AND r.filenode = pg_relation_filenode(t.oid) AND to_regclass('market_data_adopting') IS NOT NULL) " \
	"FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace WHERE t.oid = 'market_data'::regclass"

enum { NAME, IDENT, TYPE, CLASS, FALLBACK, NOT_NULL, IDENTITY, GENERATED };
#define SQL_COLUMNS                                                                                                 \
	"SELECT a.attname, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod) || "                        \
	"CASE WHEN a.attcollation = '\"C\"'::regcollation THEN ' C' ELSE '' END, "                                  \
	"CASE WHEN y.typtype = 'e' OR a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, "      \
	"'name'::regtype) THEN 'text' WHEN a.atttypid = 'timestamp'::regtype THEN 'naive' "                         \
	"WHEN a.atttypid = 'timestamptz'::regtype THEN 'zoned' "                                                    \
	"WHEN a.atttypid IN ('float4'::regtype, 'float8'::regtype) THEN 'float' "                                   \
	"WHEN a.atttypid IN ('numeric'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 'number' " \
	"ELSE 'other' END, CASE WHEN a.attgenerated = '' THEN pg_get_expr(f.adbin, f.adrelid) END, "                \
	"a.attnotnull, a.attidentity <> '', a.attgenerated <> '' "                                                  \
	"FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid "                                           \
	"LEFT JOIN pg_attrdef AS f ON f.adrelid = a.attrelid AND f.adnum = a.attnum "                               \
	"WHERE a.attrelid = 'market_data'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"

static const char *text_at(const PGresult *res, int row, int column)
{
	return PQgetisnull(res, row, column) ? NULL : PQgetvalue(res, row, column);
}

static void take_columns(struct adopt_inspect *found)
{
	const PGresult *res = found->columns;
	size_t n = (size_t)PQntuples(res);
	struct adopt_column *columns = xreallocarray(NULL, n + 1, sizeof(*columns));

	for (size_t i = 0; i < n; i++) {
		int row = (int)i;

		columns[i] = (struct adopt_column){
			.name = PQgetvalue(res, row, NAME),
			.ident = PQgetvalue(res, row, IDENT),
			.type = PQgetvalue(res, row, TYPE),
			.kind = PQgetvalue(res, row, CLASS),
			.fallback = text_at(res, row, FALLBACK),
			.not_null = pg_true(res, row, NOT_NULL),
			.identity = pg_true(res, row, IDENTITY),
			.generated = pg_true(res, row, GENERATED),
		};
	}
	found->table.columns = columns;
	found->table.n = n;
}

int adopt_inspect(struct pg *pg, struct adopt_inspect *found, struct err *err)
{
	const PGresult *res;

	*found = (struct adopt_inspect){0};
	found->facts = pg_query(pg, SQL_FACTS, PG_NONE, PG_DEADLINE_MS, err);
	if (found->facts == NULL)
		return -1;
	found->columns = pg_query(pg, SQL_COLUMNS, PG_NONE, PG_DEADLINE_MS, err);
	if (found->columns == NULL)
		return -1;
	res = found->facts;
	found->table.kind = *PQgetvalue(res, 0, KIND);
	found->table.schema = PQgetvalue(res, 0, SCHEMA);
	found->table.here = PQgetvalue(res, 0, HERE);
	found->table.users = text_at(res, 0, USERS);
	found->table.children = text_at(res, 0, CHILDREN);
	found->table.is_hypertable = pg_true(res, 0, IS_HYPERTABLE);
	found->table.has_key = pg_true(res, 0, HAS_KEY);
	found->table.has_finite = pg_true(res, 0, HAS_FINITE);
	found->table.is_written = pg_true(res, 0, IS_WRITTEN);
	found->table.is_taken = pg_true(res, 0, IS_TAKEN);
	found->blocks = pg_number(res, 0, BLOCKS);
	snprintf(found->run, sizeof(found->run), "%s", PQgetvalue(res, 0, RUN));
	take_columns(found);
	return 0;
}

void adopt_inspect_release(struct adopt_inspect *found)
{
	PQclear(found->facts);
	PQclear(found->columns);
	free((struct adopt_column *)found->table.columns);
	*found = (struct adopt_inspect){0};
}
