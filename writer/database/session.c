/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

/* Far beyond what the limits of a batch allow. */
enum { ARRAY_MAX_BYTES = 512 << 20 };

void session_init(struct session *db, struct cursor cursor)
{
	*db = (struct session){.cursor = cursor};
	for (size_t i = 0; i < SESSION_ARRAYS; i++)
		buf_init(&db->a[i], ARRAY_MAX_BYTES);
	buf_init(&db->sql, ARRAY_MAX_BYTES);
	db->tuples = xmalloc(SESSION_TUPLES_BYTES);
}

void session_release(struct session *db)
{
	pg_close(&db->pg);
	for (size_t i = 0; i < SESSION_ARRAYS; i++)
		buf_release(&db->a[i]);
	buf_release(&db->sql);
	free(db->tuples);
	free(db->state);
	free(db->floor_ms);
	free(db->stretches);
	free(db->turns);
	*db = (struct session){0};
}

void session_clear(struct session *db)
{
	for (size_t i = 0; i < SESSION_ARRAYS; i++)
		buf_clear(&db->a[i]);
}

int session_values(struct session *db, size_t n, const char **values, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		values[i] = pgarray_end(&db->a[i]);
		if (values[i] == NULL)
			return err_set(
				err, ERR_FATAL,
				"a batch does not fit into a statement; lower --batch-bytes");
	}
	return 0;
}

PGresult *session_query(struct session *db, const char *sql, const char *first, size_t n,
			struct err *err)
{
	const char *values[1 + SESSION_ARRAYS] = {first};
	size_t before = first != NULL;

	if (session_values(db, n, &values[before], err) != 0)
		return NULL;
	return pg_query_often(&db->pg, sql, (struct pg_params){(int)(before + n), values},
			      PG_DEADLINE_MS, err);
}

int session_run(struct session *db, const char *sql, const char *first, size_t n, struct err *err)
{
	PGresult *res = session_query(db, sql, first, n, err);

	PQclear(res);
	return res != NULL ? 0 : -1;
}

void session_take_rows(struct session *db, size_t n)
{
	if (n <= db->rows_cap)
		return;
	db->state = xreallocarray(db->state, n, sizeof(*db->state));
	db->floor_ms = xreallocarray(db->floor_ms, n, sizeof(*db->floor_ms));
	db->stretches = xreallocarray(db->stretches, n, sizeof(*db->stretches));
	db->turns = xreallocarray(db->turns, n, sizeof(*db->turns));
	db->rows_cap = n;
}

void session_note_shape(struct session *db, const char shape[SHAPE_BYTES], int is_chunked)
{
	memcpy(db->shape, shape, SHAPE_BYTES);
	db->is_chunked = is_chunked;
}

void session_avoid_copy(struct session *db, int n)
{
	db->upserts = n;
}

int session_avoids_copy(const struct session *db)
{
	return db->upserts > 0;
}

void session_stored(struct session *db)
{
	if (db->upserts > 0)
		db->upserts--;
}
