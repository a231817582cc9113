/* SPDX-License-Identifier: MIT */
#include "api.h"

#include "options.h"
#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_VALUE "Invalid parameter. Check the given value!"
#define JSON_TYPE   "application/json;charset=UTF-8"

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
		call->wrong = CHECK_VALUE;
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
		call->wrong = CHECK_VALUE;
	if (count != NULL && *count != '\0' &&
	    (!options_parse_number(count, INT64_MAX, &n) || n == 0))
		call->wrong = CHECK_VALUE;
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
	faults_hit(&ex->faults, candles ? FAULT_PATH_CANDLES : FAULT_PATH_MARKET,
		   candles ? call->market_name : NULL, candles ? (int)call->interval : -1,
		   exchange_random, ex, &call->faults);
	if (call->verdict.status == 200 && fault_is(&call->faults, FAULT_HTTP_429))
		call->verdict.status = 429;
	if (fault_is(&call->faults, FAULT_HTTP_418) && call->verdict.status != 418) {
		call->verdict.status = 418;
		call->verdict.blocked_s = (unsigned)call->faults.value[FAULT_HTTP_418];
		limits_block(&ex->limits, call->verdict.blocked_s, real_ms);
	}
}

/* An error as Upbit words it: a number for a name. */
static void put_error(struct answer *a, unsigned status, const char *message)
{
	a->status = status;
	text_clear(&a->body);
	text_printf(&a->body, "{\"error\":{\"name\":%u,\"message\":\"%s\"}}", status, message);
}

static void put_candles(struct exchange *ex, const struct api_call *call, int64_t now_ms,
			struct answer *a)
{
	struct row *rows = room_new(PAGE_ROWS + 2, sizeof(*rows));
	const char *name = call->market->name;
	size_t n;

	n = series_page(&ex->world, call->market, call->interval, call->to_ms, call->count, now_ms,
			rows);
	a->rows = n;
	fault_spoil_rows(&call->faults, rows, &n, call->to_ms);
	if (fault_is(&call->faults, FAULT_WRONG_MARKET))
		name = "KRW-WRONG";
	page_render(&a->body, &ex->world, name, rows, n, now_ms);
	free(rows);
}

static void put_content(struct exchange *ex, const struct api_call *call, int64_t now_ms,
			struct answer *a)
{
	char message[96];

	if (call->kind == API_UNKNOWN) {
		put_error(a, 404, "Not Found");
	} else if (call->verdict.status == 429) {
		put_error(a, 429, "Too many API requests.");
	} else if (call->verdict.status == 418) {
		snprintf(message, sizeof(message),
			 "Too many API requests. This IP is blocked for %u seconds.",
			 call->verdict.blocked_s);
		put_error(a, 418, message);
	} else if (call->wrong != NULL) {
		put_error(a, 400, call->wrong);
	} else if (call->kind == API_MARKETS) {
		page_render_markets(&a->body, &ex->world.markets, call->details, now_ms);
	} else if (call->market == NULL || !market_exists(call->market, now_ms)) {
		put_error(a, 404, "Code not found");
	} else {
		put_candles(ex, call, now_ms, a);
	}
}

/* Faults that put another body in the place of the right one. */
static void replace_content(const struct api_call *call, struct answer *a)
{
	const struct fault_set *f = &call->faults;

	if (fault_is(f, FAULT_STATUS)) {
		unsigned status = (unsigned)f->value[FAULT_STATUS];

		put_error(a, status,
			  status == 404  ? "Code not found"
			  : status < 500 ? CHECK_VALUE
					 : "Error");
	} else if (fault_is(f, FAULT_HTML)) {
		a->type = "text/html;charset=UTF-8";
		text_clear(&a->body);
		text_put(&a->body, "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>"
				   "<body><h1>We will be back soon</h1></body></html>\n");
	} else if (fault_is(f, FAULT_EMPTY)) {
		text_clear(&a->body);
		text_put(&a->body, "[]");
	} else if (fault_is(f, FAULT_NULL)) {
		text_clear(&a->body);
		text_put(&a->body, "null");
	} else if (fault_is(f, FAULT_OBJECT)) {
		put_error(a, 500, "Internal error");
		a->status = 200;
	}
	fault_spoil_text(f, &a->body);
}

void api_answer(struct exchange *ex, const struct api_call *call, struct answer *a)
{
	const uint32_t harmless =
		1u << FAULT_DELAY | 1u << FAULT_HOLD | 1u << FAULT_DRIP | 1u << FAULT_NO_REMAINING;
	int64_t now_ms = sandbox_clock_ms(&ex->clock), date_ms = now_ms;

	memset(a, 0, sizeof(*a));
	a->status = 200;
	a->type = JSON_TYPE;
	put_content(ex, call, now_ms, a);
	if (a->status != 429 && a->status != 418)
		replace_content(call, a);
	a->good = a->status == 200 && (call->faults.kinds & ~harmless) == 0;
	if (a->status != 200)
		a->rows = 0;
	if (call->kind != API_UNKNOWN && call->verdict.status != 418 &&
	    !fault_is(&call->faults, FAULT_NO_REMAINING)) {
		snprintf(a->remaining, sizeof(a->remaining), "group=%s; min=%u; sec=%u",
			 call->with_origin           ? "origin"
			 : call->kind == API_CANDLES ? "candles"
						     : "market",
			 call->with_origin ? 6u : 600u,
			 call->with_origin ? 0u : call->verdict.remaining);
	}
	if (fault_is(&call->faults, FAULT_DATE_SKEW))
		date_ms += call->faults.value[FAULT_DATE_SKEW] * 1000;
	if (!fault_is(&call->faults, FAULT_NODATE))
		utc_format_http(a->date, date_ms);
	stats_answer(&ex->stats,
		     call->kind == API_CANDLES && call->market != NULL ? (int)call->market->index
								       : -1,
		     call->interval, call->to_ms, a->status, a->good, a->rows, a->body.len);
}
