/* SPDX-License-Identifier: MIT */
#include "dead_letters.h"

#include <string.h>

#include "common/text/timetext.h"
#include "transaction_sql.h"

enum { COLUMNS = 8 };

/* refused: by the database; NULL: it is not a candle. */
static void add(struct session *db, const struct dead_letter *d, const struct candle *refused)
{
	char at[TIMETEXT_BYTES];

	pgarray_int(&db->a[0], d->partition);
	pgarray_int(&db->a[1], d->offset);
	pgarray_hex(&db->a[2], d->key, d->key_len);
	pgarray_hex(&db->a[3], d->value, d->value_len);
	pgarray_text(&db->a[4], d->reason);
	pgarray_text(&db->a[5], refused ? refused->symbol : NULL);
	pgarray_text(&db->a[6], refused ? refused->interval->name : NULL);
	pgarray_text(&db->a[7], refused ? time_format(refused->timestamp_ms, at) : NULL);
}

int dead_letters_store(struct session *db, const struct batch *b, int64_t *n, struct err *err)
{
	struct buf encoded;

	session_clear(db);
	*n = (int64_t)b->dead_n;
	for (size_t i = 0; i < b->dead_n; i++)
		add(db, &b->dead[i], NULL);
	buf_init(&encoded, MESSAGE_MAX_BYTES);
	for (size_t i = 0; i < b->n && batch_rejected(b) > 0; i++) {
		const struct batch_row *r = &b->rows[i];
		int fits;

		if (r->rejected == NULL)
			continue;
		buf_clear(&encoded);
		fits = message_encode(&r->m, &encoded) == 0;
		add(db,
		    &(struct dead_letter){.partition = r->partition,
					  .offset = r->offset,
					  .key = r->m.candle.symbol,
					  .key_len = strlen(r->m.candle.symbol),
					  .value = fits ? encoded.data : NULL,
					  .value_len = encoded.len,
					  .reason = r->rejected},
		    &r->m.candle);
		++*n;
	}
	buf_release(&encoded);
	return *n == 0 ? 0 : session_run(db, SQL_DEAD, db->cursor.topic, COLUMNS, err);
}
