/* SPDX-License-Identifier: MIT */
#include "transaction.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/log.h"
#include "common/timetext.h"
#include "transaction_sql.h"

/* The statements about the cursor. */
struct cursor_sql {
	const char *begin, *positions, *move;
};

static const struct cursor_sql live = {SQL_BEGIN_WITH("market_data_position"),
				       SQL_POSITIONS("market_data_position", "topic"),
				       SQL_MOVE("market_data_position", "topic")};
static const struct cursor_sql replay = {SQL_BEGIN_WITH("market_data_replay"),
					 SQL_POSITIONS("market_data_replay", "name"),
					 SQL_MOVE("market_data_replay", "name")};

static const struct cursor_sql *sql_of(const struct cursor *c)
{
	return c->replay != NULL ? &replay : &live;
}

static const char *key_of(const struct cursor *c)
{
	return c->replay != NULL ? c->replay : c->topic;
}

/* So many batches are stored without COPY after another writer was in the way: it may well be at
 * the next ones, too. */
enum { UPSERTS = 16 };

static int64_t number_at(const PGresult *res, int row, int column)
{
	return strtoll(PQgetvalue(res, row, column), NULL, 10);
}

/* The union of the promises of one series' rows, which stand together: [from, to). */
static void add_series(struct store_scratch *scratch, const struct batch *b, size_t from, size_t to,
		       struct spans *spans)
{
	char text[TIMETEXT_BYTES];

	spans_clear(spans);
	for (size_t i = from; i < to; i++) {
		if (b->rows[i].rejected == NULL)
			spans_add(spans, b->rows[i].promise.from, b->rows[i].promise.to);
	}
	for (size_t i = 0; i < spans->n; i++) {
		pgarray_plain(&scratch->a[0], b->rows[from].m.candle.symbol);
		pgarray_plain(&scratch->a[1], b->rows[from].m.candle.interval->name);
		pgarray_plain(&scratch->a[2], time_format_ms(spans->v[i].from, text));
		pgarray_plain(&scratch->a[3], time_format_ms(spans->v[i].to, text));
	}
}

static int store_coverage(struct pg *pg, struct store_scratch *scratch, const struct batch *b,
			  struct err *err)
{
	const char *values[4];
	struct spans spans = {0};

	scratch_clear(scratch);
	for (size_t from = 0, to; from < b->n; from = to) {
		const struct candle *c = &b->rows[from].m.candle;

		for (to = from + 1; to < b->n && b->rows[to].m.candle.interval == c->interval &&
				    strcmp(b->rows[to].m.candle.symbol, c->symbol) == 0;)
			to++;
		add_series(scratch, b, from, to, &spans);
	}
	spans_release(&spans);
	if (scratch->a[0].text.len == 0)
		return 0;
	if (scratch_values(scratch, 4, values, err) != 0)
		return -1;
	return pg_run(pg, SQL_COVERAGE, (struct pg_params){4, values}, STATEMENT_DEADLINE_MS, err);
}

/* Locks the positions of the batch's partitions and compares them with where the batch began. */
static enum transaction check_positions(struct pg *pg, struct store_scratch *scratch,
					const struct cursor *cursor, const struct batch *b,
					struct err *err)
{
	const char *values[2] = {key_of(cursor), NULL};
	enum transaction result = TRANSACTION_DONE;
	PGresult *res;
	int row = 0;

	scratch_clear(scratch);
	for (size_t i = 0; i < b->parts_n; i++)
		pgarray_int(&scratch->a[0], b->parts[i].partition);
	if (scratch_values(scratch, 1, &values[1], err) != 0)
		return TRANSACTION_FAILED;
	res = pg_query(pg, sql_of(cursor)->positions, (struct pg_params){2, values},
		       STATEMENT_DEADLINE_MS, err);
	if (res == NULL)
		return TRANSACTION_FAILED;
	for (size_t i = 0; i < b->parts_n && result == TRANSACTION_DONE; i++) {
		const struct batch_part *p = &b->parts[i];

		if (row == PQntuples(res) || number_at(res, row, 0) != p->partition) {
			err_set(err, ERR_INPUT,
				"the database has no position for partition %" PRId32
				" of %s, but this writer "
				"had stored up to %" PRId64,
				p->partition, cursor->topic, p->began);
			result = TRANSACTION_LOST;
		} else if (number_at(res, row, 1) < p->began) {
			err_set(err, ERR_INPUT,
				"the database's position in partition %" PRId32
				" of %s went back from %" PRId64 " to %" PRId64,
				p->partition, cursor->topic, p->began, number_at(res, row, 1));
			result = TRANSACTION_LOST;
		}
		row++;
	}
	PQclear(res);
	return result;
}

static int store_positions(struct pg *pg, struct store_scratch *scratch,
			   const struct cursor *cursor, const struct batch *b, struct err *err)
{
	const char *values[3] = {key_of(cursor), NULL, NULL};

	scratch_clear(scratch);
	for (size_t i = 0; i < b->parts_n; i++) {
		pgarray_int(&scratch->a[0], b->parts[i].partition);
		pgarray_int(&scratch->a[1], b->parts[i].next);
	}
	if (scratch_values(scratch, 2, &values[1], err) != 0)
		return -1;
	return pg_run(pg, sql_of(cursor)->move, (struct pg_params){3, values},
		      STATEMENT_DEADLINE_MS, err);
}

static void add_dead(struct store_scratch *scratch, int32_t partition, int64_t offset,
		     const void *key, size_t key_len, const void *value, size_t value_len,
		     const char *reason)
{
	pgarray_int(&scratch->a[0], partition);
	pgarray_int(&scratch->a[1], offset);
	pgarray_hex(&scratch->a[2], key, key_len);
	pgarray_hex(&scratch->a[3], value, value_len);
	pgarray_text(&scratch->a[4], reason);
}

static int store_dead(struct pg *pg, struct store_scratch *scratch, const char *topic,
		      const struct batch *b, struct stored *stored, struct err *err)
{
	const char *values[6] = {topic};
	struct buf encoded;

	scratch_clear(scratch);
	stored->dead = (int64_t)b->dead_n;
	for (size_t i = 0; i < b->dead_n; i++) {
		const struct dead_letter *d = &b->dead[i];

		add_dead(scratch, d->partition, d->offset, d->key, d->key_len, d->value,
			 d->value_len, d->reason);
	}
	buf_init(&encoded, MESSAGE_MAX_BYTES);
	for (size_t i = 0; i < b->n; i++) {
		const struct batch_row *r = &b->rows[i];
		int fits;

		if (r->rejected == NULL)
			continue;
		buf_clear(&encoded);
		fits = message_encode(&r->m, &encoded) == 0;
		add_dead(scratch, r->partition, r->offset, r->m.candle.symbol,
			 strlen(r->m.candle.symbol), fits ? encoded.data : NULL, encoded.len,
			 r->rejected);
		stored->dead++;
	}
	buf_release(&encoded);
	if (stored->dead == 0)
		return 0;
	if (scratch_values(scratch, 5, &values[1], err) != 0)
		return -1;
	return pg_run(pg, SQL_DEAD, (struct pg_params){6, values}, STATEMENT_DEADLINE_MS, err);
}

/* COMMIT of a transaction that had failed answers ROLLBACK, without an error. */
static enum transaction commit(struct pg *pg, struct err *err)
{
	PGresult *res =
		pg_query(pg, "COMMIT", (struct pg_params){0, NULL}, STATEMENT_DEADLINE_MS, err);
	int committed = res != NULL && strcmp(PQcmdStatus(res), "COMMIT") == 0;

	if (res != NULL && !committed)
		err_set(err, ERR_RETRY, "the database answered COMMIT with %s", PQcmdStatus(res));
	PQclear(res);
	return committed ? TRANSACTION_DONE : TRANSACTION_FAILED;
}

static enum transaction store_candles(struct pg *pg, struct store_scratch *scratch,
				      const struct batch *b, enum candles_way way,
				      struct stored *stored, int *redo, struct err *err)
{
	switch (candles_store(pg, scratch, b, way, stored, err)) {
	case CANDLES_DONE:
		return TRANSACTION_DONE;
	case CANDLES_REDO:
		*redo = 1;
		break;
	case CANDLES_FAILED:
		break;
	case CANDLES_BROKEN:
		return TRANSACTION_BROKEN;
	}
	return TRANSACTION_FAILED;
}

/* One try. *redo: it failed, but may succeed the other way. */
static enum transaction store(struct pg *pg, struct store_scratch *scratch,
			      const struct cursor *cursor, const struct batch *b,
			      enum candles_way way, const atomic_int *abandon,
			      struct stored *stored, int *redo, struct err *err)
{
	const struct pg_params none = {0, NULL};
	enum transaction result = TRANSACTION_FAILED;
	struct err ignored;

	*redo = 0;
	memset(stored, 0, sizeof(*stored));
	if (pg_run(pg, sql_of(cursor)->begin, none, STATEMENT_DEADLINE_MS, err) != 0)
		goto out;
	result = check_positions(pg, scratch, cursor, b, err);
	if (result == TRANSACTION_DONE)
		result = store_candles(pg, scratch, b, way, stored, redo, err);
	if (result != TRANSACTION_DONE)
		goto out;
	if (store_coverage(pg, scratch, b, err) != 0 ||
	    store_positions(pg, scratch, cursor, b, err) != 0 ||
	    store_dead(pg, scratch, cursor->topic, b, stored, err) != 0)
		result = TRANSACTION_FAILED;
	else if (atomic_load(abandon))
		result = TRANSACTION_ABANDONED;
	else
		result = commit(pg, err);
out:
	if (result != TRANSACTION_DONE && result != TRANSACTION_FAILED &&
	    pg_run(pg, "ROLLBACK", none, 5000, &ignored) != 0)
		pg_close(pg);
	return result;
}

enum transaction transaction_store(struct pg *pg, struct store_scratch *scratch,
				   const struct cursor *cursor, const struct batch *b,
				   const atomic_int *abandon, struct stored *stored,
				   struct err *err)
{
	enum candles_way way = scratch->upserts > 0 ? CANDLES_UPSERT : CANDLES_COPY;
	enum transaction result;
	int redo;

	FAULT("before_db");
	result = store(pg, scratch, cursor, b, way, abandon, stored, &redo, err);
	if (redo &&
	    pg_run(pg, "ROLLBACK", (struct pg_params){0, NULL}, STATEMENT_DEADLINE_MS, err) == 0) {
		log_debug("a batch is stored again without COPY", L_STR("error", err->text),
			  L_STR("sqlstate", pg->sqlstate));
		scratch->upserts = UPSERTS;
		err_clear(err);
		pg->sqlstate[0] = '\0';
		result = store(pg, scratch, cursor, b, CANDLES_UPSERT, abandon, stored, &redo, err);
		stored->stored_again = 1;
	} else if (result == TRANSACTION_DONE && scratch->upserts > 0) {
		scratch->upserts--;
	}
	return result;
}

int transaction_try_rows(struct pg *pg, struct store_scratch *scratch, const struct batch *b,
			 size_t from, size_t to, struct err *err)
{
	const struct pg_params none = {0, NULL};

	if (pg_run(pg, live.begin, none, STATEMENT_DEADLINE_MS, err) != 0 ||
	    candles_try(pg, scratch, b, from, to, err) != 0)
		return -1;
	return pg_run(pg, "ROLLBACK", none, STATEMENT_DEADLINE_MS, err);
}
