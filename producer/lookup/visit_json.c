/* SPDX-License-Identifier: MIT */
#include "producer/lookup/visit_json.h"

#include <inttypes.h>

static int too_many(const struct visit *visit, struct err *err)
{
	return err_set(err, ERR_FATAL, "too many series for one lookup (%zu)", visit->n);
}

static int number_or_null(struct buf *b, const char *key, int64_t value, int64_t null_value)
{
	if (value == null_value)
		return buf_printf(b, ",\"%s\":null", key);
	return buf_printf(b, ",\"%s\":%" PRId64, key, value);
}

static int spans_json(struct buf *b, const char *key, const struct spans *spans)
{
	int full = buf_printf(b, ",\"%s\":[", key);

	for (size_t i = 0; i < spans->n && !full; i++)
		full = buf_printf(b, "%s[%" PRId64 ",%" PRId64 "]", i > 0 ? "," : "",
				  spans->v[i].from, spans->v[i].to);
	return full || buf_append(b, "]", 1);
}

static int witness_json(struct buf *b, const char *name, const struct witness *w)
{
	return buf_printf(b, ",\"%s\":[%" PRId64 ",%" PRId64 "]", name, w->first_ms, w->last_ms);
}

/* What is wrong, for people; nothing if nothing is. */
static int trouble_json(struct buf *b, const char *trouble)
{
	int full = trouble[0] != 0 && buf_printf(b, ",\"trouble\":\"");

	for (const char *at = trouble; *at && !full; at++)
		full = ((*at == '"' || *at == '\\') && buf_append(b, "\\", 1)) ||
		       buf_append(b, at, 1);
	return full || (trouble[0] != 0 && buf_append(b, "\"", 1));
}

static int evidence_json(struct buf *b, const struct visit_series *s)
{
	const struct evidence *e = &s->evidence;

	return buf_printf(b, ",\"evidence\":{\"was_listed\":%d", e->market.was_listed) ||
	       witness_json(b, "not_listed", &e->market.not_listed) ||
	       witness_json(b, "not_found", &e->market.not_found) ||
	       buf_printf(b, ",\"apart\":%" PRId64 ",\"oldest_row\":%" PRId64, e->market.apart_ms,
			  e->oldest_row_ms) ||
	       witness_json(b, "older", &e->older) ||
	       (e->earlier_until_ms != 0 &&
		buf_printf(b, ",\"earlier\":%" PRId64, e->earlier_until_ms)) ||
	       trouble_json(b, s->trouble) || buf_append(b, "}", 1);
}

/* Symbols, intervals and states are of our own alphabets: nothing in them needs escaping. */
int visit_json_series(const struct visit *visit, int (*of)(const struct visit_series *),
		      int with_evidence, struct buf *b, struct err *err)
{
	int full = buf_append(b, "[", 1), any = 0;

	for (size_t i = 0; i < visit->n && !full; i++) {
		const struct visit_series *s = &visit->series[i];
		const struct wanted *w = &s->wanted;

		if (!of(s))
			continue;
		full = buf_printf(
			       b,
			       "%s{\"i\":%zu,\"symbol\":\"%s\",\"interval\":\"%s\",\"widen\":%s,\"is_new\":%s,\"wanted_from\":%" PRId64,
			       any++ ? "," : "", i, s->symbol, s->iv->name,
			       w->widen ? "true" : "false", s->is_refused ? "false" : "true",
			       w->from_ms) ||
		       number_or_null(b, "wanted_until", w->until_ms, INT64_MAX) ||
		       number_or_null(b, "listed_from", w->listed_from_ms, INT64_MIN) ||
		       number_or_null(b, "earlier_until", w->earlier_until_ms, INT64_MIN) ||
		       spans_json(b, "corrections", &s->corrections) ||
		       buf_printf(b, ",\"looked_up\":%s,\"state\":\"%s\"",
				  w->looked_up ? "true" : "false", s->state) ||
		       (with_evidence && evidence_json(b, s)) || buf_append(b, "}", 1);
	}
	if (full || buf_append(b, "]", 1))
		return too_many(visit, err);
	return 0;
}

/* What is in `to` and was not in `from`. */
static int more_json(struct buf *b, const struct visit_series *s, const char *reason, int is_new,
		     const struct spans *to, const struct spans *from)
{
	struct spans more = {0};
	int full = 0;

	spans_copy(&more, to);
	spans_subtract(&more, from);
	for (size_t i = 0; i < more.n && !full; i++)
		full = buf_printf(b,
				  "%s{\"symbol\":\"%s\",\"interval\":\"%s\",\"reason\":\"%s\","
				  "\"is_new\":%s,\"since\":%" PRId64 ",\"until\":%" PRId64 "}",
				  b->len > 1 ? "," : "", s->symbol, s->iv->name, reason,
				  is_new ? "true" : "false", more.v[i].from, more.v[i].to);
	spans_release(&more);
	return full;
}

static int changes_json(struct buf *b, const struct visit_series *s)
{
	int full = 0;

	for (int i = 0; i < UNOBTAINABLE_REASONS && !full; i++) {
		const char *reason = unobtainable_reason_name((enum unobtainable_reason)i);

		if (i != UNOBTAINABLE_SETTLED)
			full = more_json(b, s, reason, 0, &s->unobtainable_before.of[i],
					 &s->unobtainable.of[i]) ||
			       more_json(b, s, reason, 1, &s->unobtainable.of[i],
					 &s->unobtainable_before.of[i]);
	}
	return full;
}

int visit_json_changes(const struct visit *visit, struct buf *b, struct err *err)
{
	int full = buf_append(b, "[", 1);

	for (size_t i = 0; i < visit->n && !full; i++) {
		const struct visit_series *s = &visit->series[i];

		full = s->partition->begins && s->wanted.looked_up && !s->is_refused &&
		       changes_json(b, s);
	}
	return full || buf_append(b, "]", 1) ? too_many(visit, err) : 0;
}
