/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

/* Far beyond what the limits of a batch allow. */
enum { ARRAY_MAX_BYTES = 512 << 20 };

void store_scratch_init(struct store_scratch *scratch)
{
	memset(scratch, 0, sizeof(*scratch));
	for (size_t i = 0; i < SCRATCH_ARRAYS; i++)
		buf_init(&scratch->a[i], ARRAY_MAX_BYTES);
	buf_init(&scratch->sql, ARRAY_MAX_BYTES);
	scratch->tuples = xmalloc(SCRATCH_TUPLES_BYTES);
}

void store_scratch_release(struct store_scratch *scratch)
{
	for (size_t i = 0; i < SCRATCH_ARRAYS; i++)
		buf_release(&scratch->a[i]);
	buf_release(&scratch->sql);
	free(scratch->tuples);
	free(scratch->state);
	free(scratch->floor_ms);
	free(scratch->stretches);
	free(scratch->turns);
	memset(scratch, 0, sizeof(*scratch));
}

void scratch_clear(struct store_scratch *scratch)
{
	for (size_t i = 0; i < SCRATCH_ARRAYS; i++)
		buf_clear(&scratch->a[i]);
}

int scratch_values(struct store_scratch *scratch, size_t n, const char **values, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		values[i] = pgarray_end(&scratch->a[i]);
		if (values[i] == NULL)
			return err_set(
				err, ERR_FATAL,
				"a batch does not fit into a statement; lower --batch-bytes");
	}
	return 0;
}

PGresult *scratch_query(struct store_scratch *scratch, struct pg *pg, const char *sql,
			const char *first, size_t n, struct err *err)
{
	const char *values[1 + SCRATCH_ARRAYS] = {first};
	size_t before = first != NULL;

	if (scratch_values(scratch, n, &values[before], err) != 0)
		return NULL;
	return pg_query_often(pg, sql, (struct pg_params){(int)(before + n), values},
			      PG_DEADLINE_MS, err);
}

int scratch_run(struct store_scratch *scratch, struct pg *pg, const char *sql, const char *first,
		size_t n, struct err *err)
{
	PGresult *res = scratch_query(scratch, pg, sql, first, n, err);

	PQclear(res);
	return res != NULL ? 0 : -1;
}

void scratch_take_rows(struct store_scratch *scratch, size_t n)
{
	if (n <= scratch->rows_cap)
		return;
	scratch->state = xreallocarray(scratch->state, n, sizeof(*scratch->state));
	scratch->floor_ms = xreallocarray(scratch->floor_ms, n, sizeof(*scratch->floor_ms));
	scratch->stretches = xreallocarray(scratch->stretches, n, sizeof(*scratch->stretches));
	scratch->turns = xreallocarray(scratch->turns, n, sizeof(*scratch->turns));
	scratch->rows_cap = n;
}

void scratch_note_shape(struct store_scratch *scratch, const char shape[SHAPE_BYTES],
			int is_chunked)
{
	memcpy(scratch->shape, shape, SHAPE_BYTES);
	scratch->is_chunked = is_chunked;
}

void scratch_avoid_copy(struct store_scratch *scratch, int n)
{
	scratch->upserts = n;
}

int scratch_avoids_copy(const struct store_scratch *scratch)
{
	return scratch->upserts > 0;
}

void scratch_stored(struct store_scratch *scratch)
{
	if (scratch->upserts > 0)
		scratch->upserts--;
}
