/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "options.h"
#include "truth.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool control_fail(struct control_answer *a, const char *fmt, ...)
{
	char message[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	a->status = 400;
	a->type = "application/json;charset=UTF-8";
	text_clear(&a->body);
	text_put(&a->body, "{\"error\":");
	text_json(&a->body, message);
	text_put(&a->body, "}\n");
	return false;
}

bool control_series(struct exchange *ex, const struct query *q, struct control_answer *a,
		    struct market **m, enum interval *iv)
{
	const char *name = q->get(q->cls, "market"), *interval = q->get(q->cls, "interval");

	*m = name != NULL ? market_find(&ex->world.markets, name) : NULL;
	if (*m == NULL)
		return control_fail(a, "market= must name a market; /control/markets lists them");
	if (interval == NULL || !interval_parse(interval, iv))
		return control_fail(
			a, "interval= must be one of 1s 1m 3m 5m 10m 15m 30m 1h 4h 1d 1w 1M");
	return true;
}

bool control_time(const struct query *q, const char *name, int64_t missing,
		  struct control_answer *a, int64_t *ms)
{
	const char *value = q->get(q->cls, name);

	*ms = missing;
	if (value == NULL && missing != INT64_MIN)
		return true;
	if (value == NULL || !utc_parse_loose(value, ms))
		return control_fail(
			a,
			"%s= must be a time such as 2026-01-02T03:04:05Z, or epoch seconds or milliseconds",
			name);
	return true;
}

bool control_number(const struct query *q, const char *name, int64_t missing, int64_t min,
		    int64_t max, struct control_answer *a, int64_t *n)
{
	const char *value = q->get(q->cls, name);
	char *end;

	*n = missing;
	if (value == NULL)
		return true;
	*n = strtoll(value, &end, 10);
	if (end == value || *end != '\0' || *n < min || *n > max)
		return control_fail(a, "%s=%s is not a whole number from %lld to %lld", name, value,
				    (long long)min, (long long)max);
	return true;
}

static bool clock_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	const char *advance = q->get(q->cls, "advance");
	char at[UTC_TEXT], *end;
	int64_t set_ms;
	double seconds = 0;

	if (!control_time(q, "set", sandbox_clock_ms(&ex->clock), a, &set_ms))
		return false;
	if (advance != NULL) {
		seconds = strtod(advance, &end);
		if (end == advance || *end != '\0' || !(seconds > -1e11 && seconds < 1e11))
			return control_fail(a, "advance=%s is not a number of seconds", advance);
	}
	if (q->get(q->cls, "freeze") != NULL)
		sandbox_clock_freeze(&ex->clock, true);
	if (q->get(q->cls, "set") != NULL)
		sandbox_clock_set(&ex->clock, set_ms);
	if (advance != NULL)
		sandbox_clock_set(&ex->clock,
				  sandbox_clock_ms(&ex->clock) + (int64_t)(seconds * 1000));
	if (q->get(q->cls, "run") != NULL)
		sandbox_clock_freeze(&ex->clock, false);
	set_ms = sandbox_clock_ms(&ex->clock);
	utc_format(at, set_ms, 'T', true);
	text_printf(&a->body,
		    "{\"sandbox\":\"%sZ\",\"sandbox_ms\":%lld,\"running\":%s,\"real_ms\":%lld}\n",
		    at, (long long)set_ms, ex->clock.frozen ? "false" : "true",
		    (long long)clock_real_ms());
	return true;
}

static bool limit_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	const char *delay = q->get(q->cls, "delay");
	int64_t limit, all, renew;

	if (!control_number(q, "limit", ex->limits.per_second, 1, 1000000, a, &limit) ||
	    !control_number(q, "blocks_all", ex->limits.blocks_all, 0, 1, a, &all) ||
	    !control_number(q, "blocks_renew", ex->limits.blocks_renew, 0, 1, a, &renew))
		return false;
	if (delay != NULL && !options_parse_delay(delay, &ex->delay_min_ms, &ex->delay_max_ms))
		return control_fail(a, "delay=%s is not a number of milliseconds, or two as 0-30",
				    delay);
	ex->limits.per_second = (unsigned)limit;
	ex->limits.blocks_all = all != 0;
	ex->limits.blocks_renew = renew != 0;
	if (q->get(q->cls, "unblock") != NULL)
		limits_forgive(&ex->limits);
	text_printf(&a->body,
		    "{\"limit\":%u,\"delay_ms\":[%u,%u],\"blocks_all\":%d,\"blocks_renew\":%d,"
		    "\"blocked_ms\":%lld}\n",
		    ex->limits.per_second, ex->delay_min_ms, ex->delay_max_ms,
		    ex->limits.blocks_all, ex->limits.blocks_renew,
		    ex->limits.blocked_until_ms > clock_real_ms()
			    ? (long long)(ex->limits.blocked_until_ms - clock_real_ms())
			    : 0LL);
	return true;
}

static bool rate_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	int64_t now_ms = clock_real_ms(), from_ms, to_ms, window;

	if (!control_time(q, "to", now_ms, a, &to_ms) ||
	    !control_time(q, "from", to_ms - 600000, a, &from_ms) ||
	    !control_number(q, "window", 10, 1, STATS_SECONDS, a, &window))
		return false;
	if (from_ms < now_ms - (STATS_SECONDS - 1) * 1000LL || to_ms < from_ms ||
	    to_ms > now_ms + 1000)
		return control_fail(
			a, "from= and to= must lie within the last four hours of real time");
	stats_rate_json(&ex->stats, from_ms / 1000, to_ms / 1000, (unsigned)window, &a->body);
	return true;
}

static bool arrivals_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	const char *name = q->get(q->cls, "market");
	const struct market *m = name != NULL ? market_find(&ex->world.markets, name) : NULL;
	struct arrivals_query query = {.market = m != NULL ? (int)m->index : -1};
	int64_t from_ms, to_ms, window_ms;

	if (name != NULL && m == NULL)
		return control_fail(a, "market=%s is not a market; /control/markets lists them",
				    name);
	if (!control_time(q, "from", 0, a, &from_ms) ||
	    !control_time(q, "to", clock_real_ms() + 1, a, &to_ms) ||
	    !control_number(q, "window_ms", 1000, 1, 3600000, a, &window_ms))
		return false;
	query.from_us = from_ms * 1000;
	query.to_us = to_ms * 1000;
	query.window_us = window_ms * 1000;
	arrivals_json(&ex->arrivals, &ex->world.markets, &query, &a->body);
	return true;
}

static bool repeats_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	const char *by = q->get(q->cls, "by");
	struct stats_query s = {.live = q->get(q->cls, "live") != NULL};
	int64_t min, max;

	if (!control_number(q, "min", 2, 1, 1000000, a, &min) ||
	    !control_number(q, "max", 50, 0, 1000000, a, &max))
		return false;
	if (by != NULL && strcmp(by, "asked") != 0 && strcmp(by, "answered") != 0)
		return control_fail(a, "by=%s is none of asked, answered", by);
	s.min = (unsigned)min;
	s.max = (size_t)max;
	s.by_asked = by != NULL && strcmp(by, "asked") == 0;
	stats_repeats_json(&ex->stats, &ex->world.markets, &s, &a->body);
	return true;
}

static bool refuse_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	int64_t seconds;

	if (!control_number(q, "seconds", 5, 1, 3600, a, &seconds))
		return false;
	ex->refuse_from_ms = clock_real_ms() + 50; /* after this answer is out */
	ex->refuse_until_ms = ex->refuse_from_ms + seconds * 1000;
	text_printf(&a->body, "{\"refusing_seconds\":%lld}\n", (long long)seconds);
	return true;
}

static bool corrections_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	const char *share = q->get(q->cls, "share");

	if (share != NULL && !options_parse_share(share, &ex->world.corrected_ppm))
		return control_fail(a, "share=%s is not a number from 0 to 1", share);
	text_printf(&a->body, "{\"share\":%g}\n", ex->world.corrected_ppm / 1e6);
	return true;
}

static bool stats_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	(void)q;
	stats_json(&ex->stats, &ex->world.markets, &a->body);
	return true;
}

static bool reset_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	stats_reset(&ex->stats, clock_real_ms());
	return stats_handle(ex, q, a);
}

#define CORRECTION                                                                           \
	"market", "interval", "timestamp", "at", "after_ms", "open", "high", "low", "close", \
		"volume", "quote_volume", "revision"

/* known: the parameters that it takes ("*": the names of all faults as well). */
static const struct {
	const char *path, *help;
	bool (*handle)(struct exchange *ex, const struct query *q, struct control_answer *a);
	const char *const known[15];
} table[] = {
	{"/control/clock",
	 "the sandbox clock: freeze, run, set=TIME, advance=SECONDS",
	 clock_handle,
	 {"freeze", "run", "set", "advance"}},
	{"/control/fault",
	 "FAULT[=VALUE] count=1 (-1: until cleared) after=0 every=1 for=SECONDS market= interval= path= "
	 "row=TIME probability=",
	 control_fault,
	 {"*", "count", "after", "every", "for", "market", "interval", "path", "row",
	  "probability"}},
	{"/control/faults", "the rules, and how often they hit", control_faults, {NULL}},
	{"/control/faults/clear",
	 "ends misbehaviour: all of it, or id=N",
	 control_faults_clear,
	 {"id"}},
	{"/control/correct",
	 "a closed candle changes: market= interval= timestamp= at=TIME|after_ms=N, values",
	 control_correct,
	 {CORRECTION}},
	{"/control/late",
	 "a candle shows only from then on: as /control/correct",
	 control_late,
	 {CORRECTION}},
	{"/control/withdraw",
	 "a candle does not show from at=TIME (until=TIME, when it is back with the values): as "
	 "/control/correct",
	 control_withdraw,
	 {CORRECTION, "until"}},
	{"/control/corrections",
	 "share of candles that change or come late: share=0..1",
	 corrections_handle,
	 {"share"}},
	{"/control/limit",
	 "limit=N a second, delay=MIN-MAX ms, unblock, blocks_all=0|1, blocks_renew=0|1",
	 limit_handle,
	 {"limit", "delay", "unblock", "blocks_all", "blocks_renew"}},
	{"/control/refuse", "no listening socket for seconds=N", refuse_handle, {"seconds"}},
	{"/control/market",
	 "market= delisted=0|1 listed=TIME served_from=TIME (older rows are gone; 0: none is)",
	 control_market,
	 {"market", "delisted", "listed", "served_from"}},
	{"/control/retention",
	 "interval= days=N: older rows are not served; 0: as at the start",
	 control_retention,
	 {"interval", "days"}},
	{"/control/markets", "all markets", control_markets, {NULL}},
	{"/control/stats", "what was asked and answered", stats_handle, {NULL}},
	{"/control/stats/reset", "begins to count again", reset_handle, {NULL}},
	{"/control/rate",
	 "candle requests over (real) time: from= to= window=10",
	 rate_handle,
	 {"from", "to", "window"}},
	{"/control/arrivals",
	 "requests by group, market, second: from= to= (real) window_ms=1000 market=",
	 arrivals_handle,
	 {"from", "to", "window_ms", "market"}},
	{"/control/repeats",
	 "pages that were asked for again: min=2 max=50 by=answered|asked live",
	 repeats_handle,
	 {"min", "max", "by", "live"}},
	{"/control/truth",
	 "final candles: market= interval= from= to= settle=60 format=tsv|count|counts",
	 control_truth,
	 {"market", "interval", "from", "to", "settle", "format"}},
};

#define ENTRIES (sizeof(table) / sizeof(table[0]))

static void put_help(struct control_answer *a)
{
	a->type = "text/plain;charset=UTF-8";
	for (size_t i = 0; i < ENTRIES; i++)
		text_printf(&a->body, "%-24s %s\n", table[i].path, table[i].help);
	control_faults_help(&a->body);
}

void control_handle(struct exchange *ex, const char *path, const struct control_query *q,
		    struct control_answer *a)
{
	const char *known[FAULTS + 16], *unknown; /* the faults, the others, NULL */
	size_t n = 0, entry;

	memset(a, 0, sizeof(*a));
	a->status = 200;
	a->type = "application/json;charset=UTF-8";
	for (entry = 0; entry < ENTRIES && strcmp(table[entry].path, path) != 0; entry++)
		;
	if (entry == ENTRIES) {
		if (strcmp(path, "/control") != 0 && strcmp(path, "/control/") != 0)
			a->status = 404;
		put_help(a);
		return;
	}
	for (const char *const *k = table[entry].known; *k != NULL; k++) {
		if (**k != '*') {
			known[n++] = *k;
			continue;
		}
		for (unsigned kind = 0; kind < FAULTS; kind++)
			known[n++] = fault_name((enum fault_kind)kind);
	}
	known[n] = NULL;
	unknown = q->unknown(q->query.cls, known);
	if (unknown != NULL)
		control_fail(a, "%s is not a parameter of %s", unknown, path);
	else
		table[entry].handle(ex, &q->query, a);
}
