/* SPDX-License-Identifier: MIT */
/* The statements of a batch's transaction (transaction.c, row_state.c, candles.c). Parameters are
 * text; arrays are unnest()ed. */
#ifndef GAPLESS_TRANSACTION_SQL_H
#define GAPLESS_TRANSACTION_SQL_H

#include "common/pg/pg.h"

/* A statement that is not back by then is given up with its connection (the server's own limit is
 * shorter). */

/* A lock that is not ours within lock_timeout ends the transaction (55P03). The server's own search
 * for deadlocks begins after a second: who waits for 50 ms is never part of one. */
#define SQL_WAIT_AGAIN      "SET LOCAL lock_timeout = '10s'"
#define SQL_WAIT_FOR_NOBODY "SET LOCAL lock_timeout = '50ms'"
#define SQL_WAIT_A_MOMENT   "SET LOCAL lock_timeout = '1s'"

/* TimescaleDB refuses a statement that would decompress more rows than this, to protect a user
 * who does not know that it is slow: corrections that are scattered over compressed chunks need it.
 * NULL where the extension, or this limit of it, is not. */
#define SQL_DECOMPRESSION "'timescaledb.max_tuples_decompressed_per_dml_transaction'"

/* Behind a pooler the session is not ours: what the transaction relies on it sets itself. So READ
 * COMMITTED, whatever the default: each statement has to see what others have committed while the
 * one before it waited.
 *
 * A TRUNCATE or a restore takes its locks table by table. Taking ours all at once, before anything
 * else, keeps the two from meeting half way: it waits for the transaction, or the transaction for
 * it. ONLY: no chunk of a hypertable.
 *
 * Compiling a statement (jit), which the server may take to for a batch of many series, costs more
 * than running it, and so does planning one again for each batch's numbers.
 *
 * From the locks on nobody can alter these tables before the end of the transaction, so that what
 * is read then, the shape, holds for all of it. Whatever changes a column, or which indexes,
 * triggers and policies there are, gives rows of the catalogue another xmin; VACUUM, ANALYZE and
 * new rows do not. The tables are parameters: as constants of a statement that is prepared they
 * would stay those of that time, whatever has their names later. */
#define SQL_SHAPE                                                                       \
	"SELECT md5(concat((SELECT string_agg(concat(i.indexrelid, ' ', i.xmin), ',') " \
	"FROM pg_index AS i WHERE i.indrelid = $2::regclass), ';', "                    \
	"(SELECT string_agg(concat(t.oid, ' ', t.xmin), ',') "                          \
	"FROM pg_trigger AS t WHERE t.tgrelid = $2::regclass), ';', "                   \
	"(SELECT string_agg(concat(p.oid, ' ', p.xmin), ',') "                          \
	"FROM pg_policy AS p WHERE p.polrelid = ANY ($1::regclass[])), ';', "           \
	"(SELECT string_agg(row_security_active(t)::text, ',') "                        \
	"FROM unnest($1::regclass[]) AS t), ';', "                                      \
	"string_agg(concat(a.attrelid, ' ', a.xmin), ','))) FROM pg_attribute AS a "    \
	"WHERE a.attrelid = ANY ($1::regclass[]) AND a.attnum > 0"
/* Its parameters. */
#define SHAPE_TABLES(cursors) \
	"{market_data,market_data_coverage,candle_dead_letter,market_data_series," cursors "}"
#define SHAPE_OF "market_data"
#define SQL_BEGIN_WITH(cursors)                                                               \
	PG_BEGIN "; "                                                                         \
		 "SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_generic_plan; "      \
		 "SELECT set_config(" SQL_DECOMPRESSION ", '0', true) "                       \
		 "WHERE current_setting(" SQL_DECOMPRESSION ", true) IS NOT NULL; "           \
		 "LOCK TABLE ONLY market_data, ONLY market_data_coverage, ONLY " cursors ", " \
		 "ONLY candle_dead_letter IN ROW EXCLUSIVE MODE; "                            \
		 "LOCK TABLE ONLY market_data_series IN ACCESS SHARE MODE"

/* The cursors' table, and the column of $1. */
#define SQL_POSITIONS(table, key)                       \
	"SELECT partition, next_offset FROM " table " " \
	"WHERE " key " = $1 AND partition = ANY ($2::int[]) ORDER BY partition FOR UPDATE"

/* also: what else is set. */
#define SQL_MOVE(table, key, also)                                                              \
	"UPDATE " table " AS p SET next_offset = b.next_offset, dead_run = b.dead_run" also " " \
	"FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[]) "                     \
	"AS b(partition, next_offset, at_ms, dead_run) "                                        \
	"WHERE p." key " = $1 AND p.partition = b.partition AND p.next_offset < b.next_offset"
/* The broker's latest time of a message; NULL: it is not known. A broker whose clock is set back,
 * or a new leader whose clock is behind, gives later messages earlier times. */
#define SQL_MOVE_TIME                                                               \
	", message_at = CASE WHEN b.at_ms < 0 THEN p.message_at "                   \
	"ELSE greatest(p.message_at, 'epoch'::timestamptz + b.at_ms * interval '1 " \
	"millisecond') END"

/* What the table has in so many ranges, as COPY sends it (row_state.c), which costs both sides less
 * than a result does: one SELECT, or several with UNION ALL between them. The five arrays go where
 * %s is, and what all ranges of the SELECT lie in: constants, so that the planner leaves out the
 * other chunks of a hypertable at once, not for each range. The subquery's OFFSET 0 keeps the
 * planner from joining it in another way than range by range; an ORDER BY would do so too, but sort
 * each range, which is a sixth of what a row costs. The six values go as one text: a field of its
 * own costs the server more than its digits do, and the messages have them as text. */
#define SQL_STATES                                                                                                  \
	"SELECT r.n, d.timestamp, d.revision, d.fetched_at, "                                                       \
	"concat_ws(' ', d.volume, d.quote_volume, d.open, d.high, d.low, d.close) "                                 \
	"FROM unnest('%s'::text[], '%s'::text[], '%s'::timestamptz[], '%s'::timestamptz[], '%s'::bigint[]) "        \
	"AS r(symbol, interval, first, last, n) "                                                                   \
	"CROSS JOIN LATERAL (SELECT * FROM market_data AS m WHERE m.symbol = r.symbol AND m.interval = r.interval " \
	"AND m.timestamp BETWEEN r.first AND r.last AND m.timestamp BETWEEN '%s' AND '%s' OFFSET 0) AS d"

/* 1 if the table is in chunks. */
#define SQL_IS_CHUNKED "SELECT market_data_hypertable_home('market_data') IS NOT NULL"

#define SQL_COPY                                                                                                  \
	"COPY market_data (symbol, interval, timestamp, open, high, low, close, volume, quote_volume, revision, " \
	"fetched_at) FROM STDIN (FORMAT binary)"

/* The batch's candles, from eleven arrays. */
#define SQL_ROWS                                                                                          \
	"unnest($1::text[], $2::text[], $3::timestamptz[], $4::numeric[], $5::numeric[], $6::numeric[], " \
	"$7::numeric[], $8::numeric[], $9::numeric[], $10::bigint[], $11::timestamptz[]) "                \
	"AS b(symbol, interval, timestamp, open, high, low, close, volume, quote_volume, revision, "      \
	"fetched_at)"

/* As numbers: 1.0 and 1.00 are the same. */
#define SQL_SAME_VALUES(x, y)                                                                    \
	"((" x ".open, " x ".high, " x ".low, " x ".close, " x ".volume, " x ".quote_volume) "   \
	"IS NOT DISTINCT FROM (" y ".open, " y ".high, " y ".low, " y ".close, " y ".volume, " y \
	".quote_volume))"

/* How many were inserted, and how many got a newer observation.
 *
 * The server orders the rows, as the batch is ordered, so that all writers lock in one order. xmax
 * is 0 only on a row that was inserted. What the rows were before is known from SQL_STATES: a
 * subquery here would be asked of every chunk, for every row. */
#define SQL_CANDLES                                                                                \
	"WITH written AS ("                                                                        \
	"INSERT INTO market_data AS m (symbol, interval, timestamp, open, high, low, close, "      \
	"volume, quote_volume, revision, fetched_at) "                                             \
	"SELECT * FROM " SQL_ROWS " "                                                              \
	"ORDER BY symbol COLLATE \"C\", interval COLLATE \"C\", timestamp "                        \
	"ON CONFLICT (symbol, interval, timestamp) DO UPDATE SET "                                 \
	"open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, " \
	"volume = excluded.volume, quote_volume = excluded.quote_volume, "                         \
	"revision = excluded.revision, fetched_at = excluded.fetched_at "                          \
	"WHERE (excluded.revision, excluded.fetched_at, excluded.volume, excluded.quote_volume) "  \
	"> (m.revision, m.fetched_at, m.volume, m.quote_volume) "                                  \
	"RETURNING xmax = 0 AS inserted) "                                                         \
	"SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM written"

/* A row that is there, written again as it is. */
#define SQL_ANOTHER                                                                              \
	"INSERT INTO market_data (symbol, interval, timestamp, open, high, low, close, volume, " \
	"quote_volume, revision, fetched_at) SELECT d.symbol, d.interval, d.timestamp, d.open, " \
	"d.high, d.low, d.close, d.volume, d.quote_volume, d.revision, d.fetched_at "            \
	"FROM (SELECT * FROM market_data WHERE symbol <> $1 LIMIT 1) AS d "                      \
	"ON CONFLICT (symbol, interval, timestamp) DO UPDATE SET open = excluded.open"

/* How many of the batch's keys are in the table, and how many with the batch's values. LATERAL with
 * LIMIT: one lookup into the index a key, never a scan of the table. */
#define SQL_ACCOUNT                                                                                  \
	"SELECT count(*), count(*) FILTER (WHERE " SQL_SAME_VALUES(                                  \
		"m",                                                                                 \
		"b") ") FROM " SQL_ROWS " "                                                          \
		     "CROSS JOIN LATERAL (SELECT * FROM market_data AS d WHERE d.symbol = b.symbol " \
		     "AND d.interval = b.interval AND d.timestamp = b.timestamp LIMIT 1) AS m"

/* What does not change keeps its place on disk: a multirange of many spans is written again only if
 * one is added. */
#define SQL_COVERAGE                                                                                   \
	"INSERT INTO market_data_coverage AS c (symbol, interval, covered, as_of) "                    \
	"SELECT symbol, interval, range_agg(tstzrange(span_from, span_to)), max(at) "                  \
	"FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])" \
	" AS b(symbol, interval, span_from, span_to, at) "                                             \
	"GROUP BY symbol, interval ORDER BY symbol, interval "                                         \
	"ON CONFLICT (symbol, interval) DO UPDATE SET covered = CASE WHEN c.covered @> "               \
	"excluded.covered THEN c.covered ELSE c.covered + excluded.covered END, "                      \
	"as_of = greatest(c.as_of, excluded.as_of) "                                                   \
	"WHERE NOT c.covered @> excluded.covered OR c.as_of IS NULL OR c.as_of < excluded.as_of"

#define SQL_DEAD                                                                                  \
	"INSERT INTO candle_dead_letter (topic, partition, \"offset\", key, value, reason, "      \
	"symbol, interval, timestamp) "                                                           \
	"SELECT $1, partition, \"offset\", decode(key, 'hex'), decode(value, 'hex'), reason, "    \
	"symbol, interval, timestamp "                                                            \
	"FROM unnest($2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], "   \
	"$8::text[], $9::timestamptz[]) AS b(partition, \"offset\", key, value, reason, symbol, " \
	"interval, timestamp) ORDER BY partition, \"offset\" "                                    \
	"ON CONFLICT (topic, partition, \"offset\") DO NOTHING"

#endif
