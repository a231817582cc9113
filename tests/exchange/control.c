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

static bool read_filter(struct exchange *ex, const struct query *q, struct fault_rule *rule,
			struct control_answer *a)
{
	const char *market = q->get(q->cls, "market"), *interval = q->get(q->cls, "interval");
	const char *path = q->get(q->cls, "path"), *probability = q->get(q->cls, "probability");
	unsigned ppm = 1000000;
	enum interval iv;

	if (market != NULL && market_find(&ex->world.markets, market) == NULL)
		return control_fail(a, "market=%s is not a market; /control/markets lists them",
				    market);
	if (interval != NULL && !interval_parse(interval, &iv))
		return control_fail(a,
				    "interval=%s is none of 1s 1m 3m 5m 10m 15m 30m 1h 4h 1d 1w 1M",
				    interval);
	if (probability != NULL && !options_parse_share(probability, &ppm))
		return control_fail(a, "probability=%s is not a number from 0 to 1", probability);
	if (path != NULL && strcmp(path, "candles") != 0 && strcmp(path, "market") != 0 &&
	    strcmp(path, "any") != 0)
		return control_fail(a, "path=%s is none of candles, market, any", path);
	if (market != NULL)
		snprintf(rule->market, sizeof(rule->market), "%s", market);
	rule->interval = interval != NULL ? (int)iv : -1;
	rule->probability = ppm / 1e6;
	rule->path = path == NULL || *path == 'c' ? FAULT_PATH_CANDLES
		     : *path == 'm'               ? FAULT_PATH_MARKET
						  : FAULT_PATH_ANY;
	return control_number(q, "count", 1, -1, INT64_MAX, a, &rule->left) &&
	       control_number(q, "after", 0, 0, INT64_MAX, a, &rule->skip);
}

/* Each parameter that is the name of a fault adds a rule: ?delay=5000&count=3. */
static bool fault_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	struct fault_rule rule = {.interval = -1};
	unsigned added = 0;

	if (!read_filter(ex, q, &rule, a))
		return false;
	for (unsigned kind = 0; kind < FAULTS; kind++) {
		const char *name = fault_name((enum fault_kind)kind), *value = q->get(q->cls, name);

		if (value == NULL)
			continue;
		rule.kind = (enum fault_kind)kind;
		rule.value = 0;
		if (fault_value_help(rule.kind) != NULL &&
		    (*value == '\0' ||
		     !control_number(q, name, 0, kind == FAULT_DATE_SKEW ? -4000000000LL : 0,
				     4000000000LL, a, &rule.value)))
			return control_fail(a, "%s= needs a number: %s", name,
					    fault_value_help(rule.kind));
		if (kind == FAULT_STATUS && (rule.value < 200 || rule.value > 599))
			return control_fail(a, "status= must be from 200 to 599");
		if (kind == FAULT_DOWN && q->get(q->cls, "path") == NULL)
			rule.path = FAULT_PATH_ANY;
		ex->drop_connections = ex->drop_connections || kind == FAULT_DOWN;
		text_printf(&a->body, "%s%u", added++ == 0 ? "{\"id\":[" : ",",
			    faults_add(&ex->faults, &rule));
	}
	if (added == 0)
		return control_fail(a, "no fault was named; /control lists them");
	text_put(&a->body, "]}\n");
	return true;
}

static bool faults_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	(void)q;
	faults_json(&ex->faults, &a->body);
	text_put(&a->body, "\n");
	return true;
}

static bool clear_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	int64_t id;

	if (!control_number(q, "id", 0, 0, UINT32_MAX, a, &id))
		return false;
	text_printf(&a->body, "{\"cleared\":%u}\n", faults_clear(&ex->faults, (unsigned)id));
	return true;
}

static bool limit_handle(struct exchange *ex, const struct query *q, struct control_answer *a)
{
	const char *delay = q->get(q->cls, "delay");
	int64_t limit;

	if (!control_number(q, "limit", ex->limits.per_second, 1, 1000000, a, &limit))
		return false;
	if (delay != NULL && !options_parse_delay(delay, &ex->delay_min_ms, &ex->delay_max_ms))
		return control_fail(a, "delay=%s is not a number of milliseconds, or two as 0-30",
				    delay);
	ex->limits.per_second = (unsigned)limit;
	if (q->get(q->cls, "unblock") != NULL)
		limits_forgive(&ex->limits);
	text_printf(&a->body, "{\"limit\":%u,\"delay_ms\":[%u,%u],\"blocked_ms\":%lld}\n",
		    ex->limits.per_second, ex->delay_min_ms, ex->delay_max_ms,
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
	const char *const known[14];
} table[] = {
	{"/control/clock",
	 "the sandbox clock: freeze, run, set=TIME, advance=SECONDS",
	 clock_handle,
	 {"freeze", "run", "set", "advance"}},
	{"/control/fault",
	 "FAULT[=VALUE] count=1 (-1: until cleared) after=0 market= interval= path= probability=",
	 fault_handle,
	 {"*", "count", "after", "market", "interval", "path", "probability"}},
	{"/control/faults", "the rules, and how often they hit", faults_handle, {NULL}},
	{"/control/faults/clear", "ends misbehaviour: all of it, or id=N", clear_handle, {"id"}},
	{"/control/correct",
	 "a closed candle changes: market= interval= timestamp= at=TIME|after_ms=N, values",
	 control_correct,
	 {CORRECTION}},
	{"/control/late",
	 "a candle shows only from then on: as /control/correct",
	 control_late,
	 {CORRECTION}},
	{"/control/corrections",
	 "share of candles that change or come late: share=0..1",
	 corrections_handle,
	 {"share"}},
	{"/control/limit",
	 "limit=N a second, delay=MIN-MAX ms, unblock",
	 limit_handle,
	 {"limit", "delay", "unblock"}},
	{"/control/refuse", "no listening socket for seconds=N", refuse_handle, {"seconds"}},
	{"/control/market",
	 "market= delisted=0|1 listed=TIME",
	 control_market,
	 {"market", "delisted", "listed"}},
	{"/control/markets", "all markets", control_markets, {NULL}},
	{"/control/stats", "what was asked and answered", stats_handle, {NULL}},
	{"/control/stats/reset", "begins to count anew", reset_handle, {NULL}},
	{"/control/rate",
	 "candle requests over (real) time: from= to= window=10",
	 rate_handle,
	 {"from", "to", "window"}},
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
	text_put(&a->body, "\nfaults:\n");
	for (unsigned i = 0; i < FAULTS; i++) {
		char left[64];
		const char *value = fault_value_help((enum fault_kind)i);

		snprintf(left, sizeof(left), "%s%s%s", fault_name((enum fault_kind)i),
			 value ? "=" : "", value ? value : "");
		text_printf(&a->body, "  %-22s %s\n", left, fault_help((enum fault_kind)i));
	}
}

void control_handle(struct exchange *ex, const char *path, const struct control_query *q,
		    struct control_answer *a)
{
	const char *known[FAULTS + 16], *unknown;
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
