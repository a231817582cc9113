/* SPDX-License-Identifier: MIT */
#include "row_state.h"

#include <stdlib.h>
#include <string.h>

#include "common/text/timetext.h"
#include "pgbinary.h"
#include "transaction_sql.h"

/* Of an answer: the stretch, the timestamp, and what struct found has. */
enum { COLUMNS = 5, VALUES = 6 };
/* In the order of SQL_STATES: what decides which of two rows wins is first. */
#define VALUES_OF(c)                                                                       \
	{                                                                                  \
		(c)->volume, (c)->quote_volume, (c)->open, (c)->high, (c)->low, (c)->close \
	}

/* What stands between two keys of a stretch is read in vain; a range of its own costs as much as a
 * few rows. */
enum { APART_MAX = 8 };

/* Both of one series. */
static int is_near(const struct candle *a, const struct candle *b)
{
	return b->timestamp_ms - a->timestamp_ms <= APART_MAX * a->interval->nominal_ms;
}

size_t row_state_stretches(const struct batch *b, struct stretch *stretches)
{
	size_t n = 0, end = 0;

	for (size_t from = 0, to; from < b->n; from = to) {
		if (from == end)
			end = batch_series_end(b, from);
		for (to = from + 1;
		     to < end && is_near(&b->rows[to - 1].m.candle, &b->rows[to].m.candle);)
			to++;
		stretches[n++] = (struct stretch){from, to};
	}
	return n;
}

/* <0, 0, >0, or -2 where that cannot be told here. */
enum { ORDER_UNKNOWN = -2 };

/* Takes the next value of the row that was found. */
static int order(const char *ours, const char **at, size_t *left)
{
	const char *space = memchr(*at, ' ', *left);
	size_t len = space != NULL ? (size_t)(space - *at) : *left;
	char theirs[DECIMAL_BYTES];
	int c;

	if (len >= sizeof(theirs))
		return ORDER_UNKNOWN;
	memcpy(theirs, *at, len);
	theirs[len] = '\0';
	*at += len + (space != NULL);
	*left -= len + (space != NULL);
	if (!decimal_is_plain(theirs))
		return ORDER_UNKNOWN;
	c = decimal_compare(ours, theirs);
	return (c > 0) - (c < 0);
}

/* Read so long after its end, a candle is final. */
enum { FINAL_MS = 60 * 1000 };

static int is_final(const struct candle *c, int64_t fetched_at_us)
{
	return fetched_at_us >=
	       (interval_end(c->interval, c->timestamp_ms) + FINAL_MS) * INT64_C(1000);
}

/* A final row that wins over nothing but its own values and revision leaves the table as it is: it
 * would be a dead tuple for a newer fetched_at. Where the revision differs it is written: without
 * it a message in between could win afterwards, and the outcome would depend on the order. (Final
 * messages of one revision have the same values: a producer that reads others gives them a greater
 * one.) */
enum row_state row_state_of(const struct message *m, const struct found *f)
{
	const struct candle *c = &m->candle;
	const char *const values[VALUES] = VALUES_OF(c);
	int64_t ours_us = m->fetched_at_ms * 1000, theirs_us, revision;
	int wins, stays, same = 1;
	const char *at = f->values;
	size_t left = f->values_len;

	if (f->revision == NULL || f->fetched_at == NULL || f->values == NULL)
		return ROW_NEWER;
	revision = pgbinary_get_int64(f->revision);
	theirs_us = pgbinary_get_time_us(f->fetched_at);
	wins = (c->revision > revision) - (c->revision < revision);
	if (wins == 0)
		wins = (ours_us > theirs_us) - (ours_us < theirs_us);
	stays = c->revision == revision && is_final(c, theirs_us);
	for (int i = 0; i < VALUES; i++) {
		int o = order(values[i], &at, &left);

		if (o == ORDER_UNKNOWN)
			return ROW_NEWER;
		if (wins == 0 && i < 2)
			wins = o;
		same &= o == 0;
	}
	if (wins > 0 && !(same && stays))
		return same ? ROW_CONFIRMS : ROW_NEWER;
	return same ? ROW_IDENTICAL : ROW_STALE;
}

/* The row of the stretch with that timestamp, or `to`. Answers come in order, mostly: *next is
 * tried first. */
static size_t find(const struct batch *b, const struct stretch *s, int64_t timestamp_us,
		   size_t *next)
{
	size_t from = s->from, to = s->to;

	if (*next >= from && *next < to &&
	    b->rows[*next].m.candle.timestamp_ms * 1000 == timestamp_us)
		return (*next)++;
	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (b->rows[mid].m.candle.timestamp_ms * 1000 < timestamp_us)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == s->to || b->rows[from].m.candle.timestamp_ms * 1000 != timestamp_us)
		return s->to;
	*next = from + 1;
	return from;
}

/* ---------------------------------------------------------------- the answers */

/* 1 if the row is, byte for byte, what the message would leave there: nearly all that is there
 * already is. The server writes a numeric with the digits that it was given. */
static int is_alike(const struct message *m, const struct found *f)
{
	const struct candle *c = &m->candle;
	const char *const values[VALUES] = VALUES_OF(c);
	const char *at = f->values;
	size_t left = f->values_len;

	if (f->revision == NULL || f->fetched_at == NULL || at == NULL ||
	    pgbinary_get_int64(f->revision) != c->revision ||
	    pgbinary_get_time_us(f->fetched_at) != m->fetched_at_ms * 1000)
		return 0;
	for (int i = 0; i < VALUES; i++) {
		size_t len = strlen(values[i]), space = i < VALUES - 1;

		if (left < len + space || memcmp(at, values[i], len) != 0 ||
		    (space && at[len] != ' '))
			return 0;
		at += len + space;
		left -= len + space;
	}
	return left == 0;
}

static int find_fields(const char *at, size_t bytes, struct found *found)
{
	int len[3];

	found->revision = pgbinary_field(&at, &bytes, &len[0]);
	found->fetched_at = pgbinary_field(&at, &bytes, &len[1]);
	found->values = pgbinary_field(&at, &bytes, &len[2]);
	found->values_len = found->values != NULL ? (size_t)len[2] : 0;
	for (int i = 0; i < 2; i++)
		if (len[i] != 8 && len[i] != PGBINARY_NULL)
			return -1;
	return len[2] >= PGBINARY_NULL && bytes == 0 ? 0 : -1;
}

int row_states_note(struct session *db, const struct batch *b, struct row_states *s,
		    const char *piece, size_t bytes)
{
	const char *at = piece, *number, *timestamp;
	struct found found;
	int columns, len[2];
	size_t k, i;

	if (pgbinary_row(&at, &bytes, &columns) != 0)
		return -1;
	if (columns == PGBINARY_END)
		return 0;
	number = pgbinary_field(&at, &bytes, &len[0]);
	timestamp = pgbinary_field(&at, &bytes, &len[1]);
	if (columns != COLUMNS || len[0] != 8 || len[1] != 8)
		return -1;
	k = (size_t)pgbinary_get_int64(number) - 1;
	if (k >= s->stretches)
		return -1;
	i = find(b, &db->stretches[k], pgbinary_get_time_us(timestamp), &s->next);
	if (i == db->stretches[k].to || db->state[i] == ROW_EXCLUDED)
		return 0;
	if (find_fields(at, bytes, &found) != 0)
		return -1;
	db->state[i] = (unsigned char)(is_alike(&b->rows[i].m, &found)
					       ? ROW_IDENTICAL
					       : row_state_of(&b->rows[i].m, &found));
	return 0;
}

static int read_answers(struct pg_copy *copy, struct session *db, const struct batch *b,
			size_t stretches, struct err *err)
{
	struct row_states s = {.stretches = stretches};
	const char *piece;
	size_t bytes;
	int got;

	while ((got = pg_copy_get(copy, &piece, &bytes, err)) == 1) {
		if (row_states_note(db, b, &s, piece, bytes) == 0)
			continue;
		pg_close(copy->pg);
		return err_set(err, ERR_RETRY,
			       "the database answered a COPY with something else than rows");
	}
	return got;
}

/* On a hypertable each range of a SELECT costs a look at each chunk that the SELECT is about: so
 * many SELECTs at most, each of ranges that lie together, of so many ranges at least. */
enum { SELECTS_MAX = 32, SELECT_RANGES_MIN = 8 };

static int by_time(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	return (x->first_ms > y->first_ms) - (x->first_ms < y->first_ms);
}

/* Fills the turns; returns how many SELECTs they are for. */
static size_t divide(struct session *db, const struct batch *b, size_t stretches)
{
	size_t selects = db->is_chunked ? stretches / SELECT_RANGES_MIN : 0;

	for (size_t k = 0; k < stretches; k++)
		db->turns[k] =
			(struct turn){b->rows[db->stretches[k].from].m.candle.timestamp_ms, k};
	if (selects <= 1)
		return 1;
	qsort(db->turns, stretches, sizeof(*db->turns), by_time);
	return selects < SELECTS_MAX ? selects : SELECTS_MAX;
}

/* The turns [from, to) with their parameters inside: COPY takes none. They hold nothing that would
 * have to be escaped: names that passed validation, and times. */
static int add_select(struct session *db, const struct batch *b, size_t from, size_t to,
		      struct err *err)
{
	char text[TIMETEXT_BYTES], hull_from[TIMETEXT_BYTES], hull_to[TIMETEXT_BYTES];
	int64_t from_ms = INT64_MAX, to_ms = INT64_MIN;
	const char *values[5];

	session_clear(db);
	for (size_t i = from; i < to; i++) {
		size_t k = db->turns[i].stretch;
		const struct candle *first = &b->rows[db->stretches[k].from].m.candle;
		const struct candle *last = &b->rows[db->stretches[k].to - 1].m.candle;

		from_ms = first->timestamp_ms < from_ms ? first->timestamp_ms : from_ms;
		to_ms = last->timestamp_ms > to_ms ? last->timestamp_ms : to_ms;
		pgarray_plain(&db->a[0], first->symbol);
		pgarray_plain(&db->a[1], first->interval->name);
		pgarray_plain(&db->a[2], time_format(first->timestamp_ms, text));
		pgarray_plain(&db->a[3], time_format(last->timestamp_ms, text));
		pgarray_int(&db->a[4], (int64_t)k + 1);
	}
	if (session_values(db, 5, values, err) != 0)
		return -1;
	if (buf_printf(&db->sql, "%s" SQL_STATES, from > 0 ? " UNION ALL " : "COPY (", values[0],
		       values[1], values[2], values[3], values[4], time_format(from_ms, hull_from),
		       time_format(to_ms, hull_to)) == 0)
		return 0;
	return err_set(err, ERR_FATAL, "a batch does not fit into a statement; lower --batch-rows");
}

static const char *statement(struct session *db, const struct batch *b, size_t stretches,
			     struct err *err)
{
	size_t selects = divide(db, b, stretches);

	buf_clear(&db->sql);
	for (size_t i = 0; i < selects; i++)
		if (add_select(db, b, stretches * i / selects, stretches * (i + 1) / selects,
			       err) != 0)
			return NULL;
	if (buf_printf(&db->sql, ") TO STDOUT (FORMAT binary)") == 0)
		return db->sql.data;
	err_set(err, ERR_FATAL, "a batch does not fit into a statement; lower --batch-rows");
	return NULL;
}

/* ---------------------------------------------------------------- both questions */

#define SQL_FLOORS                                                                         \
	"SELECT b.n, (extract(epoch FROM s.retained_from) * 1000)::bigint "                \
	"FROM unnest($1::bigint[], $2::text[], $3::text[]) AS b(n, symbol, interval) "     \
	"JOIN market_data_series AS s ON s.symbol = b.symbol AND s.interval = b.interval " \
	"WHERE s.retained_from IS NOT NULL"

/* The answer has the first row of a series. */
static int64_t apply_floor(struct session *db, const struct batch *b, size_t first,
			   int64_t floor_ms)
{
	size_t end = batch_series_end(b, first);
	int64_t below = 0;

	for (size_t i = first; i < end; i++) {
		db->floor_ms[i] = floor_ms;
		below += b->rows[i].m.candle.timestamp_ms < floor_ms;
	}
	return below;
}

/* Fills db->floor_ms: nothing of a row's series before that is to be stored or covered;
 * INT64_MIN: all of it may. *below: how many rows are. */
static int ask_floors(struct session *db, const struct batch *b, int64_t *below, struct err *err)
{
	PGresult *res;

	*below = 0;
	session_clear(db);
	for (size_t i = 0; i < b->n; i++)
		db->floor_ms[i] = INT64_MIN;
	for (size_t i = 0; i < b->n; i = batch_series_end(b, i)) {
		const struct candle *c = &b->rows[i].m.candle;

		pgarray_int(&db->a[0], (int64_t)i);
		pgarray_plain(&db->a[1], c->symbol);
		pgarray_plain(&db->a[2], c->interval->name);
	}
	if (b->n == 0)
		return 0;
	res = session_query(db, SQL_FLOORS, NULL, 3, err);
	if (res == NULL)
		return -1;
	for (int row = 0; row < PQntuples(res); row++)
		*below +=
			apply_floor(db, b, (size_t)pg_number(res, row, 0), pg_number(res, row, 1));
	PQclear(res);
	return 0;
}

int row_states_ask(struct session *db, const struct batch *b, int64_t *below, struct err *err)
{
	struct pg_copy copy;
	size_t stretches;
	const char *sql;

	session_take_rows(db, b->n);
	if (ask_floors(db, b, below, err) != 0)
		return -1;
	stretches = row_state_stretches(b, db->stretches);
	for (size_t i = 0; i < b->n; i++)
		db->state[i] = b->rows[i].rejected != NULL ||
					       b->rows[i].m.candle.timestamp_ms < db->floor_ms[i]
				       ? ROW_EXCLUDED
				       : ROW_MISSING;
	if (stretches == 0)
		return 0;
	sql = statement(db, b, stretches, err);
	if (sql == NULL ||
	    pg_copy_begin(&copy, &db->pg, sql, PGRES_COPY_OUT, PG_DEADLINE_MS, err) != 0)
		return -1;
	return read_answers(&copy, db, b, stretches, err);
}
