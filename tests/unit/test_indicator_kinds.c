/* SPDX-License-Identifier: MIT */
/* The kinds of indicators against TA-Lib (tests/golden/indicators.py made the files), and the
 * setting that names them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "indicators/kinds/bars.h"
#include "indicators/series/window.h"

#define ALL "sma:20,ema:20,rsi:14,macd:12:26:9,bb:20:2,atr:14,volume:20,vwap,cross:5:20"
enum { COLUMNS = 20, FIRST_OUTPUT = 7, LINE_BYTES = 2048, ROWS_MAX = 300 };

struct golden {
	char *names[COLUMNS];
	char header[LINE_BYTES];
	double inputs[ROWS_MAX][FIRST_OUTPUT];
	double wanted[ROWS_MAX][COLUMNS]; /* NAN: nothing */
	size_t n;
	/* what was emitted */
	size_t compared;
};

static size_t cut(char *line, char *cells[COLUMNS])
{
	size_t n = 0;

	line[strcspn(line, "\n")] = 0;
	for (char *cell; n < COLUMNS && (cell = strsep(&line, "\t")) != NULL;)
		cells[n++] = cell;
	return n;
}

static void golden_read(struct golden *g, const char *name)
{
	char path[128], line[LINE_BYTES], *cells[COLUMNS];
	FILE *f;

	snprintf(path, sizeof path, "tests/data/indicators/%s.tsv", name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	assert_non_null(strstr(line, "TA-Lib wheel 0.8.2"));
	assert_non_null(fgets(g->header, sizeof g->header, f));
	assert_int_equal(cut(g->header, g->names), COLUMNS);
	for (g->n = 0; fgets(line, sizeof line, f); g->n++) {
		assert_true(g->n < ROWS_MAX);
		assert_int_equal(cut(line, cells), COLUMNS);
		for (size_t i = 0; i < COLUMNS; i++) {
			double v = *cells[i] ? strtod(cells[i], NULL) : NAN;

			if (i < FIRST_OUTPUT)
				g->inputs[g->n][i] = v;
			g->wanted[g->n][i] = v;
		}
	}
	fclose(f);
}

static size_t column(const struct golden *g, const struct indicator *in, size_t value)
{
	char name[64];

	for (size_t i = FIRST_OUTPUT; i < COLUMNS; i++) {
		snprintf(name, sizeof name, "%s%s%s", in->kind->name, *in->params ? ":" : "",
			 in->params);
		if (strcmp(g->names[i], name) == 0)
			return i;
		snprintf(name + strlen(name), sizeof name - strlen(name), ".%s",
			 in->kind->values[value]);
		if (strcmp(g->names[i], name) == 0)
			return i;
	}
	fail_msg("no column for %s:%s", in->kind->name, in->params);
	return 0;
}

/* A MACD is the difference of two prices: its last digits are theirs. */
static double allowed(const struct indicator *in, double wanted, double price)
{
	return 1e-9 * fabs(wanted) + (strcmp(in->kind->name, "macd") == 0 ? 1e-14 * price : 0);
}

static void compare(void *to, const struct bar *bar, const struct indicator *in,
		    const struct result *r)
{
	struct golden *g = to;
	size_t row = (size_t)((bar->timestamp_ms - (int64_t)g->inputs[0][0]) / 60000);

	for (size_t k = 0; in->kind->values[k]; k++) {
		double wanted = g->wanted[row][column(g, in, k)];

		if (isnan(wanted)) {
			assert_int_equal(r->state, RESULT_UNAVAILABLE);
			assert_int_equal(r->reason, REASON_WARMING);
			continue;
		}
		assert_int_equal(r->state, RESULT_FINAL);
		if (fabs(r->v[k] - wanted) > allowed(in, wanted, bar->close))
			fail_msg("%s:%s %s, row %zu: %.17g, wanted %.17g", in->kind->name,
				 in->params, in->kind->values[k], row, r->v[k], wanted);
		g->compared++;
	}
}

static void golden_check(const char *name)
{
	static struct golden g;
	struct window *w;
	struct set set;
	struct span older;
	struct err err;
	size_t there = 0;

	g = (struct golden){0};
	golden_read(&g, name);
	assert_int_equal(set_parse(ALL, &set, &err), 0);
	w = window_new(&set, interval_by_name("1m"), FILL_NONE);
	for (size_t i = 0; i < g.n; i++) {
		const double *d = g.inputs[i];
		struct timeline_input in = {
			.bar = {.timestamp_ms = (int64_t)d[0],
				.open = d[1],
				.high = d[2],
				.low = d[3],
				.close = d[4],
				.volume = d[5],
				.quote_volume = d[6],
				.fetched_ms = (int64_t)d[0] + 120000},
			/* Nothing was traded in its day before the first one. */
			.covers_from_ms = i ? (int64_t)d[0] : kind_day_of((int64_t)d[0]),
			.covers_to_ms = (int64_t)d[0] + 60000,
		};

		assert_int_equal(window_apply(w, &in, &older), WINDOW_CHANGED);
		window_compute(w, compare, &g);
		for (size_t k = FIRST_OUTPUT; k < COLUMNS; k++)
			there += !isnan(g.wanted[i][k]);
	}
	assert_true(there > 1000);
	assert_int_equal(g.compared, there);
	window_free(w);
}

static void test_golden(void **state)
{
	(void)state;
	golden_check("recorded");
	golden_check("small");
	golden_check("large");
	golden_check("cents");
	golden_check("flat");
	golden_check("still");
}

/* ---- the setting ---- */

static void refused(const char *text, const char *why)
{
	struct set set;
	struct err err = {0};

	assert_int_equal(set_parse(text, &set, &err), -1);
	if (!strstr(err.text, why))
		fail_msg("'%s' is refused with \"%s\", not with \"%s\"", text, err.text, why);
}

static void test_set(void **state)
{
	struct set all, of;
	struct err err = {0};

	(void)state;
	assert_int_equal(set_parse("sma:20, rsi:14,ema:200@1h+4h,bb:20:2.50,vwap", &all, &err), 0);
	assert_int_equal(all.n, 5);
	assert_string_equal(all.v[3].params, "20:2.5");
	assert_string_equal(all.v[4].params, "");
	set_of_interval(&all, interval_by_name("1m"), &of);
	assert_int_equal(of.n, 4);
	assert_int_equal(of.context, 20);
	assert_true(of.daily);
	set_of_interval(&all, interval_by_name("4h"), &of);
	assert_int_equal(of.n, 5);
	assert_int_equal(of.context, 200);
	assert_true(of.horizon > 2000);
	refused("", "none is named");
	refused("smu:20", "there are sma, ema, rsi");
	refused("sma", "its period is missing");
	refused("macd:12", "its slow is missing: write macd:fast:slow:signal");
	refused("sma:20:3", "one parameter too many");
	refused("sma:1", "whole number from 2 to 1000");
	refused("sma:2.5", "whole number from 2 to 1000");
	refused("sma:x", "whole number from 2 to 1000");
	refused("sma:-3", "whole number from 2 to 1000");
	refused("macd:26:12:9", "shorter than the slow");
	refused("cross:20:5", "shorter than the slow");
	refused("sma:20@2m", "behind @ stand intervals");
	refused("sma:20@", "no interval is named");
	refused("sma:20,sma:20", "named twice");
}

/* Every kind has what its table row promises. */
static void test_table(void **state)
{
	size_t n;
	const struct kind *const *kinds = kind_table(&n);

	(void)state;
	assert_int_equal(n, 9);
	for (size_t i = 0; i < n; i++) {
		double p[KIND_PARAMS] = {12, 26, 9};

		assert_ptr_equal(kind_by_name(kinds[i]->name), kinds[i]);
		assert_non_null(kinds[i]->values[0]);
		assert_true(kinds[i]->need(p) >= 1);
		assert_true(kinds[i]->reach(p) >= kinds[i]->need(p));
		assert_true(kinds[i]->need(p) <= 2 * KIND_PERIOD_MAX);
	}
	assert_null(kind_by_name("stochastic"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
