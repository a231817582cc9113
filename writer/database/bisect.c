/* SPDX-License-Identifier: MIT */
#include "bisect.h"

#include <inttypes.h>

#include "common/base/log.h"

struct search {
	struct pg *pg;
	struct store_scratch *scratch;
	const struct cursor *cursor;
	struct batch *batch;
	int64_t limit;
	struct refusals *refusals;
	struct err *err;
};

static enum bisect reject(struct search *s, size_t at, const struct err *why)
{
	const struct batch_row *row = &s->batch->rows[at];

	batch_reject(s->batch, at, why->text);
	log_error(
		"the database refuses a row that passed validation; it goes to the dead letters (please "
		"report this)",
		L_STR("symbol", row->m.candle.symbol),
		L_STR("interval", row->m.candle.interval->name),
		L_TIME("timestamp", row->m.candle.timestamp_ms), L_INT("partition", row->partition),
		L_INT("offset", row->offset), L_STR("error", why->text));
	if (!refusals_add(s->refusals, s->limit))
		return BISECT_FOUND;
	err_set(s->err, ERR_FATAL,
		"the database refused more than %" PRId64
		" rows (--dead-letter-limit) and took less than ten times as many, the last with: "
		"%.300s; nothing of this batch is committed; mend the table, or raise the limit (0 = no "
		"limit)",
		s->limit, why->text);
	return BISECT_TOO_MANY;
}

/* Rows [from, to) hold a bad one or not? Every answer costs a transaction that is rolled back. */
static enum bisect search(struct search *s, size_t from, size_t to)
{
	enum bisect left, right;
	struct err why;

	if (from == to ||
	    transaction_try_rows(s->pg, s->scratch, s->cursor, s->batch, from, to, &why) == 0)
		return BISECT_NONE;
	if (why.class != ERR_INPUT || !pg_is_open(s->pg)) {
		pg_close(s->pg);
		return BISECT_NONE;
	}
	if (pg_exec(s->pg, "ROLLBACK", &(struct err){0}) != 0)
		return BISECT_NONE;
	if (to - from == 1)
		return reject(s, from, &why);
	left = search(s, from, from + (to - from) / 2);
	if (left == BISECT_TOO_MANY)
		return left;
	right = search(s, from + (to - from) / 2, to);
	return right == BISECT_NONE ? left : right;
}

enum bisect bisect_rows(struct pg *pg, struct store_scratch *scratch, const struct cursor *cursor,
			struct batch *b, size_t from, size_t to, int64_t limit,
			struct refusals *refusals, struct err *err)
{
	struct search s = {pg, scratch, cursor, b, limit, refusals, err};

	if (pg_exec(pg, "ROLLBACK", &(struct err){0}) != 0)
		return BISECT_NONE;
	return search(&s, from, to);
}
