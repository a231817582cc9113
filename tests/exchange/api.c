/* SPDX-License-Identifier: MIT */
#include "api.h"

#include "fault_family.h"
#include "options.h"
#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_TYPE "application/json;charset=UTF-8"

static bool read_path(const char *path, struct api_call *call)
{
	static const char *const endings[] = {"days", "weeks", "months"};
	unsigned unit;
	int used = 0;

	call->kind = API_CANDLES;
	if (strcmp(path, "/v1/market/all") == 0) {
		call->kind = API_MARKETS;
		return true;
	}
	if (strncmp(path, "/v1/candles/", 12) != 0)
		return false;
	path += 12;
	call->interval = INTERVAL_1S;
	if (strcmp(path, "seconds") == 0)
		return true;
	for (unsigned i = 0; i < 3; i++) {
		call->interval = (enum interval)(INTERVAL_1D + i);
		if (strcmp(path, endings[i]) == 0)
			return true;
	}
	call->interval = INTERVAL_1M;
	if (strcmp(path, "minutes") == 0)
		return true;
	if (sscanf(path, "minutes/%4u%n", &unit, &used) != 1 || path[used] != '\0')
		return false;
	if (!interval_of_unit(unit, &call->interval))
		call->wrong = API_CHECK_VALUE;
	return true;
}

static void read_query(struct exchange *ex, const struct query *q, struct api_call *call)
{
	const char *market = q->get(q->cls, "market"), *count = q->get(q->cls, "count"),
		   *to = q->get(q->cls, "to");
	uint64_t n = 1;

	if (market == NULL || *market == '\0') {
		call->wrong = "Missing request parameter. Check the required parameters!";
		return;
	}
	snprintf(call->market_name, sizeof(call->market_name), "%s", market);
	call->market = market_find(&ex->world.markets, call->market_name);
	if (to != NULL && *to != '\0' && !utc_parse(to, &call->to_ms))
		call->wrong = API_CHECK_VALUE;
	if (count != NULL && *count != '\0' &&
	    (!options_parse_number(count, INT64_MAX, &n) || n == 0))
		call->wrong = API_CHECK_VALUE;
	call->count = n < PAGE_ROWS ? (size_t)n : PAGE_ROWS;
}

static bool is_true(const char *value)
{
	return value != NULL && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

void api_arrive(struct exchange *ex, const char *path, const struct query *q, bool with_origin,
		struct api_call *call)
{
	int64_t real_ms = clock_real_ms();
	struct fault_request seen;
	bool candles;

	memset(call, 0, sizeof(*call));
	call->to_ms = INT64_MAX;
	call->with_origin = with_origin;
	ex->stats.requests++;
	if (!read_path(path, call)) {
		call->kind = API_UNKNOWN;
		return;
	}
	candles = call->kind == API_CANDLES;
	if (candles)
		read_query(ex, q, call);
	call->details =
		is_true(q->get(q->cls, "is_details")) || is_true(q->get(q->cls, "isDetails"));
	call->verdict = limits_take(&ex->limits, candles ? GROUP_CANDLES : GROUP_MARKET,
				    with_origin, real_ms);
	if (candles) {
		ex->stats.candles++;
		stats_arrival(&ex->stats, call->verdict.status, real_ms);
	} else {
		ex->stats.market_all++;
	}
	seen = (struct fault_request){
		.path = candles ? FAULT_PATH_CANDLES : FAULT_PATH_MARKET,
		.market = candles ? call->market_name : NULL,
		.interval = candles ? (int)call->interval : -1,
		.to_ms = call->to_ms,
		.now_ms = sandbox_clock_ms(&ex->clock),
	};
	faults_hit(&ex->faults, &seen, exchange_random, ex, &call->faults);
	if (call->verdict.status == 200 && fault_is(&call->faults, FAULT_HTTP_429))
		call->verdict.status = 429;
	if (fault_is(&call->faults, FAULT_HTTP_418) && call->verdict.status != 418) {
		call->verdict.status = 418;
		call->verdict.blocked_s = (unsigned)fault_value(&call->faults, FAULT_HTTP_418);
		limits_block(&ex->limits, call->verdict.blocked_s, real_ms);
	}
	call->arrival =
		arrivals_add(&ex->arrivals, clock_real_us(), candles ? GROUP_CANDLES : GROUP_MARKET,
			     call->market != NULL ? (int)call->market->index : -1);
}

void api_put_error(struct answer *a, unsigned status, const char *message)
{
	a->status = status;
	text_clear(&a->body);
	text_printf(&a->body, "{\"error\":{\"name\":%u,\"message\":\"%s\"}}", status, message);
}

static void put_candles(struct exchange *ex, const struct api_call *call, int64_t now_ms,
			struct answer *a)
{
	struct row *rows = room_new(PAGE_ROWS + 2, sizeof(*rows));
	size_t n;

	n = series_page(&ex->world, call->market, call->interval, call->to_ms, call->count, now_ms,
			rows);
	a->rows = n;
	fault_spoil_rows(&call->faults, rows, &n, call->to_ms);
	page_render(&a->body, &ex->world, fault_market_name(&call->faults, call->market->name),
		    rows, n, now_ms);
	fault_spoil_json(&call->faults, &a->body);
	free(rows);
}

static void put_markets(struct exchange *ex, const struct api_call *call, int64_t now_ms,
			struct answer *a)
{
	const struct market_list *markets = &ex->world.markets;
	const struct market **shown = room_new(markets->n, sizeof(struct market *));
	size_t n = fault_pick_markets(&call->faults, markets, now_ms, shown);

	page_render_markets(&a->body, shown, n, call->details);
	free(shown);
}

/* How long a block lasts stands in the message, unless a fault keeps it back. */
static void put_blocked(const struct api_call *call, struct answer *a)
{
	char message[96] = "Too many API requests. This IP is blocked.";

	if (!fault_is(&call->faults, FAULT_NO_LENGTH))
		snprintf(message, sizeof(message),
			 "Too many API requests. This IP is blocked for %u seconds.",
			 call->verdict.blocked_s);
	api_put_error(a, 418, message);
}

static void put_content(struct exchange *ex, const struct api_call *call, int64_t now_ms,
			struct answer *a)
{
	if (call->kind == API_UNKNOWN) {
		api_put_error(a, 404, "Not Found");
	} else if (call->verdict.status == 429) {
		api_put_error(a, 429, "Too many API requests.");
	} else if (call->verdict.status == 418) {
		put_blocked(call, a);
	} else if (call->wrong != NULL) {
		api_put_error(a, 400, call->wrong);
	} else if (call->kind == API_MARKETS) {
		put_markets(ex, call, now_ms, a);
	} else if (call->market == NULL || !market_exists(call->market, now_ms)) {
		api_put_error(a, 404, "Code not found");
	} else {
		put_candles(ex, call, now_ms, a);
	}
}

void api_answer(struct exchange *ex, const struct api_call *call, struct answer *a)
{
	int64_t now_ms = sandbox_clock_ms(&ex->clock), date_ms = now_ms;

	memset(a, 0, sizeof(*a));
	a->status = 200;
	a->type = JSON_TYPE;
	put_content(ex, call, fault_content_ms(&call->faults, now_ms), a);
	fault_replace_answer(&call->faults, a);
	fault_spoil_text(&call->faults, &a->body);
	a->good = a->status == 200 && faults_harmless(&call->faults);
	if (a->status != 200)
		a->rows = 0;
	if (call->kind != API_UNKNOWN && call->verdict.status != 418) {
		snprintf(a->remaining, sizeof(a->remaining), "group=%s; min=%u; sec=%u",
			 call->with_origin           ? "origin"
			 : call->kind == API_CANDLES ? "candles"
						     : "market",
			 call->with_origin ? 6u : 600u,
			 call->with_origin ? 0u : call->verdict.remaining);
	}
	date_ms += fault_value(&call->faults, FAULT_DATE_SKEW) * SECOND_MS;
	utc_format_http(a->date, date_ms);
	fault_spoil_headers(&call->faults, &call->verdict, a);
	arrivals_answer(&ex->arrivals, call->arrival, a->status);
	stats_answer(&ex->stats,
		     call->kind == API_CANDLES && call->market != NULL ? (int)call->market->index
								       : -1,
		     call->interval, call->to_ms, a->status, a->good, a->rows, a->body.len);
}
