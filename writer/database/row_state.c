/* SPDX-License-Identifier: MIT */
#include "row_state.h"

#include <string.h>

#include "common/timetext.h"
#include "pgbinary.h"
#include "transaction_sql.h"

/* Of SQL_STANDING. */
enum { STRETCH, TIMESTAMP, REVISION, COLUMNS = REVISION + 8 };
/* Of struct found. */
enum { FOUND_REVISION, FOUND_FETCHED_AT, FOUND_VALUES, FOUND_COLUMNS = FOUND_VALUES + 6 };

/* What stands between two keys of a stretch is read in vain; a range of its own costs as much as a
 * few rows. */
enum { APART_MAX = 8 };

static int same_stretch(const struct candle *a, const struct candle *b)
{
	return a->interval == b->interval && strcmp(a->symbol, b->symbol) == 0 &&
	       b->timestamp_ms - a->timestamp_ms <= APART_MAX * a->interval->nominal_ms;
}

size_t row_state_stretches(const struct batch *b, struct stretch *stretches)
{
	size_t n = 0;

	for (size_t from = 0, to; from < b->n; from = to) {
		for (to = from + 1;
		     to < b->n && same_stretch(&b->rows[to - 1].m.candle, &b->rows[to].m.candle);)
			to++;
		stretches[n++] = (struct stretch){from, to};
	}
	return n;
}

/* <0, 0, >0, or -2 where that cannot be told here. */
enum { ORDER_UNKNOWN = -2 };

/* Nearly always the bytes are the same, and nothing has to be turned into text. */
static int order(const char *ours, const struct found *f, int column)
{
	unsigned char bytes[4 + PGBINARY_NUMERIC_BYTES], *end;
	char theirs[DECIMAL_BYTES];
	int c;

	if (f->field[column] == NULL)
		return ORDER_UNKNOWN;
	end = pgbinary_numeric(bytes, ours);
	if (end - bytes - 4 == f->len[column] &&
	    memcmp(bytes + 4, f->field[column], (size_t)f->len[column]) == 0)
		return 0;
	if (pgbinary_get_numeric(f->field[column], f->len[column], theirs) != 0)
		return ORDER_UNKNOWN;
	c = decimal_compare(ours, theirs);
	return (c > 0) - (c < 0);
}

enum row_state row_state_of(const struct message *m, const struct found *f)
{
	const struct candle *c = &m->candle;
	/* volume and quote_volume first: they decide */
	const char *values[] = {c->volume, c->quote_volume, c->open, c->high, c->low, c->close};
	int64_t ours_us = m->fetched_at_ms * 1000, theirs_us, revision;
	int wins, same = 1;

	if (f->field[FOUND_REVISION] == NULL || f->field[FOUND_FETCHED_AT] == NULL)
		return ROW_NEWER;
	revision = pgbinary_get_int64(f->field[FOUND_REVISION]);
	theirs_us = pgbinary_get_time_us(f->field[FOUND_FETCHED_AT]);
	wins = (c->revision > revision) - (c->revision < revision);
	if (wins == 0)
		wins = (ours_us > theirs_us) - (ours_us < theirs_us);
	for (int i = 0; i < 6 && wins <= 0; i++) {
		int o = order(values[i], f, FOUND_VALUES + i);

		if (o == ORDER_UNKNOWN)
			return ROW_NEWER;
		if (wins == 0 && i < 2)
			wins = o;
		same &= o == 0;
	}
	if (wins > 0)
		return ROW_NEWER;
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

static void note(struct store_scratch *scratch, const struct batch *b, size_t stretches,
		 const PGresult *res)
{
	size_t next = 0;

	for (int row = 0; row < PQntuples(res); row++) {
		size_t k = (size_t)pgbinary_get_int64(PQgetvalue(res, row, STRETCH)) - 1, i;
		struct found found;

		if (k >= stretches)
			continue;
		i = find(b, &scratch->stretches[k],
			 pgbinary_get_time_us(PQgetvalue(res, row, TIMESTAMP)), &next);
		if (i == scratch->stretches[k].to || scratch->state[i] == ROW_EXCLUDED)
			continue;
		for (int c = 0; c < FOUND_COLUMNS; c++) {
			found.field[c] = PQgetisnull(res, row, REVISION + c)
						 ? NULL
						 : PQgetvalue(res, row, REVISION + c);
			found.len[c] = PQgetlength(res, row, REVISION + c);
		}
		scratch->state[i] = (unsigned char)row_state_of(&b->rows[i].m, &found);
	}
}

int row_states_ask(struct pg *pg, struct store_scratch *scratch, const struct batch *b,
		   int64_t deadline_ms, struct err *err)
{
	char text[TIMETEXT_BYTES];
	const char *values[4];
	size_t stretches;
	PGresult *res;

	scratch_take_rows(scratch, b->n);
	stretches = row_state_stretches(b, scratch->stretches);
	for (size_t i = 0; i < b->n; i++)
		scratch->state[i] = b->rows[i].rejected != NULL ? ROW_EXCLUDED : ROW_MISSING;
	if (stretches == 0)
		return 0;
	scratch_clear(scratch);
	for (size_t k = 0; k < stretches; k++) {
		const struct candle *first = &b->rows[scratch->stretches[k].from].m.candle;
		const struct candle *last = &b->rows[scratch->stretches[k].to - 1].m.candle;

		pgarray_plain(&scratch->a[0], first->symbol);
		pgarray_plain(&scratch->a[1], first->interval->name);
		pgarray_plain(&scratch->a[2], time_format(first->timestamp_ms, text));
		pgarray_plain(&scratch->a[3], time_format(last->timestamp_ms, text));
	}
	if (scratch_values(scratch, 4, values, err) != 0)
		return -1;
	res = pg_query_binary(pg, SQL_STANDING, (struct pg_params){4, values}, deadline_ms, err);
	if (res == NULL)
		return -1;
	note(scratch, b, stretches, res);
	PQclear(res);
	return 0;
}
