#include "transaction.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/timetext.h"
#include "transaction_sql.h"

/* The statements about the cursor. */
struct cursor_sql {
	const char *begin, *positions, *move;
};

static const struct cursor_sql live = {SQL_BEGIN_WITH("market_data_position"),
				       SQL_POSITIONS("market_data_position", "topic"),
				       SQL_MOVE("market_data_position", "topic")};
static const struct cursor_sql replay = {SQL_BEGIN_WITH("market_data_replay"), SQL_POSITIONS("market_data_replay", "name"),
					 SQL_MOVE("market_data_replay", "name")};

static const struct cursor_sql *sql_of(const struct cursor *c)
{
	return c->replay != NULL ? &replay : &live;
}

static const char *key_of(const struct cursor *c)
{
	return c->replay != NULL ? c->replay : c->topic;
}

/* Far beyond what the limits of a batch allow. */
enum { ARRAY_MAX_BYTES = 512 << 20 };

void transaction_room_init(struct transaction_room *room)
{
	for (size_t i = 0; i < TRANSACTION_ARRAYS; i++)
		pgarray_init(&room->a[i], ARRAY_MAX_BYTES);
}

void transaction_room_release(struct transaction_room *room)
{
	for (size_t i = 0; i < TRANSACTION_ARRAYS; i++)
		pgarray_release(&room->a[i]);
}

static void room_clear(struct transaction_room *room)
{
	for (size_t i = 0; i < TRANSACTION_ARRAYS; i++)
		pgarray_clear(&room->a[i]);
}

/* Closes the first n arrays into values[]. */
static int room_values(struct transaction_room *room, size_t n, const char **values, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		values[i] = pgarray_end(&room->a[i]);
		if (values[i] == NULL)
			return err_set(err, ERR_FATAL,
				       "a batch does not fit into a statement; lower --batch-bytes");
	}
	return 0;
}

static int64_t number_at(const PGresult *res, int row, int column)
{
	return strtoll(PQgetvalue(res, row, column), NULL, 10);
}

/* Fills the eleven arrays of SQL_ROWS with the rows of [from, to) that are not rejected; returns how many. */
static size_t fill_rows(struct transaction_room *room, const struct batch *b, size_t from, size_t to)
{
	char text[TIMETEXT_BYTES];
	size_t n = 0;

	room_clear(room);
	for (size_t i = from; i < to; i++) {
		const struct candle *c = &b->rows[i].m.candle;

		if (b->rows[i].rejected != NULL)
			continue;
		pgarray_plain(&room->a[0], c->symbol);
		pgarray_plain(&room->a[1], c->interval->name);
		pgarray_plain(&room->a[2], time_format(c->timestamp_ms, text));
		pgarray_plain(&room->a[3], c->open);
		pgarray_plain(&room->a[4], c->high);
		pgarray_plain(&room->a[5], c->low);
		pgarray_plain(&room->a[6], c->close);
		pgarray_plain(&room->a[7], c->volume);
		pgarray_plain(&room->a[8], c->quote_volume);
		pgarray_int(&room->a[9], c->revision);
		pgarray_plain(&room->a[10], time_format_ms(b->rows[i].m.fetched_at_ms, text));
		n++;
	}
	return n;
}

/* One row of n counts. */
static int count(struct pg *pg, const char *sql, const char *const *values, int64_t *counts, int n,
		 struct err *err)
{
	PGresult *res =
		pg_query(pg, sql, (struct pg_params){TRANSACTION_ARRAYS, values}, STATEMENT_DEADLINE_MS, err);

	if (res == NULL)
		return -1;
	for (int i = 0; i < n; i++)
		counts[i] = number_at(res, 0, i);
	PQclear(res);
	return 0;
}

static enum transaction store_candles(struct pg *pg, struct transaction_room *room, const struct batch *b,
				      struct stored *stored, struct err *err)
{
	const char *values[TRANSACTION_ARRAYS];
	int64_t n = (int64_t)fill_rows(room, b, 0, b->n);
	int64_t wrote[3];	  /* inserted, other values, the same values */
	int64_t have[2] = {n, n}; /* there, and with our values */
	int64_t returned;

	if (n == 0)
		return TRANSACTION_DONE;
	if (room_values(room, TRANSACTION_ARRAYS, values, err) != 0 ||
	    count(pg, SQL_CANDLES, values, wrote, 3, err) != 0)
		return TRANSACTION_FAILED;
	/* Rows that the statement returned are there; the others must have been there before. */
	returned = wrote[0] + wrote[1] + wrote[2];
	if (returned < n && count(pg, SQL_ACCOUNT, values, have, 2, err) != 0)
		return TRANSACTION_FAILED;
	stored->inserted = wrote[0];
	stored->corrected = wrote[1];
	stored->identical = have[1] - returned + wrote[2];
	stored->stale = have[0] - have[1];
	if (have[0] == n && have[1] >= returned)
		return TRANSACTION_DONE;
	err_set(err, ERR_FATAL,
		"the rows do not add up: of %" PRId64 " candles %" PRId64
		" are in market_data after they were "
		"inserted, %" PRId64
		" with their values; look for a trigger, a rule or row level security on that table "
		"(nothing was committed)",
		n, have[0], have[1]);
	return TRANSACTION_BROKEN;
}

/* The union of the promises of one series' rows, which stand together: [from, to). */
static void add_series(struct transaction_room *room, const struct batch *b, size_t from, size_t to,
		       struct spans *spans)
{
	char text[TIMETEXT_BYTES];

	spans_clear(spans);
	for (size_t i = from; i < to; i++) {
		if (b->rows[i].rejected == NULL)
			spans_add(spans, b->rows[i].promise.from, b->rows[i].promise.to);
	}
	for (size_t i = 0; i < spans->n; i++) {
		pgarray_plain(&room->a[0], b->rows[from].m.candle.symbol);
		pgarray_plain(&room->a[1], b->rows[from].m.candle.interval->name);
		pgarray_plain(&room->a[2], time_format_ms(spans->v[i].from, text));
		pgarray_plain(&room->a[3], time_format_ms(spans->v[i].to, text));
	}
}

static int store_coverage(struct pg *pg, struct transaction_room *room, const struct batch *b,
			  struct err *err)
{
	const char *values[4];
	struct spans spans = {0};

	room_clear(room);
	for (size_t from = 0, to; from < b->n; from = to) {
		const struct candle *c = &b->rows[from].m.candle;

		for (to = from + 1; to < b->n && b->rows[to].m.candle.interval == c->interval &&
				    strcmp(b->rows[to].m.candle.symbol, c->symbol) == 0;)
			to++;
		add_series(room, b, from, to, &spans);
	}
	spans_release(&spans);
	if (room->a[0].text.len == 0)
		return 0;
	if (room_values(room, 4, values, err) != 0)
		return -1;
	return pg_run(pg, SQL_COVERAGE, (struct pg_params){4, values}, STATEMENT_DEADLINE_MS, err);
}

/* Locks the positions of the batch's partitions and compares them with where the batch began. */
static enum transaction check_positions(struct pg *pg, struct transaction_room *room, const struct cursor *cursor,
					const struct batch *b, struct err *err)
{
	const char *values[2] = {key_of(cursor), NULL};
	enum transaction result = TRANSACTION_DONE;
	PGresult *res;
	int row = 0;

	room_clear(room);
	for (size_t i = 0; i < b->parts_n; i++)
		pgarray_int(&room->a[0], b->parts[i].partition);
	if (room_values(room, 1, &values[1], err) != 0)
		return TRANSACTION_FAILED;
	res = pg_query(pg, sql_of(cursor)->positions, (struct pg_params){2, values}, STATEMENT_DEADLINE_MS, err);
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

static int store_positions(struct pg *pg, struct transaction_room *room, const struct cursor *cursor,
			   const struct batch *b, struct err *err)
{
	const char *values[3] = {key_of(cursor), NULL, NULL};

	room_clear(room);
	for (size_t i = 0; i < b->parts_n; i++) {
		pgarray_int(&room->a[0], b->parts[i].partition);
		pgarray_int(&room->a[1], b->parts[i].next);
	}
	if (room_values(room, 2, &values[1], err) != 0)
		return -1;
	return pg_run(pg, sql_of(cursor)->move, (struct pg_params){3, values}, STATEMENT_DEADLINE_MS, err);
}

static void add_dead(struct transaction_room *room, int32_t partition, int64_t offset, const void *key,
		     size_t key_len, const void *value, size_t value_len, const char *reason)
{
	pgarray_int(&room->a[0], partition);
	pgarray_int(&room->a[1], offset);
	pgarray_hex(&room->a[2], key, key_len);
	pgarray_hex(&room->a[3], value, value_len);
	pgarray_text(&room->a[4], reason);
}

static int store_dead(struct pg *pg, struct transaction_room *room, const char *topic, const struct batch *b,
		      struct stored *stored, struct err *err)
{
	const char *values[6] = {topic};
	struct buf encoded;

	room_clear(room);
	stored->dead = (int64_t)b->dead_n;
	for (size_t i = 0; i < b->dead_n; i++) {
		const struct dead_letter *d = &b->dead[i];

		add_dead(room, d->partition, d->offset, d->key, d->key_len, d->value, d->value_len,
			 d->reason);
	}
	buf_init(&encoded, MESSAGE_MAX_BYTES);
	for (size_t i = 0; i < b->n; i++) {
		const struct batch_row *r = &b->rows[i];
		int fits;

		if (r->rejected == NULL)
			continue;
		buf_clear(&encoded);
		fits = message_encode(&r->m, &encoded) == 0;
		add_dead(room, r->partition, r->offset, r->m.candle.symbol, strlen(r->m.candle.symbol),
			 fits ? encoded.data : NULL, encoded.len, r->rejected);
		stored->dead++;
	}
	buf_release(&encoded);
	if (stored->dead == 0)
		return 0;
	if (room_values(room, 5, &values[1], err) != 0)
		return -1;
	return pg_run(pg, SQL_DEAD, (struct pg_params){6, values}, STATEMENT_DEADLINE_MS, err);
}

/* COMMIT of a transaction that had failed answers ROLLBACK, without an error. */
static enum transaction commit(struct pg *pg, struct err *err)
{
	PGresult *res = pg_query(pg, "COMMIT", (struct pg_params){0, NULL}, STATEMENT_DEADLINE_MS, err);
	int committed = res != NULL && strcmp(PQcmdStatus(res), "COMMIT") == 0;

	if (res != NULL && !committed)
		err_set(err, ERR_RETRY, "the database answered COMMIT with %s", PQcmdStatus(res));
	PQclear(res);
	return committed ? TRANSACTION_DONE : TRANSACTION_FAILED;
}

enum transaction transaction_store(struct pg *pg, struct transaction_room *room, const struct cursor *cursor,
				   const struct batch *b, const atomic_int *abandon, struct stored *stored,
				   struct err *err)
{
	const struct pg_params none = {0, NULL};
	enum transaction result = TRANSACTION_FAILED;
	struct err ignored;

	memset(stored, 0, sizeof(*stored));
	FAULT("before_db");
	if (pg_run(pg, sql_of(cursor)->begin, none, STATEMENT_DEADLINE_MS, err) != 0)
		goto out;
	result = check_positions(pg, room, cursor, b, err);
	if (result == TRANSACTION_DONE)
		result = store_candles(pg, room, b, stored, err);
	if (result != TRANSACTION_DONE)
		goto out;
	if (store_coverage(pg, room, b, err) != 0 || store_positions(pg, room, cursor, b, err) != 0 ||
	    store_dead(pg, room, cursor->topic, b, stored, err) != 0)
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

int transaction_try_rows(struct pg *pg, struct transaction_room *room, const struct batch *b, size_t from,
			 size_t to, struct err *err)
{
	const struct pg_params none = {0, NULL};
	const char *values[TRANSACTION_ARRAYS];
	int64_t wrote[3];

	if (fill_rows(room, b, from, to) == 0)
		return 0;
	if (room_values(room, TRANSACTION_ARRAYS, values, err) != 0 ||
	    pg_run(pg, live.begin, none, STATEMENT_DEADLINE_MS, err) != 0 ||
	    count(pg, SQL_CANDLES, values, wrote, 3, err) != 0)
		return -1;
	return pg_run(pg, "ROLLBACK", none, STATEMENT_DEADLINE_MS, err);
}
