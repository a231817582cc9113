/* SPDX-License-Identifier: MIT */
#include "bisect.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/log.h"

/* DOUBT: so many rows in a row that fail may mean that no row at all is taken. ENOUGH: where a row
 * is to blame, the first is found in fewer tries, twice the logarithm of the batch. */
enum { DOUBT = 16, ENOUGH = 64, MAKE_UP = 10 };

int refusals_add(struct refusals *r, int64_t limit)
{
	r->refused++;
	return limit != 0 && r->refused > limit;
}

void refusals_make_up(struct refusals *r, int64_t n)
{
	int64_t made_up;

	r->taken += n;
	made_up = r->taken / MAKE_UP < r->refused ? r->taken / MAKE_UP : r->refused;
	r->refused -= made_up;
	r->taken = r->refused == 0 ? 0 : r->taken - made_up * MAKE_UP;
}

struct search {
	struct session *db;
	struct batch *batch;
	size_t from, to;
	int64_t limit; /* 0: none */
	int any;       /* the failure that led here is not about data */
	size_t *marked, n;
	int tries;
	int passed; /* some rows were taken */
	int unsure; /* a marked row's failure is not about data */
};

/* After a try that failed. */
static int can_go_on(struct search *s)
{
	return pg_is_open(&s->db->pg) && pg_exec(&s->db->pg, "ROLLBACK", &(struct err){0}) == 0;
}

static int is_taken(struct search *s, size_t from, size_t to, struct err *why)
{
	return transaction_try_rows(s->db, s->batch, from, to, why) == 0;
}

/* Does the table take a row of another series, one that it has? */
static int is_another_taken(struct search *s)
{
	struct err why;

	if (transaction_try_another(s->db, s->batch->rows[s->marked[0]].m.candle.symbol, &why) == 0)
		return 1;
	(void)can_go_on(s);
	return 0;
}

/* 0, or -1: it is not the rows. */
static int mark(struct search *s, size_t at, const struct err *why)
{
	batch_reject(s->batch, at, why->text);
	s->marked[s->n++] = at;
	s->unsure |= why->class != ERR_INPUT;
	return s->unsure && !s->passed && s->n == DOUBT && !is_another_taken(s) ? -1 : 0;
}

/* Marks the bad ones of rows [from, to). Every answer costs a transaction that is rolled back. 0,
 * or -1: no row is to blame. */
static int search(struct search *s, size_t from, size_t to)
{
	struct err why;

	if (from == to || (s->limit > 0 && s->n > (size_t)s->limit) ||
	    (s->n == 0 && s->tries++ >= ENOUGH))
		return 0;
	if (is_taken(s, from, to, &why)) {
		s->passed = 1;
		return 0;
	}
	if (!can_go_on(s) || (why.class == ERR_RETRY && !s->any))
		return -1;
	if (to - from == 1)
		return mark(s, from, &why);
	if (search(s, from, from + (to - from) / 2) != 0)
		return -1;
	return search(s, from + (to - from) / 2, to);
}

static void say(const struct search *s, size_t at)
{
	const struct batch_row *row = &s->batch->rows[at];

	log_error(
		"the database refuses a row that passed validation; it goes to the dead letters (please "
		"report this)",
		L_STR("symbol", row->m.candle.symbol),
		L_STR("interval", row->m.candle.interval->name),
		L_TIME("timestamp", row->m.candle.timestamp_ms), L_INT("partition", row->partition),
		L_INT("offset", row->offset), L_STR("error", row->rejected));
}

/* The rows that were marked are to blame. */
static enum bisect blame(struct search *s, struct refusals *refusals, struct err *err)
{
	int too_many = 0;

	for (size_t i = 0; i < s->n && !too_many; i++) {
		say(s, s->marked[i]);
		too_many = refusals_add(refusals, s->limit);
		if (too_many)
			err_set(err, ERR_FATAL,
				"the database refused more than %" PRId64
				" rows (--dead-letter-limit) and took less than ten times as many, the last with: "
				"%.300s; nothing of this batch is committed; mend the table, or raise the limit (0 = no "
				"limit)",
				s->limit, s->batch->rows[s->marked[i]].rejected);
	}
	return too_many ? BISECT_TOO_MANY : BISECT_FOUND;
}

static enum bisect conclude(struct search *s, int stopped, struct refusals *refusals,
			    struct err *err)
{
	struct err why;

	if (s->n == 0) /* one try: all of it was taken this time */
		return !stopped && s->tries > 1 && s->any ? BISECT_SIZE : BISECT_NONE;
	if (!s->unsure)
		return blame(s, refusals, err);
	if (!stopped && (s->passed || is_another_taken(s)) && is_taken(s, s->from, s->to, &why))
		return blame(s, refusals, err);
	while (s->n > 0)
		batch_accept(s->batch, s->marked[--s->n]);
	return BISECT_NONE;
}

enum bisect bisect_rows(struct session *db, struct batch *b, size_t from, size_t to, int64_t limit,
			struct refusals *refusals, struct err *err)
{
	struct search s = {.db = db,
			   .batch = b,
			   .from = from,
			   .to = to,
			   .limit = limit,
			   .any = err->class != ERR_INPUT};
	enum bisect result = BISECT_NONE;

	if (from == to || !can_go_on(&s))
		return result;
	s.marked = xreallocarray(NULL, to - from, sizeof(*s.marked));
	result = conclude(&s, search(&s, from, to) != 0, refusals, err);
	free(s.marked);
	return result;
}
