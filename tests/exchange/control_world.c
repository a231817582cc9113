/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "generator.h"
#include "page.h"
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number token as JSON has it, of a length that fits. */
static bool is_number(const char *s)
{
	size_t n = strlen(s);
	char plain[600];

	return n > 0 && n < DECIMAL_SIZE && strspn(s, "0123456789.eE+-") == n && s[0] >= '0' &&
	       s[0] <= '9' && decimal_plain(plain, sizeof(plain), s) == 0;
}

/* Values that the request names replace those that were made up. */
static bool take_values(const struct query *q, struct row *row, struct control_answer *a)
{
	const struct {
		const char *name;
		char *to;
	} values[] = {
		{"open", row->open},         {"high", row->high},     {"low", row->low},
		{"close", row->close},       {"volume", row->volume}, {"quote_volume", row->quote},
		{"revision", row->revision},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *value = q->get(q->cls, values[i].name);

		if (value == NULL)
			continue;
		if (!is_number(value))
			return control_fail(a, "%s=%s is not a number of at most 71 characters",
					    values[i].name, value);
		memcpy(values[i].to, value, strlen(value) + 1);
	}
	return true;
}

static void put_revision(struct row *row, int64_t at_ms)
{
	int64_t before = strtoll(row->revision, NULL, 10);

	snprintf(row->revision, sizeof(row->revision), "%lld",
		 (long long)(at_ms > before ? at_ms : before + 1));
}

/* A candle that is to change, and when. */
static bool read_candle(struct exchange *ex, const struct query *q, struct control_answer *a,
			struct row *row, int64_t *at_ms)
{
	struct market *m;
	enum interval iv;
	int64_t start_ms, end_ms, after_ms;

	memset(row, 0, sizeof(*row));
	if (!control_series(ex, q, a, &m, &iv) ||
	    !control_time(q, "timestamp", INT64_MIN, a, &start_ms))
		return false;
	if (interval_floor(iv, start_ms) != start_ms)
		return control_fail(a, "timestamp= is not on the grid of %s", interval_name(iv));
	end_ms = interval_next(iv, start_ms);
	if (!control_number(q, "after_ms", 2000, 0, 86400000LL * 365, a, &after_ms) ||
	    !control_time(q, "at", end_ms + after_ms, a, at_ms))
		return false;
	if (*at_ms < end_ms)
		return control_fail(a,
				    "at= lies before the end of the candle; it changes after that");
	row->market = m;
	row->interval = iv;
	row->start_ms = start_ms;
	return true;
}

/* The candle of `row` as it shows from at_ms on: made up, or as the request says. */
static bool put_values(struct exchange *ex, const struct query *q, struct control_answer *a,
		       struct row *row, int64_t at_ms, bool late)
{
	struct market *m = market_find(&ex->world.markets, row->market->name);

	if (!series_invent(&ex->world, m, row->interval, row->start_ms, at_ms, late, row))
		return control_fail(a, "%s comes from recorded files and has no candle there",
				    m->name);
	if (m->recorded != NULL && !late)
		put_revision(row, at_ms);
	return take_values(q, row, a);
}

static void put_change(struct exchange *ex, const struct row *row, int64_t at_ms, bool late,
		       struct text *out)
{
	char at[UTC_TEXT];

	utc_format(at, at_ms, 'T', true);
	text_printf(out, "{\"at\":\"%sZ\",\"late\":%s,\"from_then_on\":", at,
		    late ? "true" : "false");
	page_render(out, &ex->world, row->market->name, row, 1, sandbox_clock_ms(&ex->clock));
	text_put(out, "}\n");
}

static bool change_candle(struct exchange *ex, const struct query *q, bool late,
			  struct control_answer *a)
{
	struct row row;
	int64_t at_ms = 0;

	if (!read_candle(ex, q, a, &row, &at_ms) || !put_values(ex, q, a, &row, at_ms, late))
		return false;
	overlay_add(&ex->world.overlay, &row, at_ms, late ? OVERLAY_IS_LATE : OVERLAY_CORRECTS);
	put_change(ex, &row, at_ms, late, &a->body);
	return true;
}

bool control_withdraw(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	int64_t at_ms = 0, until_ms;
	struct row row;

	if (!read_candle(ex, q, a, &row, &at_ms) ||
	    !control_time(q, "until", INT64_MAX, a, &until_ms))
		return false;
	if (until_ms <= at_ms)
		return control_fail(a, "until= must lie after at=");
	overlay_add(&ex->world.overlay, &row, at_ms, OVERLAY_WITHDRAWS);
	if (until_ms == INT64_MAX) {
		text_put(&a->body, "{\"from_then_on\":[]}\n");
		return true;
	}
	if (!put_values(ex, q, a, &row, until_ms, false))
		return false;
	overlay_add(&ex->world.overlay, &row, until_ms, OVERLAY_CORRECTS);
	put_change(ex, &row, until_ms, false, &a->body);
	return true;
}

bool control_correct(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	return change_candle(ex, q, false, a);
}

bool control_late(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	return change_candle(ex, q, true, a);
}

static void put_market(struct exchange *ex, const struct market *m, struct text *out)
{
	char listed[UTC_TEXT];

	utc_format(listed, m->listed_ms, 'T', false);
	text_printf(
		out,
		"{\"market\":\"%s\",\"exists\":%s,\"delisted\":%s,\"listed\":\"%sZ\",\"source\":\"%s\","
		"\"minute_share\":%.4f,\"second_share\":%.4f}",
		m->name, market_exists(m, sandbox_clock_ms(&ex->clock)) ? "true" : "false",
		m->delisted ? "true" : "false", listed,
		m->recorded != NULL ? "recorded" : "generated", m->minute_share / (double)ALWAYS,
		m->second_sixteenths / 16.0);
}

bool control_markets(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	(void)q;
	text_put(&a->body, "[");
	for (size_t i = 0; i < ex->world.markets.n; i++) {
		text_put(&a->body, i == 0 ? "" : ",\n");
		put_market(ex, &ex->world.markets.at[i], &a->body);
	}
	text_put(&a->body, "]\n");
	return true;
}

bool control_market(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	const char *name = q->get(q->cls, "market");
	struct market *m = name != NULL ? market_find(&ex->world.markets, name) : NULL;
	int64_t delisted, listed_ms, served_from_ms;

	if (m == NULL)
		return control_fail(a, "market= must name a market; /control/markets lists them");
	if (!control_number(q, "delisted", m->delisted, 0, 1, a, &delisted) ||
	    !control_time(q, "listed", m->listed_ms, a, &listed_ms) ||
	    !control_time(q, "served_from", m->served_from_ms, a, &served_from_ms))
		return false;
	m->served_from_ms = served_from_ms;
	m->delisted = delisted != 0;
	m->listed_ms = interval_floor(INTERVAL_1M, listed_ms);
	day_cache_free(m->days);
	m->days = NULL;
	put_market(ex, m, &a->body);
	text_put(&a->body, "\n");
	return true;
}

bool control_retention(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	const char *interval = q->get(q->cls, "interval");
	enum interval iv;
	int64_t days;

	if (interval == NULL || !interval_parse(interval, &iv))
		return control_fail(
			a, "interval= must be one of 1s 1m 3m 5m 10m 15m 30m 1h 4h 1d 1w 1M");
	if (!control_number(q, "days", ex->world.kept_days[iv], 0, 1000000, a, &days))
		return false;
	ex->world.kept_days[iv] = (unsigned)days;
	text_printf(&a->body, "{\"interval\":\"%s\",\"days\":%lld}\n", interval, (long long)days);
	return true;
}

bool control_truth(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	struct truth_query t = {.markets = q->get(q->cls, "market"),
				.intervals = q->get(q->cls, "interval")};
	const char *format = q->get(q->cls, "format");
	struct text error = TEXT_EMPTY;
	bool good = true;

	if (!control_time(q, "from", 0, a, &t.from_ms) ||
	    !control_time(q, "to", INT64_MAX, a, &t.to_ms) ||
	    !control_number(q, "settle", 60, 0, 1000000, a, &t.settle_ms))
		return false;
	t.settle_ms *= 1000;
	if (format == NULL)
		format = "tsv";
	if (strcmp(format, "tsv") != 0 && strcmp(format, "count") != 0 &&
	    strcmp(format, "counts") != 0)
		return control_fail(a, "format=%s is none of tsv, count, counts", format);
	a->truth = truth_new(ex, &t, &error);
	a->type = "text/tab-separated-values;charset=UTF-8";
	if (a->truth == NULL)
		good = control_fail(a, "%s", error.data);
	text_release(&error);
	if (good && strcmp(format, "tsv") != 0) {
		truth_count(a->truth, strcmp(format, "counts") == 0, &a->body);
		truth_free(a->truth);
		a->truth = NULL;
	}
	return good;
}
