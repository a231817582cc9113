/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/pg/pg_tables.h"
#include "table_sql.h"
#include "writer/commands/migrations.h"

#define SQL_ABSENT                                                                                   \
	"SELECT 'the database has no table ' || string_agg(name, ', ') || '; run: gapless-writer "   \
	"migrate' FROM unnest(ARRAY['market_data', 'market_data_coverage', 'market_data_position', " \
	"'market_data_series', 'candle_dead_letter', 'gapless_migration']) AS t(name) "              \
	"WHERE to_regclass(name) IS NULL"

/* Each of the following yields a row a complaint: rank, kind and sentence. */
#define SQL_DENIED                                                                                      \
	"SELECT 1, 'denied', format('the role %s lacks privileges on %s; their owner mends that with: " \
	"GRANT SELECT, INSERT, UPDATE ON market_data, market_data_coverage, market_data_position, "     \
	"candle_dead_letter TO %I; GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %3$I', current_user, "    \
	"string_agg(DISTINCT name, ', '), current_user, current_schema()) FROM ("                       \
	"SELECT name FROM unnest(ARRAY['market_data', 'market_data_coverage', 'market_data_position', " \
	"'candle_dead_letter']) AS t(name), unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS r(needed) "  \
	"WHERE NOT has_table_privilege(name, needed) UNION ALL SELECT 'market_data_series' "            \
	"WHERE NOT has_table_privilege('market_data_series', 'SELECT')) AS l(name) HAVING count(*) > 0 "

/* What is given up, and is hidden, would be stored again; a position that is hidden from an UPDATE
 * would not move. */
/* clang-format off */
#define DENIED(sentence) "SELECT 1, 'denied', s FROM (" sentence ") AS h(s) "
/* clang-format on */
#define READ_TABLES                                                                   \
	"'{market_data,market_data_coverage,market_data_position,market_data_series," \
	"market_data_replay,candle_dead_letter}'"
#define UPDATED_TABLES \
	"'{market_data,market_data_coverage,market_data_position,market_data_replay}'"
#define SQL_HIDING                                                                              \
	DENIED(PG_SQL_ELSEWHERE(READ_TABLES))                                                   \
	"UNION ALL " DENIED(PG_SQL_HIDING(READ_TABLES, "'r'", "'SELECT'")) "UNION ALL " DENIED( \
		PG_SQL_HIDING(UPDATED_TABLES, "'w'", "'UPDATE'"))

/* relkind 'p': RETURNING xmax, which tells inserted rows, is not there. */
#define SQL_PARTITIONED                                                                                        \
	"SELECT 2, 'unfit', 'market_data is natively partitioned, which is not supported; copy its rows into " \
	"a plain table, or a hypertable of TimescaleDB, and run: gapless-writer migrate' FROM pg_class AS c "  \
	"WHERE c.oid = 'market_data'::regclass AND c.relkind = 'p' "

/* kind 'table': what an adoption would mend. */
#define SQL_UNIQUE                                                                                       \
	"SELECT 2, 'table', 'market_data has no valid unique constraint on exactly (symbol, interval, "  \
	"timestamp), so "                                                                                \
	"that every duplicate would be stored; remove duplicates, then: ALTER TABLE market_data ADD "    \
	"CONSTRAINT "                                                                                    \
	"uq_market_data_symbol_interval_ts UNIQUE (symbol, interval, timestamp)' WHERE NOT " SQL_HAS_KEY \
	" "

/* None has a limit, which is what atttypmod -1 says: numeric(20,8) rounds. Compared by what they
 * are, since format_type() quotes names where quote_all_identifiers is on. */
#define SQL_TEXT "ARRAY['text', 'character varying']"
#define SQL_WANTED_COLUMNS                                                                                         \
	"SELECT tab, name, types FROM (VALUES ('market_data', ARRAY['symbol', 'interval'], " SQL_TEXT              \
	"), ('market_data', ARRAY['open', 'high', 'low', 'close', 'volume', "                                      \
	"'quote_volume'], ARRAY['numeric']), ('market_data', ARRAY['timestamp', "                                  \
	"'fetched_at'], ARRAY['timestamp with time zone']), ('market_data', ARRAY['revision'], ARRAY['bigint']), " \
	"('market_data_coverage', ARRAY['symbol', 'interval'], " SQL_TEXT "), "                                    \
	"('market_data_coverage', ARRAY['covered'], ARRAY['tstzmultirange']), "                                    \
	"('market_data_position', ARRAY['topic'], " SQL_TEXT "), "                                                 \
	"('market_data_position', ARRAY['partition'], ARRAY['integer']), "                                         \
	"('market_data_position', ARRAY['next_offset'], ARRAY['bigint']), "                                        \
	"('candle_dead_letter', ARRAY['topic', 'reason', 'symbol'], " SQL_TEXT "), "                               \
	"('candle_dead_letter', ARRAY['partition'], ARRAY['integer']), "                                           \
	"('candle_dead_letter', ARRAY['offset'], ARRAY['bigint']), "                                               \
	"('candle_dead_letter', ARRAY['key', 'value'], ARRAY['bytea'])) "                                          \
	"AS v(tab, names, types) CROSS JOIN unnest(names) AS n(name)"

#define SQL_TYPES                                                                                           \
	"SELECT 3, CASE w.tab WHEN 'market_data' THEN 'table' ELSE 'unfit' END, "                           \
	"format('the column %s of %s is %s, but must be %s%s', w.name, w.tab, "                             \
	"coalesce(format_type(a.atttypid, a.atttypmod), 'missing'), w.types[1], "                           \
	"CASE WHEN a.attname IS NULL THEN '; is this the table of another program?' "                       \
	"ELSE format('; ALTER TABLE %s ALTER COLUMN %I TYPE %s (%s)', w.tab, w.name, w.types[1], "          \
	"CASE w.types[1] WHEN 'numeric' THEN 'anything else rounds' "                                       \
	"WHEN 'timestamp with time zone' THEN 'USING ' || w.name || ' AT TIME ZONE ''UTC'' where it holds " \
	"UTC' "                                                                                             \
	"ELSE 'as the writer writes it' END) END) "                                                         \
	"FROM (" SQL_WANTED_COLUMNS ") AS w(tab, name, types) "                                             \
	"LEFT JOIN pg_attribute AS a ON a.attrelid = to_regclass(w.tab) AND a.attname = w.name "            \
	"AND NOT a.attisdropped "                                                                           \
	"WHERE (a.atttypid = ANY (w.types::regtype[]) AND a.atttypmod = -1) IS NOT TRUE "

#define SQL_OTHER_COLUMNS                                                                                 \
	"SELECT 4, 'unfit', format('the column %s of market_data must not be null, but the writer does "  \
	"not fill it; "                                                                                   \
	"ALTER TABLE market_data ALTER COLUMN %I DROP NOT NULL, or give it a default', a.attname, "       \
	"a.attname) "                                                                                     \
	"FROM pg_attribute AS a WHERE a.attrelid = 'market_data'::regclass AND a.attnum > 0 AND NOT "     \
	"a.attisdropped "                                                                                 \
	"AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = '' "            \
	"AND a.attname <> ALL (ARRAY['symbol', 'interval', 'timestamp', 'open', 'high', 'low', 'close', " \
	"'volume', 'quote_volume', 'revision', 'fetched_at']) "

/* reset_val: as this role in this database gets it, before the session's own SET. */
#define SQL_SERVER                                                                                        \
	"SELECT 5, 'unfit', 'synchronous_commit is off: a crash of the server would forget rows whose "   \
	"offsets are "                                                                                    \
	"committed; set it to on (postgresql.conf, ALTER DATABASE or ALTER ROLE)' "                       \
	"FROM pg_settings WHERE name = 'synchronous_commit' AND reset_val = 'off' "                       \
	"UNION ALL SELECT 6, 'unfit', 'fsync is off: a crash of the server''s machine would corrupt the " \
	"database; "                                                                                      \
	"set fsync = on in postgresql.conf and reload' "                                                  \
	"FROM pg_settings WHERE name = 'fsync' AND setting = 'off' "

/* The first is the one to mend first. */
#define SQL_COMPLAINTS                                                              \
	"SELECT kind, sentence FROM (" SQL_DENIED "UNION ALL " SQL_HIDING           \
	"UNION ALL " SQL_PARTITIONED "UNION ALL " SQL_UNIQUE "UNION ALL " SQL_TYPES \
	"UNION ALL " SQL_OTHER_COLUMNS "UNION ALL " SQL_SERVER                      \
	") AS c(rank, kind, sentence) ORDER BY rank, sentence LIMIT 1"

/* The complaint is about market_data, and our writer has stored nothing in this database: then it
 * is the table of another collector. (Who may not ask that, is told of the complaint alone.) */
static int is_inherited(struct pg *pg, const char *kind)
{
	int64_t inherited;

	return strcmp(kind, "table") == 0 &&
	       pg_ask(pg, "SELECT NOT " SQL_IS_WRITTEN, PG_NONE, PG_DEADLINE_MS, &inherited,
		      NULL) == 0 &&
	       inherited;
}

/* Between two migrations nothing is locked: that one was applied just now says that the next is on
 * its way. */
#define SQL_MIGRATING                                                                        \
	"SELECT coalesce(max(number), 0), coalesce(max(applied_at) > now() - interval '30 "  \
	"seconds', false) OR EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND "  \
	"(classid::bigint << 32) + objid::bigint = " MIGRATION_LOCK                          \
	" AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) " \
	"FROM gapless_migration"

static enum check check_migrating(struct pg *pg, struct err *err)
{
	struct err why;
	PGresult *res = pg_query(pg, SQL_MIGRATING, PG_NONE, PG_DEADLINE_MS, &why);
	enum check result = CHECK_OUTDATED;

	if (res != NULL && pg_true(res, 0, 1)) {
		err_set(err, ERR_RETRY, "the database is being migrated: %03d of %03d is done",
			(int)pg_number(res, 0, 0), MIGRATION_NEWEST);
		result = CHECK_ABSENT;
	}
	PQclear(res);
	return result;
}

/* Which migrations the database has. CHECK_FIT: those that this program knows. */
static enum check check_migrations(struct pg *pg, struct err *err)
{
	static const enum check of[] = {
		[PG_TABLES_FIT] = CHECK_FIT,        [PG_TABLES_ABSENT] = CHECK_ABSENT,
		[PG_TABLES_HIDDEN] = CHECK_DENIED,  [PG_TABLES_OLDER] = CHECK_OUTDATED,
		[PG_TABLES_NEWER] = CHECK_OUTDATED, [PG_TABLES_DENIED] = CHECK_DENIED,
		[PG_TABLES_PARTLY] = CHECK_DENIED,  [PG_TABLES_FAILED] = CHECK_FAILED,
	};
	enum pg_tables tables = pg_tables_check(pg, err);

	return tables == PG_TABLES_OLDER ? check_migrating(pg, err) : of[tables];
}

/* What triggers could not see: another market_data, dropped chunks. */
static enum check reconcile(struct pg *pg, struct err *err)
{
	PGresult *res =
		pg_query(pg, "SELECT market_data_reconcile()", PG_NONE, PG_DEADLINE_MS, err);

	if (res == NULL)
		return CHECK_FAILED;
	for (int i = 0; i < PQntuples(res); i++)
		log_warn(PQgetvalue(res, i, 0));
	PQclear(res);
	return CHECK_FIT;
}

/* A pooler of statements shows only when a transaction stays open between two of them. */
static enum check check_transactions(struct pg *pg, struct err *err)
{
	if (pg_exec(pg, "BEGIN", err) == 0 && pg_exec(pg, "COMMIT", err) == 0)
		return CHECK_FIT;
	return strcmp(pg->sqlstate, "08P01") == 0 && err->class == ERR_FATAL ? CHECK_UNFIT
									     : CHECK_FAILED;
}

/* A table that somebody took away, though the migrations are there. */
static enum check check_present(struct pg *pg, struct err *err)
{
	int complaint = pg_complains(pg, SQL_ABSENT, PG_NONE, ERR_FATAL, err);

	return complaint < 0 ? CHECK_FAILED : complaint ? CHECK_ABSENT : CHECK_FIT;
}

enum check check_tables(struct pg *pg, struct err *err)
{
	PGresult *res = pg_query(pg, SQL_COMPLAINTS, PG_NONE, PG_DEADLINE_MS, err);
	enum check result = CHECK_FIT;

	if (res == NULL)
		return CHECK_FAILED;
	if (PQntuples(res) > 0) {
		result = strcmp(PQgetvalue(res, 0, 0), "denied") == 0 ? CHECK_DENIED : CHECK_UNFIT;
		if (is_inherited(pg, PQgetvalue(res, 0, 0))) {
			err_set(err, ERR_FATAL,
				"market_data is the table of an older collector, or its adoption is not complete; run: "
				"gapless-writer migrate (schemas/ADOPT.md)");
			result = CHECK_OUTDATED;
		} else {
			err_set(err, ERR_FATAL, "%s", PQgetvalue(res, 0, 1));
		}
	}
	PQclear(res);
	return result;
}

/* Of each row, before it is inserted or updated (tgtype: manual, pg_trigger); ts_: TimescaleDB's.
 */
#define SQL_TRIGGERS                                                                         \
	"SELECT tgname FROM pg_trigger WHERE tgrelid = 'market_data'::regclass "             \
	"AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 3 = 3 AND tgtype & 20 <> 0 " \
	"AND tgname NOT LIKE 'ts\\_%' ORDER BY tgname"

int check_triggers(struct pg *pg, struct err *err)
{
	PGresult *res = pg_query(pg, SQL_TRIGGERS, PG_NONE, PG_DEADLINE_MS, err);

	if (res == NULL)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		log_warn("a trigger of market_data may change what is stored: the table is then "
			 "not what the exchange has sent, and nothing else notices",
			 L_STR("trigger", PQgetvalue(res, i, 0)));
	PQclear(res);
	return 0;
}

enum check check_database(struct pg *pg, struct err *err)
{
	static enum check (*const steps[])(struct pg * pg, struct err * err) = {
		check_transactions, check_migrations, check_present, check_tables, reconcile};
	enum check result = CHECK_FIT;

	for (size_t i = 0; result == CHECK_FIT && i < sizeof(steps) / sizeof(steps[0]); i++)
		result = steps[i](pg, err);
	return result;
}
