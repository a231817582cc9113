/* SPDX-License-Identifier: MIT */
#include "candles.h"

#include <inttypes.h>
#include <string.h>

#include "common/text/timetext.h"
#include "pgbinary.h"
#include "row_state.h"
#include "transaction_sql.h"

void outcomes_add(struct outcomes *sum, const struct outcomes *s)
{
	for (int i = 0; i < TALLY_COUNTERS; i++)
		sum->n[i] += s->n[i];
}

/* A COPY costs as much as so many rows by ON CONFLICT, beside its own rows. */
enum { COPY_MIN_ROWS = 500 };

enum { COLUMNS = 11 };
enum {
	TUPLE_BYTES = 2 + COLUMNS * 4 + SYMBOL_BYTES + 8 + 3 * 8 + 6 * PGBINARY_NUMERIC_BYTES
}; /* at most */

/* Which rows of a batch a statement is about: those that stand like this. */
enum {
	MISSING = 1 << ROW_MISSING,
	NEWER = 1 << ROW_NEWER | 1 << ROW_CONFIRMS,
	ALL = ~(1 << ROW_EXCLUDED)
};

/* Fills the eleven arrays of SQL_ROWS with rows of [from, to); returns how many. */
static int64_t fill_rows(struct session *db, const struct batch *b, size_t from, size_t to,
			 int which)
{
	char text[TIMETEXT_BYTES];
	int64_t n = 0;

	session_clear(db);
	for (size_t i = from; i < to; i++) {
		const struct candle *c = &b->rows[i].m.candle;

		if (b->rows[i].rejected != NULL ||
		    (which != ALL && (which >> db->state[i] & 1) == 0))
			continue;
		pgarray_plain(&db->a[0], c->symbol);
		pgarray_plain(&db->a[1], c->interval->name);
		pgarray_plain(&db->a[2], time_format(c->timestamp_ms, text));
		pgarray_plain(&db->a[3], c->open);
		pgarray_plain(&db->a[4], c->high);
		pgarray_plain(&db->a[5], c->low);
		pgarray_plain(&db->a[6], c->close);
		pgarray_plain(&db->a[7], c->volume);
		pgarray_plain(&db->a[8], c->quote_volume);
		pgarray_int(&db->a[9], c->revision);
		pgarray_plain(&db->a[10], time_format_ms(b->rows[i].m.fetched_at_ms, text));
		n++;
	}
	return n;
}

/* One row of n counts. */
static int count(struct session *db, const char *sql, int64_t *counts, int n, struct err *err)
{
	PGresult *res = session_query(db, sql, NULL, SESSION_ARRAYS, err);

	if (res == NULL)
		return -1;
	for (int i = 0; i < n; i++)
		counts[i] = pg_number(res, 0, i);
	PQclear(res);
	return 0;
}

/* ---------------------------------------------------------------- COPY */

static unsigned char *put_tuple(unsigned char *at, const struct message *m)
{
	const struct candle *c = &m->candle;

	at = pgbinary_tuple(at, COLUMNS);
	at = pgbinary_text(at, c->symbol);
	at = pgbinary_text(at, c->interval->name);
	at = pgbinary_time(at, c->timestamp_ms);
	at = pgbinary_numeric(at, c->open);
	at = pgbinary_numeric(at, c->high);
	at = pgbinary_numeric(at, c->low);
	at = pgbinary_numeric(at, c->close);
	at = pgbinary_numeric(at, c->volume);
	at = pgbinary_numeric(at, c->quote_volume);
	at = pgbinary_int64(at, c->revision);
	return pgbinary_time(at, m->fetched_at_ms);
}

/* Sends what is missing, while the server is at work on what it has. */
static int copy_rows(struct session *db, const struct batch *b, int64_t *copied, struct err *err)
{
	unsigned char *start = db->tuples, *at = pgbinary_header(start);
	struct pg_copy copy;

	if (pg_copy_begin(&copy, &db->pg, SQL_COPY, PGRES_COPY_IN, PG_DEADLINE_MS, err) != 0)
		return -1;
	for (size_t i = 0; i < b->n; i++) {
		if (db->state[i] == ROW_MISSING)
			at = put_tuple(at, &b->rows[i].m);
		if (SESSION_TUPLES_BYTES - (at - start) >= TUPLE_BYTES)
			continue;
		if (pg_copy_put(&copy, start, (size_t)(at - start), err) != 0)
			return -1;
		at = start;
	}
	at = pgbinary_trailer(at);
	if (pg_copy_put(&copy, start, (size_t)(at - start), err) != 0)
		return -1;
	return pg_copy_end(&copy, copied, err);
}

/* Whether a COPY that failed says nothing about the rows, or may not be what the table allows (row
 * level security, for one). ON CONFLICT has the answer, or the same failure and then the right
 * sentence. Of the transient failures only those that come of another writer. */
static int should_redo(const struct pg *pg, const struct err *err)
{
	return pg_is_open(pg) && (err->class != ERR_RETRY || strcmp(pg->sqlstate, "55P03") == 0 ||
				  strcmp(pg->sqlstate, "40P01") == 0);
}

/* ---------------------------------------------------------------- all of it */

struct wrote {
	int64_t inserted, updated;
};

static int upsert(struct session *db, const struct batch *b, int which, struct wrote *wrote,
		  struct err *err)
{
	int64_t counts[2];

	if (fill_rows(db, b, 0, b->n, which) == 0)
		return 0;
	if (count(db, SQL_CANDLES, counts, 2, err) != 0)
		return -1;
	wrote->inserted += counts[0];
	wrote->updated += counts[1];
	return 0;
}

/* What is missing by COPY, then what is newer, without waiting for anybody. */
static int copy_and_upsert(struct session *db, const struct batch *b, int64_t newer,
			   struct wrote *wrote, int64_t *copied, struct err *err)
{
	if (copy_rows(db, b, copied, err) != 0)
		return -1;
	wrote->inserted = *copied;
	if (newer == 0)
		return 0;
	if (pg_exec(&db->pg, SQL_WAIT_FOR_NOBODY, err) != 0 ||
	    upsert(db, b, NEWER, wrote, err) != 0)
		return -1;
	return pg_exec(&db->pg, SQL_WAIT_AGAIN, err);
}

/* Rows that a statement counted are there; the others of the n that should have been written must
 * have come from somebody else. So many of those that were updated had our values before: as far as
 * nobody came in between, which only the counts would show. */
static enum transaction account(struct session *db, const struct batch *b, int64_t n,
				int64_t confirmed, const struct wrote *wrote,
				struct outcomes *outcomes, struct err *err)
{
	int64_t have[2] = {n, n}; /* there, and with our values */
	int64_t returned = wrote->inserted + wrote->updated;

	if (confirmed > wrote->updated)
		confirmed = wrote->updated;

	if (returned < n) {
		fill_rows(db, b, 0, b->n, MISSING | NEWER);
		if (count(db, SQL_ACCOUNT, have, 2, err) != 0)
			return TRANSACTION_FAILED;
	}
	outcomes->n[TALLY_INSERTED] += wrote->inserted;
	outcomes->n[TALLY_CORRECTED] += wrote->updated - confirmed;
	outcomes->n[TALLY_IDENTICAL] += have[1] - returned + confirmed;
	outcomes->n[TALLY_STALE] += have[0] - have[1];
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

enum transaction candles_store(struct session *db, const struct batch *b, enum candles_way way,
			       struct outcomes *outcomes, struct err *err)
{
	int64_t n[ROW_STALE + 1] = {0}, newer, todo;
	struct wrote wrote = {0, 0};

	if (row_states_ask(db, b, &outcomes->n[TALLY_GIVEN_UP], err) != 0)
		return TRANSACTION_FAILED;
	for (size_t i = 0; i < b->n; i++)
		n[db->state[i]]++;
	outcomes->n[TALLY_IDENTICAL] = n[ROW_IDENTICAL];
	outcomes->n[TALLY_STALE] = n[ROW_STALE];
	newer = n[ROW_NEWER] + n[ROW_CONFIRMS];
	todo = n[ROW_MISSING] + newer;
	if (todo == 0)
		return TRANSACTION_DONE;
	if (way == CANDLES_COPY && n[ROW_MISSING] >= COPY_MIN_ROWS) {
		if (copy_and_upsert(db, b, newer, &wrote, &outcomes->n[TALLY_COPIED], err) != 0)
			return should_redo(&db->pg, err) ? TRANSACTION_REDO : TRANSACTION_FAILED;
	} else if (upsert(db, b, MISSING | NEWER, &wrote, err) != 0) {
		return TRANSACTION_FAILED;
	}
	return account(db, b, todo, n[ROW_CONFIRMS], &wrote, outcomes, err);
}

int candles_try(struct session *db, const struct batch *b, size_t from, size_t to, struct err *err)
{
	int64_t counts[2];

	return fill_rows(db, b, from, to, ALL) == 0 ? 0 : count(db, SQL_CANDLES, counts, 2, err);
}
