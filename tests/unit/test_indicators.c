/* SPDX-License-Identifier: MIT */
/* The kinds of indicators against TA-Lib (tests/golden/indicators.py made the files), and the
 * setting that names them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "indicators/history.h"
#include "indicators/kinds/bars.h"
#include "indicators/kinds/kind.h"
#include "indicators/message.h"
#include "indicators/number.h"
#include "indicators/repair.h"
#include "indicators/standing.h"
#include "indicators/window.h"
#include "rng.h"

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

/* By printf and strtod alone. */
static void shortest(double v, char *out)
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, NUMBER_BYTES, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			return;
	}
}

static void check_number(double v)
{
	char out[NUMBER_BYTES], wanted[NUMBER_BYTES];

	number_text(v, out);
	assert_true(strtod(out, NULL) == v);
	shortest(v, wanted);
	/* Of 17 digits several may read back; none is shorter than printf's. */
	if (strcmp(out, wanted) != 0)
		assert_true(strlen(out) <= strlen(wanted));
}

static void test_number_text(void **state)
{
	char out[NUMBER_BYTES];
	static const double v[] = {0.1,
				   1.0 / 3,
				   11498000,
				   60123.45,
				   1e-8,
				   5e-324,
				   1.7e308,
				   -2.5,
				   100,
				   1e15,
				   1e14,
				   0.0001,
				   0.00012,
				   999999999999999.9,
				   9007199254740993.0,
				   -0.0};

	(void)state;
	assert_string_equal(number_text(0.1, out), "0.1");
	assert_string_equal(number_text(11498000, out), "11498000");
	assert_string_equal(number_text(-60123.45, out), "-60123.45");
	assert_string_equal(number_text(0.00123457, out), "0.00123457");
	assert_string_equal(number_text(0, out), "0");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		check_number(v[i]);
	rng_open("test_indicators");
	for (int i = 0; i < 200000; i++) {
		double digits = (double)rng_below(INT64_C(1000000000000000000)) - 5e17;

		check_number(digits / pow(10, (double)rng_below(24)));
		check_number((double)(rng_below(2000000) - 1000000) /
			     pow(10, (double)rng_below(9)));
	}
}

/* ---- the message ---- */

static size_t text_of(const char *path, char *out, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, cap - 1, f);
	if (n > 0 && out[n - 1] == '\n')
		n--;
	out[n] = 0;
	fclose(f);
	return n;
}

static const char *string_in(const cJSON *o, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

static int64_t number_in(const cJSON *o, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);

	assert_true(cJSON_IsNumber(item));
	return (int64_t)item->valuedouble;
}

/* The golden message, taken apart and written again, is the same bytes. */
static void test_message(void **state)
{
	static char text[4096];
	size_t len = text_of("schemas/indicator.golden.json", text, sizeof text), k = 0;
	cJSON *o = cJSON_Parse(text);
	struct indicator_message m = {0};
	struct set set;
	struct err err;
	struct buf out;
	char word[64];

	(void)state;
	assert_non_null(o);
	snprintf(word, sizeof word, "%s:%s", string_in(o, "indicator"), string_in(o, "params"));
	assert_int_equal(set_parse(word, &set, &err), 0);
	m.symbol = string_in(o, "symbol");
	m.source = string_in(o, "source");
	m.interval = interval_by_name(string_in(o, "interval"));
	m.timestamp_ms = number_in(o, "timestamp");
	m.indicator = &set.v[0];
	m.result.candles = number_in(o, "candles");
	m.result.as_of_ms = number_in(o, "as_of");
	for (const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, "value")->child; v; v = v->next)
		m.result.v[k++] = strtod(v->valuestring, NULL);
	assert_int_equal(k, 3);
	buf_init(&out, INDICATOR_MAX_BYTES);
	assert_int_equal(indicator_encode(&m, &out), 0);
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, text, len);
	m.result = (struct result){.state = RESULT_UNAVAILABLE, .reason = REASON_GAP, .candles = 7};
	buf_clear(&out);
	assert_int_equal(indicator_encode(&m, &out), 0);
	assert_non_null(strstr(out.data,
			       "\"state\":\"unavailable\",\"reason\":\"gap\",\"value\":{},"
			       "\"candles\":7"));
	buf_release(&out);
	cJSON_Delete(o);
}

/* The schema asks for the keys that are written, in their order, and knows every kind, state and
 * reason. */
static void test_schema(void **state)
{
	static char golden[4096], text[16384];
	const cJSON *required, *described, *key, *list;
	size_t n;
	const struct kind *const *kinds = kind_table(&n);
	cJSON *message, *schema;

	(void)state;
	text_of("schemas/indicator.golden.json", golden, sizeof golden);
	text_of("schemas/indicator.schema.json", text, sizeof text);
	message = cJSON_Parse(golden);
	schema = cJSON_Parse(text);
	assert_non_null(message);
	assert_non_null(schema);
	required = cJSON_GetObjectItemCaseSensitive(schema, "required")->child;
	described = cJSON_GetObjectItemCaseSensitive(schema, "properties")->child;
	cJSON_ArrayForEach(key, message)
	{
		assert_string_equal(required->valuestring, key->string);
		assert_string_equal(described->string, key->string);
		required = required->next;
		described = described->next;
	}
	assert_null(required);
	assert_null(described);
	described = cJSON_GetObjectItemCaseSensitive(schema, "properties");
	list = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(described, "indicator"), "enum");
	assert_int_equal(cJSON_GetArraySize(list), n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(cJSON_GetArrayItem(list, (int)i)->valuestring, kinds[i]->name);
	cJSON_Delete(message);
	cJSON_Delete(schema);
}

/* ---- what comes again, and what is computed in pieces ---- */

enum { MINUTE = 60000 };
static const int64_t day_ms = INT64_C(1773014400000);

static struct timeline_input minute(int64_t i, double close, int64_t read_after_ms)
{
	int64_t at = day_ms + i * MINUTE;

	return (struct timeline_input){.bar = {.timestamp_ms = at,
					       .open = close,
					       .high = close,
					       .low = close,
					       .close = close,
					       .volume = 1,
					       .quote_volume = close,
					       .fetched_ms = at + MINUTE + read_after_ms},
				       .covers_from_ms = at,
				       .covers_to_ms = at + MINUTE};
}

struct heard {
	size_t n;
	struct result last;
};

static void hear(void *to, const struct bar *bar, const struct indicator *in,
		 const struct result *r)
{
	struct heard *h = to;

	(void)bar;
	(void)in;
	h->n++;
	h->last = *r;
}

/* A final candle follows a minute of which nothing is known yet. That it comes again much later,
 * with nothing new, changes nothing: the table keeps the row that it has, and who reads it there
 * must find the same. */
static void test_same_again(void **state)
{
	struct timeline_input in[] = {minute(0, 10, 65000), minute(2, 12, 65000)};
	struct heard heard = {0};
	struct window *w;
	struct span older;
	struct set set;
	struct err err;

	(void)state;
	assert_int_equal(set_parse("sma:2", &set, &err), 0);
	w = window_new(&set, interval_by_name("1m"), FILL_NONE);
	for (size_t i = 0; i < 2; i++)
		window_apply(w, &in[i], &older);
	window_compute(w, hear, &heard);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.last.state, RESULT_PROVISIONAL);
	in[1].bar.fetched_ms += 3600000;
	assert_int_equal(window_apply(w, &in[1], &older), WINDOW_NOTHING);
	in[1].bar.revision++; /* this is a row of its own, written again */
	assert_int_equal(window_apply(w, &in[1], &older), WINDOW_CHANGED);
	window_compute(w, hear, &heard);
	assert_int_equal(heard.n, 3);
	assert_int_equal(heard.last.state, RESULT_UNAVAILABLE);
	assert_int_equal(heard.last.reason, REASON_GAP);
	window_free(w);
}

/* The first candles of all lack the start of their day: that is warming. A candle of the day before
 * comes late, and it was a gap: for all of that day, although no value depends on that candle. */
static void test_first_day(void **state)
{
	struct timeline_input in[] = {minute(5, 10, 3600000), minute(6, 11, 3600000),
				      minute(-9, 12, 3600000)};
	struct heard heard = {0};
	struct window *w;
	struct span older;
	struct set set;
	struct err err;

	(void)state;
	assert_int_equal(set_parse("vwap", &set, &err), 0);
	w = window_new(&set, interval_by_name("1m"), FILL_NONE);
	window_apply(w, &in[0], &older);
	window_apply(w, &in[1], &older);
	window_compute(w, hear, &heard);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.last.reason, REASON_WARMING);
	window_apply(w, &in[2], &older);
	window_compute(w, hear, &heard);
	assert_int_equal(heard.n, 5);
	assert_int_equal(heard.last.state, RESULT_UNAVAILABLE);
	assert_int_equal(heard.last.reason, REASON_GAP);
	window_free(w);
}

/* The second piece holds a candle that is newer than a change of the first one, which was read
 * before it came: what is computed of them must not beat what comes of that change. */
static void test_pieces(void **state)
{
	struct timeline_input first = minute(0, 10, 65000), second = minute(1, 12, 9000000);
	struct spans covered = {0};
	struct heard heard = {0};
	struct history *h;
	struct set set;
	struct err err;

	(void)state;
	assert_int_equal(set_parse("ema:2", &set, &err), 0);
	spans_add(&covered, day_ms, day_ms + (int64_t)2 * MINUTE);
	h = history_new(&set, interval_by_name("1m"), FILL_NONE,
			(struct span){day_ms, day_ms + (int64_t)2 * MINUTE});
	history_as_of(h, first.bar.fetched_ms);
	history_feed(h, &covered, &first.bar, 1, 0, hear, &heard);
	history_feed(h, &covered, &second.bar, 1, 0, hear, &heard);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.last.state, RESULT_FINAL);
	assert_int_equal(heard.last.as_of_ms, first.bar.fetched_ms);
	spans_release(&covered);
	history_free(h);
}

/* A series whose messages are in two partitions, since partitions were added: each holds back its
 * own commits, and is waited for by its own offsets. */
static void test_two_partitions(void **state)
{
	const struct options options = {.no_trade = "skip"};
	struct repair *r = repair_new(&options);
	struct feed_item old = {.partition = 0, .offset = 1883},
			 grown = {.partition = 3, .offset = 595};
	struct set set;
	struct err err;
	struct entry e = {.symbol = "KRW-BTC", .interval = interval_by_name("1m")};
	struct span span = {day_ms, day_ms + MINUTE};
	const struct reader_job *job;

	(void)state;
	assert_int_equal(set_parse("sma:2", &set, &err), 0);
	e.window = window_new(&set, e.interval, FILL_NONE);
	repair_note(r, &e, span, &old, 1000);
	repair_note(r, &e, span, &grown, 1000);
	assert_int_equal(repair_first(r, 0), 1883);
	assert_int_equal(repair_first(r, 3), 595);
	job = repair_job(r, 100000);
	assert_non_null(job);
	assert_int_equal(job->at_least[0], 1884);
	assert_int_equal(job->at_least[3], 0);
	repair_free(r);
	window_free(e.window);
}

/* A snapshot waits for each partition by itself: as long as it moves, up to the message that halts
 * it, and not again for one that still stands where it was given up. */
static void test_standing(void **state)
{
	struct standing *s = standing_new(4);
	static const struct {
		int partition;
		int64_t at_least, next, now_ms;
		enum standing_state state;
	} looks[] = {
		{0, 9, 5, 0, STANDING_REACHED}, /* nothing is expected of it */
		{1, 9, 5, 0, STANDING_BEHIND},
		{1, 9, 5, 999, STANDING_BEHIND},
		{1, 9, 6, 1000, STANDING_BEHIND}, /* it has moved */
		{1, 9, 6, 1999, STANDING_BEHIND},
		{1, 9, 6, 2000, STANDING_GIVES_UP},
		{1, 9, 6, 2000, STANDING_GIVEN_UP},
		{1, 9, 7, 5000, STANDING_BEHIND}, /* so it has, after all */
		{1, 9, 9, 5000, STANDING_REACHED},
		{1, 10, 9, 90000, STANDING_BEHIND}, /* it was not waited for in between */
		{1, 0, -1, 90000, STANDING_REACHED},
		{2, 9, 4, 0, STANDING_BEHIND},
		{2, 9, 5, 0, STANDING_REACHED},  /* halted at 5 */
		{3, 1, -1, 0, STANDING_REACHED}, /* halted by its first message */
	};

	(void)state;
	standing_expect(s, 1, INT64_MAX, 1000);
	standing_expect(s, 2, 5, 1000);
	standing_expect(s, 3, 0, 1000);
	standing_expect(s, 4, 0, 1000); /* there is none */
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
		assert_int_equal(standing_look(s, (size_t)looks[i].partition, looks[i].at_least,
					       looks[i].next, looks[i].now_ms),
				 looks[i].state);
	standing_expect(s, 2, INT64_MAX, 1000); /* it was skipped */
	assert_int_equal(standing_look(s, 2, 9, 5, 0), STANDING_BEHIND);
	standing_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),     cmocka_unit_test(test_set),
		cmocka_unit_test(test_table),      cmocka_unit_test(test_number_text),
		cmocka_unit_test(test_message),    cmocka_unit_test(test_schema),
		cmocka_unit_test(test_same_again), cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_first_day),  cmocka_unit_test(test_two_partitions),
		cmocka_unit_test(test_standing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
