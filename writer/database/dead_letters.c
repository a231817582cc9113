/* SPDX-License-Identifier: MIT */
#include "dead_letters.h"

#include <string.h>

#include "transaction_sql.h"

static void add(struct store_scratch *scratch, int32_t partition, int64_t offset, const void *key,
		size_t key_len, const void *value, size_t value_len, const char *reason)
{
	pgarray_int(&scratch->a[0], partition);
	pgarray_int(&scratch->a[1], offset);
	pgarray_hex(&scratch->a[2], key, key_len);
	pgarray_hex(&scratch->a[3], value, value_len);
	pgarray_text(&scratch->a[4], reason);
}

int dead_letters_store(struct pg *pg, struct store_scratch *scratch, const char *topic,
		       const struct batch *b, int64_t *n, struct err *err)
{
	struct buf encoded;

	scratch_clear(scratch);
	*n = (int64_t)b->dead_n;
	for (size_t i = 0; i < b->dead_n; i++) {
		const struct dead_letter *d = &b->dead[i];

		add(scratch, d->partition, d->offset, d->key, d->key_len, d->value, d->value_len,
		    d->reason);
	}
	buf_init(&encoded, MESSAGE_MAX_BYTES);
	for (size_t i = 0; i < b->n && batch_rejected(b) > 0; i++) {
		const struct batch_row *r = &b->rows[i];
		int fits;

		if (r->rejected == NULL)
			continue;
		buf_clear(&encoded);
		fits = message_encode(&r->m, &encoded) == 0;
		add(scratch, r->partition, r->offset, r->m.candle.symbol,
		    strlen(r->m.candle.symbol), fits ? encoded.data : NULL, encoded.len,
		    r->rejected);
		++*n;
	}
	buf_release(&encoded);
	return *n == 0 ? 0 : scratch_run(scratch, pg, SQL_DEAD, topic, 5, err);
}
