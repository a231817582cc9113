/* SPDX-License-Identifier: MIT */
#include "position.h"

#include <inttypes.h>
#include <stdlib.h>

#define SQL_READ                                                                                        \
	"SELECT partition, next_offset, coalesce((extract(epoch FROM message_at) * 1000)::bigint, -1) " \
	"FROM market_data_position "                                                                    \
	"WHERE topic = $1 AND partition = ANY ($2::int[]) ORDER BY partition"

#define SQL_INSERT                                                                                \
	"INSERT INTO market_data_position (topic, partition, next_offset) "                       \
	"SELECT $1, partition, next_offset FROM unnest($2::int[], $3::bigint[]) AS b(partition, " \
	"next_offset) "                                                                           \
	"ORDER BY partition ON CONFLICT (topic, partition) DO NOTHING"
#define SQL_SET                                                                                              \
	"UPDATE market_data_position AS p SET next_offset = b.next_offset, message_at = NULL, dead_run = 0 " \
	"FROM unnest($2::int[], $3::bigint[]) AS b(partition, next_offset) "                                 \
	"WHERE p.topic = $1 AND p.partition = b.partition"
/* Dead letters in a row right below an offset: those below the position, without those between. */
#define SQL_DEAD_RUN                                                                                  \
	"SELECT p.partition, greatest(0, p.dead_run - (SELECT count(*) FROM candle_dead_letter AS d " \
	"WHERE d.topic = $1 AND d.partition = p.partition AND d.symbol IS NULL "                      \
	"AND d.\"offset\" >= b.start_at AND d.\"offset\" < p.next_offset)) "                          \
	"FROM unnest($2::int[], $3::bigint[]) AS b(partition, start_at) "                             \
	"JOIN market_data_position AS p ON p.topic = $1 AND p.partition = b.partition"

static struct position_item *item_find(struct position_item *items, size_t n, int64_t partition)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i].partition == partition)
			return &items[i];
	}
	return NULL;
}

/* sql: SQL_READ, and perhaps a lock. */
static int read_positions(struct session *db, struct position_item *items, size_t n,
			  const char *sql, struct err *err)
{
	PGresult *res;

	session_clear(db);
	for (size_t i = 0; i < n; i++) {
		items[i].facts.position = items[i].message_at = START_NONE;
		pgarray_int(&db->a[0], items[i].partition);
	}
	res = session_query(db, sql, db->cursor.topic, 1, err);
	if (res == NULL)
		return -1;
	for (int row = 0; row < PQntuples(res); row++) {
		struct position_item *item = item_find(items, n, pg_number(res, row, 0));

		if (item == NULL)
			continue;
		item->facts.position = pg_number(res, row, 1);
		item->message_at = pg_number(res, row, 2);
	}
	PQclear(res);
	return 0;
}

/* Runs SQL_INSERT or SQL_SET for the items whose decision is `row`; all of them must be affected.
 */
static int write_rows(struct session *db, const struct position_item *items, size_t n,
		      enum start_row row, struct err *err)
{
	PGresult *res;
	long wanted = 0;
	int rc = 0;

	session_clear(db);
	for (size_t i = 0; i < n; i++) {
		if (items[i].start.row != row)
			continue;
		pgarray_int(&db->a[0], items[i].partition);
		pgarray_int(&db->a[1], items[i].start.row_offset);
		wanted++;
	}
	if (wanted == 0)
		return 0;
	res = session_query(db, row == START_ROW_INSERT ? SQL_INSERT : SQL_SET, db->cursor.topic, 2,
			    err);
	if (res == NULL)
		return -1;
	if (strtol(PQcmdTuples(res), NULL, 10) != wanted)
		rc = err_set(err, ERR_RETRY,
			     "another writer set the position of a partition at the same time");
	PQclear(res);
	return rc;
}

static int read_dead_runs(struct session *db, struct position_item *items, size_t n,
			  struct err *err)
{
	PGresult *res;

	session_clear(db);
	for (size_t i = 0; i < n; i++) {
		pgarray_int(&db->a[0], items[i].partition);
		pgarray_int(&db->a[1], items[i].start.offset);
	}
	res = session_query(db, SQL_DEAD_RUN, db->cursor.topic, 2, err);
	if (res == NULL)
		return -1;
	for (int row = 0; row < PQntuples(res); row++) {
		struct position_item *item = item_find(items, n, pg_number(res, row, 0));

		if (item != NULL)
			item->dead_run = pg_number(res, row, 1);
	}
	PQclear(res);
	return 0;
}

/* Reads and locks the positions, and decides. */
static int decide(struct session *db, struct position_item *items, size_t n, int *unsure,
		  struct err *err)
{
	if (read_positions(db, items, n, SQL_READ " FOR UPDATE", err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (items[i].message_at >= 0 && items[i].asked_at < 0)
			*unsure = 1;
		items[i].facts.recreated |=
			items[i].message_at >= 0 && items[i].asked_at == items[i].message_at &&
			items[i].after >= 0 && items[i].after < items[i].facts.position;
		items[i].start = start_decide(&items[i].facts);
		if (items[i].start.why == START_SHORTER &&
		    items[i].confirmed != items[i].facts.position)
			*unsure = 1;
	}
	return 0;
}

int position_start(struct session *db, struct position_item *items, size_t n, int *unsure,
		   struct err *err)
{
	*unsure = 0;
	if (pg_exec(&db->pg, PG_BEGIN, err) != 0 || decide(db, items, n, unsure, err) != 0)
		return -1;
	if (*unsure)
		return pg_exec(&db->pg, "ROLLBACK", err);
	if (write_rows(db, items, n, START_ROW_INSERT, err) != 0 ||
	    write_rows(db, items, n, START_ROW_SET, err) != 0 ||
	    read_dead_runs(db, items, n, err) != 0)
		return -1;
	return pg_exec(&db->pg, "COMMIT", err);
}

int position_is_lost(int64_t position, int64_t at_least, int32_t partition, const char *topic,
		     struct err *err)
{
	if (position >= at_least)
		return 0;
	if (position == START_NONE)
		err_set(err, ERR_INPUT,
			"the database has no position for partition %" PRId32
			" of %s, but this writer had stored up to %" PRId64,
			partition, topic, at_least);
	else
		err_set(err, ERR_INPUT,
			"the database's position in partition %" PRId32
			" of %s went back from %" PRId64 " to %" PRId64,
			partition, topic, at_least, position);
	return 1;
}

int position_check(struct session *db, struct position_item *items, size_t n, int *lost,
		   struct err *err)
{
	*lost = 0;
	if (read_positions(db, items, n, SQL_READ, err) != 0)
		return -1;
	for (size_t i = 0; i < n && !*lost; i++)
		*lost = position_is_lost(items[i].facts.position, items[i].at_least,
					 items[i].partition, db->cursor.topic, err);
	return 0;
}
