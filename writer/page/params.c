/* SPDX-License-Identifier: MIT */
#include "params.h"

#include <stdlib.h>
#include <string.h>

#include "common/candle/candle.h"
#include "common/text/timetext.h"
#include "common/text/utf8.h"

enum { DAY_S = 86400, CELLS = 200, POINTS = 600, INTERVALS = 300 };

#define YEARS_S (100LL * 366 * DAY_S)
#define WEEK_MS (7LL * DAY_S * 1000)

static int bad(struct err *err, const char *name, const char *value, const char *what)
{
	char shown[PRINTABLE_BYTES];

	return err_set(err, ERR_INPUT, "%s: '%s' is not %s", name, printable(value, shown), what);
}

static int read_number(params_get *get, const void *request, const char *name, int64_t max,
		       int64_t *out, struct err *err)
{
	const char *text = get(request, name);
	size_t len = text != NULL ? strlen(text) : 0;

	if (text == NULL)
		return 0;
	if (len == 0 || len > 15 || strspn(text, "0123456789") != len)
		return bad(err, name, text, "a whole number");
	*out = strtoll(text, NULL, 10);
	if (*out < 1 || *out > max)
		return err_set(err, ERR_INPUT, "%s: %lld is not between 1 and %lld", name,
			       (long long)*out, (long long)max);
	return 0;
}

/* Milliseconds since 1970, or a time as people write it. */
static int read_time(params_get *get, const void *request, const char *name, int64_t *out,
		     struct err *err)
{
	const char *text = get(request, name);
	size_t len = text != NULL ? strlen(text) : 0;

	if (text == NULL)
		return 0;
	if (len > 8 && len <= 14 && strspn(text, "0123456789") == len) {
		*out = strtoll(text, NULL, 10);
		return 0;
	}
	return time_parse_user(text, out) == 0
		       ? 0
		       : bad(err, name, text,
			     "a time; write 2026-01-05T10:00:00Z, or milliseconds since 1970");
}

int params_coverage(struct params *p, params_get *get, const void *request, int64_t now_ms,
		    struct err *err)
{
	int64_t span_s = DAY_S, cells = CELLS;

	*p = (struct params){.to_ms = now_ms,
			     .symbols = get(request, "symbols"),
			     .intervals = get(request, "intervals")};
	if (read_time(get, request, "to", &p->to_ms, err) != 0 ||
	    read_number(get, request, "span", YEARS_S, &span_s, err) != 0 ||
	    read_number(get, request, "cells", PARAMS_CELLS_MAX, &cells, err) != 0)
		return -1;
	p->from_ms = p->to_ms - span_s * 1000;
	p->cells = (int)cells;
	return 0;
}

static int read_series(struct params *p, params_get *get, const void *request, struct err *err)
{
	const char *interval = get(request, "interval");

	p->symbol = get(request, "symbol");
	if (p->symbol == NULL || interval == NULL)
		return err_set(err, ERR_INPUT,
			       "say which series: ?symbol=KRW-BTC&interval=1m; /api/coverage lists "
			       "them");
	if (!symbol_is_valid(p->symbol))
		return bad(err, "symbol", p->symbol, "a market's name; they look like KRW-BTC");
	p->interval = interval_by_name(interval);
	if (p->interval == NULL)
		return bad(err, "interval", interval, "one of " INTERVAL_NAMES);
	return 0;
}

int params_candles(struct params *p, params_get *get, const void *request, int64_t now_ms,
		   struct err *err)
{
	int64_t points = POINTS;

	*p = (struct params){.to_ms = now_ms};
	if (read_series(p, get, request, err) != 0 ||
	    read_time(get, request, "to", &p->to_ms, err) != 0)
		return -1;
	p->from_ms = p->to_ms - INTERVALS * p->interval->nominal_ms;
	if (read_time(get, request, "from", &p->from_ms, err) != 0 ||
	    read_number(get, request, "points", PARAMS_POINTS_MAX, &points, err) != 0)
		return -1;
	p->points = (int)points;
	if (p->from_ms >= p->to_ms)
		return err_set(err, ERR_INPUT, "from must be before to");
	if ((p->to_ms - p->from_ms) / p->interval->nominal_ms > PARAMS_INTERVALS_MAX)
		return err_set(err, ERR_INPUT,
			       "the span has more than %d intervals of %s; ask for a shorter one",
			       PARAMS_INTERVALS_MAX, p->interval->name);
	return 0;
}

int64_t params_step_ms(const struct params *p)
{
	static const int32_t steps_s[] = {1,   5,    10,   15,   30,    60,    180,   300,  600,
					  900, 1800, 3600, 7200, 14400, 21600, 43200, DAY_S};
	int64_t length_ms = p->interval->nominal_ms;
	int64_t least_ms = (p->to_ms - p->from_ms + p->points - 1) / p->points;

	if (p->interval->calendar_month || length_ms == WEEK_MS)
		return 0;
	for (size_t i = 0; i < sizeof(steps_s) / sizeof(steps_s[0]); i++) {
		int64_t step_ms = steps_s[i] * 1000LL;

		if (step_ms >= least_ms && step_ms % length_ms == 0)
			return step_ms;
	}
	return (least_ms + WEEK_MS - 1) / WEEK_MS * WEEK_MS;
}
