/* SPDX-License-Identifier: MIT */
/* What /metrics says, in both formats, and that it stays bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/service/metrics.h"

enum { STORED, LAG, WAITING, SECONDS, BUILD, ROWS };
static const struct metric table[ROWS] = {
	[STORED] = {.name = "gapless_candles_stored", .help = "Candles.", .labels = {"kind"}},
	[LAG] = {.name = "gapless_lag_messages", .type = METRIC_GAUGE, .help = "Lag."},
	[WAITING] = {.name = "gapless_lag_seconds",
		     .type = METRIC_AGE,
		     .unit = "seconds",
		     .help = "Age.",
		     .labels = {"topic", "partition"}},
	[SECONDS] = {.name = "gapless_batch_seconds",
		     .type = METRIC_HISTOGRAM,
		     .unit = "seconds",
		     .help = "Batches.",
		     .buckets = {0.1, 1}},
	[BUILD] = {.name = "gapless_build",
		   .type = METRIC_INFO,
		   .help = "Build.",
		   .labels = {"version"}},
};

static char *exposed(struct metrics *m, enum metrics_format format, struct buf *out)
{
	buf_init(out, 8 << 20);
	assert_int_equal(metrics_expose(m, format, 1000500, out), 0);
	return out->data;
}

static struct metrics *filled(void)
{
	struct metrics *m = metrics_new(table, ROWS);

	metrics_add(m, STORED, METRIC_VALUES("inserted"), 2);
	metrics_set(m, LAG, NULL, 7.25);
	metrics_add(m, STORED, METRIC_VALUES("a \"b\" \\\n"), 1);
	metrics_add(m, STORED, METRIC_VALUES("inserted"), 40);
	metrics_set(m, WAITING, METRIC_VALUES("t", "3"), 998.5);
	metrics_set(m, WAITING, METRIC_VALUES("t", "4"), 0);
	metrics_set(m, WAITING, METRIC_VALUES("t", "5"), 5000);
	metrics_observe(m, SECONDS, NULL, 0.1);
	metrics_observe(m, SECONDS, NULL, 0.5);
	metrics_observe(m, SECONDS, NULL, 30);
	metrics_set(m, BUILD, METRIC_VALUES("1.2"), 1);
	return m;
}

static void text_format(void **state)
{
	static const char want[] =
		"# HELP gapless_candles_stored_total Candles.\n"
		"# TYPE gapless_candles_stored_total counter\n"
		"gapless_candles_stored_total{kind=\"inserted\"} 42\n"
		"gapless_candles_stored_total{kind=\"a \\\"b\\\" \\\\\\n\"} 1\n"
		"# HELP gapless_lag_messages Lag.\n"
		"# TYPE gapless_lag_messages gauge\n"
		"gapless_lag_messages 7.25\n"
		"# HELP gapless_lag_seconds Age.\n"
		"# TYPE gapless_lag_seconds gauge\n"
		"gapless_lag_seconds{topic=\"t\",partition=\"3\"} 2\n"
		"gapless_lag_seconds{topic=\"t\",partition=\"4\"} 0\n"
		"gapless_lag_seconds{topic=\"t\",partition=\"5\"} 0\n"
		"# HELP gapless_batch_seconds Batches.\n"
		"# TYPE gapless_batch_seconds histogram\n"
		"gapless_batch_seconds_bucket{le=\"0.1\"} 1\n"
		"gapless_batch_seconds_bucket{le=\"1.0\"} 2\n"
		"gapless_batch_seconds_bucket{le=\"+Inf\"} 3\n"
		"gapless_batch_seconds_count 3\n"
		"gapless_batch_seconds_sum 30.6\n"
		"# HELP gapless_build_info Build.\n"
		"# TYPE gapless_build_info gauge\n"
		"gapless_build_info{version=\"1.2\"} 1\n"
		"# HELP gapless_metrics_dropped_total Updates of metrics that were left out, because "
		"there are too many series.\n"
		"# TYPE gapless_metrics_dropped_total counter\n"
		"gapless_metrics_dropped_total 0\n";
	struct metrics *m = filled();
	struct buf out;

	(void)state;
	assert_string_equal(exposed(m, METRICS_TEXT, &out), want);
	buf_release(&out);
	metrics_free(m);
}

static void openmetrics_format(void **state)
{
	struct metrics *m = filled();
	struct buf out;
	const char *text = exposed(m, METRICS_OPENMETRICS, &out);

	(void)state;
	assert_non_null(strstr(text, "# TYPE gapless_candles_stored counter\n"
				     "gapless_candles_stored_total{kind=\"inserted\"} 42\n"));
	assert_non_null(strstr(text, "# TYPE gapless_lag_seconds gauge\n"
				     "# UNIT gapless_lag_seconds seconds\n"));
	assert_non_null(strstr(text, "# TYPE gapless_build info\n"
				     "gapless_build_info{version=\"1.2\"} 1\n"));
	assert_string_equal(text + out.len - 6, "# EOF\n");
	assert_null(strstr(text, "_created"));
	buf_release(&out);
	metrics_free(m);
}

static void formats_are_chosen(void **state)
{
	(void)state;
	assert_int_equal(metrics_format_of(NULL), METRICS_TEXT);
	assert_int_equal(metrics_format_of("*/*"), METRICS_TEXT);
	assert_int_equal(
		metrics_format_of("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"),
		METRICS_OPENMETRICS);
}

static void forgotten(void **state)
{
	struct metrics *m = filled();
	struct buf out;

	(void)state;
	metrics_clear(m, WAITING);
	metrics_set(m, WAITING, METRIC_VALUES("t", "4"), 1000);
	exposed(m, METRICS_TEXT, &out);
	assert_null(strstr(out.data, "partition=\"3\""));
	assert_non_null(strstr(out.data, "gapless_lag_seconds{topic=\"t\",partition=\"4\"} 0.5\n"));
	assert_non_null(strstr(out.data, "gapless_lag_messages 7.25\n"));
	buf_release(&out);
	metrics_free(m);
}

static void bounded(void **state)
{
	struct metrics *m = metrics_new(table, ROWS);
	struct buf out;
	char name[200];

	(void)state;
	for (int i = 0; i < METRIC_SERIES_MAX + 10; i++) {
		snprintf(name, sizeof(name), "kind-%d", i);
		metrics_add(m, STORED, METRIC_VALUES(name), 1);
	}
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	metrics_add(m, STORED, METRIC_VALUES(name), 1); /* too long to be told apart */
	metrics_add(m, STORED, METRIC_VALUES("kind-1"), 1);
	exposed(m, METRICS_TEXT, &out);
	assert_non_null(strstr(out.data, "{kind=\"kind-1\"} 2\n"));
	/* 2 cells without labels were there before */
	assert_non_null(strstr(out.data, "gapless_metrics_dropped_total 13\n"));
	buf_release(&out);
	metrics_free(m);
	metrics_add(NULL, STORED, NULL, 1);
}

static void bounded_by_itself(void **state)
{
	struct metrics *m = metrics_new(table, ROWS);
	struct buf out;

	(void)state;
	metrics_bound(m, STORED, 2);
	metrics_raise(m, STORED, METRIC_VALUES("a"), 3);
	metrics_raise(m, STORED, METRIC_VALUES("b"), 1);
	metrics_raise(m, STORED, METRIC_VALUES("c"), 1);
	metrics_raise(m, STORED, METRIC_VALUES("a"), 2);
	metrics_raise(m, STORED, METRIC_VALUES("b"), 2);
	metrics_set(m, WAITING, METRIC_VALUES("t", "1"), 1);
	exposed(m, METRICS_TEXT, &out);
	assert_non_null(strstr(out.data, "{kind=\"a\"} 3\n"));
	assert_non_null(strstr(out.data, "{kind=\"b\"} 2\n"));
	assert_null(strstr(out.data, "{kind=\"c\"}"));
	assert_non_null(strstr(out.data, "partition=\"1\""));
	assert_non_null(strstr(out.data, "gapless_metrics_dropped_total 1\n"));
	buf_release(&out);
	metrics_free(m);
}

static void *adds(void *opaque)
{
	char name[8] = "t0";

	for (int i = 0; i < 20000; i++) {
		name[1] = (char)('0' + i % 8);
		metrics_add(opaque, STORED, METRIC_VALUES(name), 1);
	}
	return NULL;
}

static void threads(void **state)
{
	struct metrics *m = metrics_new(table, ROWS);
	pthread_t t[3];
	struct buf out;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, adds, m), 0);
	for (int i = 0; i < 20; i++) {
		exposed(m, METRICS_TEXT, &out);
		buf_release(&out);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	exposed(m, METRICS_TEXT, &out);
	for (int i = 0; i < 8; i++) {
		char line[80];

		snprintf(line, sizeof(line), "{kind=\"t%d\"} 7500\n", i);
		assert_non_null(strstr(out.data, line));
	}
	buf_release(&out);
	metrics_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_format),
		cmocka_unit_test(openmetrics_format),
		cmocka_unit_test(formats_are_chosen),
		cmocka_unit_test(forgotten),
		cmocka_unit_test(bounded),
		cmocka_unit_test(bounded_by_itself),
		cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
