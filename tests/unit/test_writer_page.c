/* SPDX-License-Identifier: MIT */
/* The page's pure parts: what may be asked for, how long a bar is, JSON, and what is kept for a
 * moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/candle/interval.h"
#include "writer/page/cache.h"
#include "writer/page/html.h"
#include "writer/page/json.h"
#include "writer/page/params.h"

enum { HOUR = 3600000 };

#define NOW 1767607200000LL /* 2026-01-05T10:00:00Z */

/* A request as "name=value" texts, NULL behind the last. */
static const char *get(const void *request, const char *name)
{
	const char *const *p = request;
	size_t len = strlen(name);

	for (; *p != NULL; p++)
		if (strncmp(*p, name, len) == 0 && (*p)[len] == '=')
			return *p + len + 1;
	return NULL;
}

#define REQUEST(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void coverage(void **state)
{
	struct params p;
	struct err err;

	(void)state;
	assert_int_equal(params_coverage(&p, get, REQUEST(), NOW, &err), 0);
	assert_int_equal(p.to_ms, NOW);
	assert_int_equal(p.from_ms, NOW - 24LL * HOUR);
	assert_int_equal(p.cells, 200);
	assert_int_equal(params_coverage(&p, get,
					 REQUEST("to=2026-01-05T09:00", "span=3600", "cells=400",
						 "symbols=KRW-*"),
					 NOW, &err),
			 0);
	assert_int_equal(p.to_ms, NOW - HOUR);
	assert_int_equal(p.from_ms, NOW - 2 * HOUR);
	assert_int_equal(p.cells, 400);
	assert_string_equal(p.symbols, "KRW-*");
}

static void refused(void **state)
{
	static const struct {
		const char *request[5], *sentence;
	} cases[] = {
		{{"symbol=KRW-BTC"}, "say which series"},
		{{"interval=1m"}, "say which series"},
		{{"symbol=", "interval=1m"}, "symbol: '' is not a market's name"},
		{{"symbol=KRW-BTC", "interval=61s"}, "interval: '61s' is not one of 1s, 1m"},
		{{"symbol=KRW-BTC", "interval=1m", "to=soon"}, "to: 'soon' is not a time"},
		{{"symbol=KRW-BTC", "interval=1m", "from="}, "from: '' is not a time"},
		{{"symbol=KRW-BTC", "interval=1m", "from=1767607200000"}, "from must be before to"},
		{{"symbol=KRW-BTC", "interval=1m", "points=0"}, "points: 0 is not between 1 and"},
		{{"symbol=KRW-BTC", "interval=1m", "points=2001"}, "points: 2001 is not between"},
		{{"symbol=KRW-BTC", "interval=1m", "points=-1"}, "points: '-1' is not a whole"},
		{{"symbol=KRW-BTC", "interval=1m", "points=9999999999999999"}, "is not a whole"},
		{{"symbol=KRW-BTC", "interval=1s", "from=2025-12-01"},
		 "more than 600000 intervals"},
	};
	struct params p;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err_clear(&err);
		assert_int_equal(params_candles(&p, get, cases[i].request, NOW, &err), -1);
		assert_int_equal(err.class, ERR_INPUT);
		if (strstr(err.text, cases[i].sentence) == NULL)
			fail_msg("'%s' has nothing of '%s'", err.text, cases[i].sentence);
	}
	assert_int_equal(params_coverage(&p, get, REQUEST("span=0"), NOW, &err), -1);
	assert_int_equal(params_coverage(&p, get, REQUEST("cells=401"), NOW, &err), -1);
}

static int64_t step_of(const char *interval, int64_t span_ms, int points)
{
	const struct params p = {.interval = interval_by_name(interval),
				 .from_ms = NOW - span_ms,
				 .to_ms = NOW,
				 .points = points};

	return params_step_ms(&p);
}

static void steps(void **state)
{
	size_t n;
	const struct interval *table = interval_table(&n);

	(void)state;
	assert_int_equal(step_of("1m", HOUR, 60), 60000);
	assert_int_equal(step_of("1m", HOUR, 59), 180000);
	assert_int_equal(step_of("1m", 365LL * 24 * HOUR, 600), 24 * HOUR);
	assert_int_equal(step_of("4h", 24LL * HOUR, 2), 12 * HOUR);
	assert_int_equal(step_of("10m", 24LL * HOUR, 96), 30 * 60000); /* 15 min are no multiple */
	assert_int_equal(step_of("1d", 3650LL * 24 * HOUR, 100), 42LL * 24 * HOUR);
	assert_int_equal(step_of("1w", 3650LL * 24 * HOUR, 10), 0);
	assert_int_equal(step_of("1M", 3650LL * 24 * HOUR, 10), 0);
	/* Never more bars than were asked for, each a whole number of candles. */
	for (size_t i = 0; i < n; i++)
		for (int64_t span = HOUR; span < 200LL * 365 * 24 * HOUR; span = span * 3 / 2) {
			int64_t step = step_of(table[i].name, span, 100);

			if (step == 0)
				continue;
			assert_true(step >= table[i].nominal_ms && span <= step * 100);
			assert_int_equal(step % table[i].nominal_ms, 0);
		}
}

static void json(void **state)
{
	struct report_series series = {.symbol = "KRW-BTC",
				       .interval = "1m",
				       .newest_ms = INT64_MIN,
				       .missing = 3,
				       .note = "a \"b\" \\ \303\251"};
	struct report r = {.span = {0, 60000}, .cells = 3, .series = &series, .n = 1};
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	memcpy(series.bar, "=X.", 3);
	assert_int_equal(json_put_report(&out, &r, 7, 5), 0);
	assert_string_equal(
		out.data,
		"{\"from\":0,\"to\":60000,\"cells\":3,\"gaps\":0,\"missing\":0,"
		"\"unobtainable\":0,\"left_out\":7,\"took_ms\":5,\"series\":[{\"symbol\":"
		"\"KRW-BTC\",\"interval\":\"1m\",\"note\":\"a \\\"b\\\" \\\\ ??\","
		"\"newest\":null,\"lag_ms\":0,\"gaps\":0,\"missing\":3,\"unobtainable\":0,"
		"\"bar\":\"=X.\"}]}\n");
	buf_clear(&out);
	assert_int_equal(json_put_error(&out, "a\nb"), 0);
	assert_string_equal(out.data, "{\"error\":\"a?b\"}\n");
	buf_release(&out);
	buf_init(&out, 20);
	assert_int_equal(json_put_report(&out, &r, 0, 0), -1);
	buf_release(&out);
}

static void kept(void **state)
{
	struct cache *c = cache_new();
	struct buf body;
	char key[16];

	(void)state;
	buf_init(&body, CACHE_BODY_BYTES + 10);
	assert_null(cache_get(c, "a", 0));
	assert_int_equal(buf_append(&body, "one", 3), 0);
	cache_put(c, "a", &body, 100);
	assert_string_equal(cache_get(c, "a", 99)->data, "one");
	assert_null(cache_get(c, "a", 100));
	assert_null(cache_get(c, "b", 0));
	buf_clear(&body);
	assert_int_equal(buf_append(&body, "two", 3), 0);
	cache_put(c, "a", &body, 200);
	assert_string_equal(cache_get(c, "a", 150)->data, "two");
	/* The one that ends first makes place. */
	for (int i = 0; i < CACHE_ENTRIES; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		cache_put(c, key, &body, 300 + i);
	}
	assert_null(cache_get(c, "a", 0));
	assert_non_null(cache_get(c, "k0", 0));
	/* What is too large is not kept, nor what it would replace. */
	while (body.len <= CACHE_BODY_BYTES)
		assert_int_equal(
			buf_append(&body, "0123456789",
				   body.len + 10 > body.max_bytes ? body.max_bytes - body.len : 10),
			0);
	cache_put(c, "k3", &body, 900);
	assert_null(cache_get(c, "k3", 0));
	assert_non_null(cache_get(c, "k4", 0));
	buf_release(&body);
	cache_free(c);
}

/* The page is one file that asks nobody but the writer, and its policy has no hole. */
static void html(void **state)
{
	(void)state;
	assert_int_equal(strlen(page_html), page_html_bytes);
	assert_non_null(strstr(page_html, "The above copyright notice"));
	assert_null(strstr(page_html, "sourceMappingURL="));
	assert_null(strstr(page_html, " src="));
	assert_null(strstr(page_policy, "unsafe"));
	assert_non_null(strstr(page_policy, "default-src 'none'"));
	assert_non_null(strstr(page_policy, "script-src 'sha256-"));
	assert_non_null(strstr(page_policy, "connect-src 'self'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coverage), cmocka_unit_test(refused), cmocka_unit_test(steps),
		cmocka_unit_test(json),     cmocka_unit_test(kept),    cmocka_unit_test(html),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
