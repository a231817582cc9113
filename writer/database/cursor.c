/* SPDX-License-Identifier: MIT */
#include "cursor.h"

#include <stdio.h>

#include "position.h"
#include "transaction_sql.h"

struct cursor_sql {
	const char *begin, *tables, *lock, *move;
};

#define OF(table, key, also)                                                           \
	{                                                                              \
		SQL_BEGIN_WITH(table), SHAPE_TABLES(table), SQL_POSITIONS(table, key), \
			SQL_MOVE(table, key, also)                                     \
	}
static const struct cursor_sql live = OF("market_data_position", "topic", SQL_MOVE_TIME);
static const struct cursor_sql replay = OF("market_data_replay", "name", "");

struct cursor cursor_live(const char *topic)
{
	return (struct cursor){topic, topic, &live};
}

struct cursor cursor_replay(const char *topic, const char *name)
{
	return (struct cursor){topic, name, &replay};
}

int cursor_begin(struct session *db, char shape[SHAPE_BYTES], struct err *err)
{
	PGresult *res;

	if (pg_exec(&db->pg, db->cursor.sql->begin, err) != 0)
		return -1;
	res = pg_query_often(&db->pg, SQL_SHAPE, PG_VALUES(db->cursor.sql->tables, SHAPE_OF),
			     PG_DEADLINE_MS, err);
	if (res == NULL)
		return -1;
	snprintf(shape, SHAPE_BYTES, "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	return 0;
}

int cursor_lock(struct session *db, const struct batch *b, int *lost, struct err *err)
{
	PGresult *res;
	int row = 0;

	*lost = 0;
	if (b->parts_n == 0) /* a portion that is not the last of its batch */
		return 0;
	session_clear(db);
	for (size_t i = 0; i < b->parts_n; i++)
		pgarray_int(&db->a[0], b->parts[i].partition);
	res = session_query(db, db->cursor.sql->lock, db->cursor.key, 1, err);
	if (res == NULL)
		return -1;
	for (size_t i = 0; i < b->parts_n && !*lost; i++) {
		const struct batch_part *p = &b->parts[i];
		int64_t position = START_NONE;

		if (row < PQntuples(res) && pg_number(res, row, 0) == p->partition)
			position = pg_number(res, row++, 1);
		*lost = position_is_lost(position, p->began, p->partition, db->cursor.topic, err);
	}
	PQclear(res);
	return 0;
}

int cursor_move(struct session *db, const struct batch *b, struct err *err)
{
	if (b->parts_n == 0)
		return 0;
	session_clear(db);
	for (size_t i = 0; i < b->parts_n; i++) {
		pgarray_int(&db->a[0], b->parts[i].partition);
		pgarray_int(&db->a[1], b->parts[i].next);
		pgarray_int(&db->a[2], b->parts[i].at_ms);
		pgarray_int(&db->a[3], b->parts[i].dead_run);
	}
	return session_run(db, db->cursor.sql->move, db->cursor.key, 4, err);
}
