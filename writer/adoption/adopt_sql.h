/* SPDX-License-Identifier: MIT */
/* The statements of an adoption (adopt.c); the batch itself is written by adopt_plan.c, what can be
 * a function of the database is in schemas/004_adopt.sql and
 * 011_adoption.sql. */
#ifndef GAPLESS_ADOPT_SQL_H
#define GAPLESS_ADOPT_SQL_H

#include "writer/commands/migrations.h"

/* extra_float_digits: a float's text must be the shortest that reads back as the same. The lock is
 * that of the migrations. */
#define SQL_ADOPT_BEGIN                                                                                                 \
	"BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL client_min_messages = warning; " \
	"SET LOCAL extra_float_digits = 1; SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ")"
/* Others queue behind one who waits for a lock, so the wait is short, and tried again. It is longer
 * than deadlock_timeout (1 s), when an autovacuum that stands in the way is sent off. */
#define SQL_SHORT_LOCKS "SET LOCAL lock_timeout = '1500ms'"

/* The old collector is kept out first: from here on the table does not change. */
#define SQL_FENCE                                                                                        \
	"DROP TRIGGER IF EXISTS market_data_fence ON market_data; "                                      \
	"CREATE TRIGGER market_data_fence BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON market_data " \
	"FOR EACH STATEMENT EXECUTE FUNCTION market_data_fence()"

/* What an adoption of another file of the table had begun goes. */
#define SQL_CREATE "SELECT market_data_adopting_create()"

/* $1: the length of its chunks, or NULL. */
#define SQL_HYPERTABLE(table, rows_of) \
	"SELECT market_data_hypertable('" table "', $1::interval, '" rows_of "')"

/* What an adoption that an older program had begun does not have. */
#define SQL_IDENTIFY "SELECT market_data_identify('market_data_adopting')"

/* Both change nothing, and lock nothing, where nothing is missing. */
#define SQL_INDEX   "SELECT market_data_index_unconfirmed()"
#define SQL_PROTECT "SELECT market_data_protect()"
#define SQL_CARRY   "SELECT market_data_adopt_carry('market_data', 'market_data_adopting')"

#define SQL_JOIN_RUN                                                          \
	"SELECT run FROM market_data_adoption_run WHERE finished_at IS NULL " \
	"AND filenode = pg_relation_filenode('market_data') AND to_regclass('market_data_adopting') IS NOT NULL"
#define SQL_OPEN_RUN \
	"INSERT INTO market_data_adoption_run (filenode) VALUES (pg_relation_filenode('market_data')) RETURNING run"

/* next_block, or nothing where this run is no longer the open one, or the table's file is another.
 */
#define SQL_CURSOR                                                                                     \
	"SELECT next_block FROM market_data_adoption_run WHERE run = $1::int AND finished_at IS NULL " \
	"AND filenode = pg_relation_filenode('market_data') FOR UPDATE"

#define SQL_ADVANCE                                                                                         \
	"UPDATE market_data_adoption_run SET next_block = $2::bigint, rows_read = rows_read + $3::bigint, " \
	"duplicates = duplicates + $4::bigint, unfit = unfit + $5::bigint WHERE run = $1::int RETURNING rows_read, duplicates, unfit"

/* What was adopted of each series; again after a kill. */
#define SQL_COUNT                                                                                                            \
	"INSERT INTO market_data_adopted (run, symbol, interval, adopted, oldest, newest) "                                  \
	"SELECT $1::int, m.symbol, m.interval, count(*), min(m.timestamp), max(m.timestamp) FROM market_data_adopting AS m " \
	"GROUP BY m.symbol, m.interval "                                                                                     \
	"ON CONFLICT (run, symbol, interval) DO UPDATE SET adopted = excluded.adopted, oldest = excluded.oldest, "           \
	"newest = excluded.newest"

/* Everything from the oldest row on is wanted; who wants more, still does. */
#define SQL_WANT                                                                                               \
	"INSERT INTO market_data_series AS s (symbol, interval, source, wanted_from, state) "                  \
	"SELECT a.symbol, a.interval, $2, a.oldest, 'ok' FROM market_data_adopted AS a WHERE a.run = $1::int " \
	"ON CONFLICT (symbol, interval) DO UPDATE SET wanted_from = least(s.wanted_from, excluded.wanted_from)"

/* Every row of the old table was read, and is in the new one or set aside. One row: does it add up,
 * and the figures. */
#define SQL_BALANCE                                                                                                                    \
	"SELECT r.rows_read = o.n AND r.rows_read = a.n + r.duplicates + r.unfit AND r.duplicates + r.unfit = s.n, o.n, r.rows_read, " \
	"a.n, r.duplicates, r.unfit, s.n, a.series FROM market_data_adoption_run AS r, (SELECT count(*) FROM market_data) AS o(n), "   \
	"(SELECT coalesce(sum(adopted), 0), count(*) FROM market_data_adopted WHERE run = $1::int) AS a(n, series), "                  \
	"(SELECT count(*) FROM market_data_set_aside WHERE run = $1::int) AS s(n) WHERE r.run = $1::int"

#define SQL_SET_ASIDE \
	"SELECT reason, count(*) FROM market_data_set_aside WHERE run = $1::int GROUP BY reason ORDER BY reason"

#define SQL_RESTART "UPDATE market_data_adoption_run SET filenode = 0 WHERE run = $1::int"

/* Values of identity columns go on after the greatest that was adopted. */
#define SQL_IDENTITIES                                                                                  \
	"DO $$DECLARE name name; BEGIN FOR name IN SELECT attname FROM pg_attribute "                   \
	"WHERE attrelid = 'market_data_adopting'::regclass AND attidentity <> '' AND NOT attisdropped " \
	"LOOP EXECUTE format('SELECT setval(%L, (SELECT coalesce(max(%I), 0) + 1 FROM "                 \
	"market_data_adopting), false)', pg_get_serial_sequence('market_data_adopting', name), name); " \
	"END LOOP; END$$"

#define SQL_SWAP "SELECT market_data_adopt_swap('market_data', 'market_data_adopting')"

#endif
