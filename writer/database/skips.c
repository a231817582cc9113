/* SPDX-License-Identifier: MIT */
#include "skips.h"

#include <stdlib.h>

#include "common/base/alloc.h"

#define SQL_SKIPPED                                                                                \
	"SELECT b.n FROM unnest($2::int[], $3::bigint[], $4::text[], $5::text[]) WITH ORDINALITY " \
	"AS b(partition, \"offset\", key, value, n) JOIN candle_dead_letter AS d "                 \
	"ON d.topic = $1 AND d.partition = b.partition AND d.\"offset\" = b.\"offset\" "           \
	"AND d.key IS NOT DISTINCT FROM decode(b.key, 'hex') "                                     \
	"AND d.value IS NOT DISTINCT FROM decode(b.value, 'hex')"

struct skip_item *skips_add(struct skip_item *items, size_t *n, const struct dead_letter *halt)
{
	items = xreallocarray(items, *n + 1, sizeof(*items));
	dead_letter_copy(&items[*n].halt, halt);
	items[(*n)++].skipped = 0;
	return items;
}

int skips_ask(struct session *db, struct skip_item *items, size_t n, struct err *err)
{
	PGresult *res;

	session_clear(db);
	for (size_t i = 0; i < n; i++) {
		const struct dead_letter *halt = &items[i].halt;

		items[i].skipped = 0;
		pgarray_int(&db->a[0], halt->partition);
		pgarray_int(&db->a[1], halt->offset);
		pgarray_hex(&db->a[2], halt->key, halt->key_len);
		pgarray_hex(&db->a[3], halt->value, halt->value_len);
	}
	res = session_query(db, SQL_SKIPPED, db->cursor.topic, 4, err);
	if (res == NULL)
		return -1;
	for (int row = 0; row < PQntuples(res); row++)
		items[pg_number(res, row, 0) - 1].skipped = 1;
	PQclear(res);
	return 0;
}

void skips_free(struct skip_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dead_letter_release(&items[i].halt);
	free(items);
}
