/* SPDX-License-Identifier: MIT */
/* The numbers of a process. Every metric is one row of the program's table (name, type, unit, help,
 * labels), which drives the exposition and the page in docs/.
 *
 * Thread-safe. An update takes a lock for as long as it takes to find one cell; a scrape takes it
 * for one copy of all cells, and formats them afterwards. So updates belong where a batch, a page
 * or a turn ends, not where a message does.
 *
 * Names and formats: Prometheus text format 0.0.4 and OpenMetrics 1.0. Base units; counters are
 * named without `_total`, which the exposition adds; moments are `*_timestamp_seconds`. */
#ifndef GAPLESS_METRICS_H
#define GAPLESS_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/text/buf.h"

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_AGE, /* a gauge of seconds that grows by itself: the cell holds the moment since when
		       (epoch seconds, 0: nothing is waiting), a scrape shows now minus that */
	METRIC_HISTOGRAM,
	METRIC_INFO /* always 1: what it says is in its labels */
};

enum { METRIC_LABELS = 3, METRIC_BUCKETS = 14, METRIC_SERIES_MAX = 20000 };

struct metric {
	const char *name;
	enum metric_type type;
	const char *unit; /* the name's suffix: "seconds", "bytes"; NULL: a count */
	const char *help; /* one sentence */
	const char *labels[METRIC_LABELS];
	double buckets[METRIC_BUCKETS]; /* of a histogram: upper bounds, ascending, then 0 */
};

struct metrics;

/* The table outlives it. The id of a metric is its index in the table. Cells without labels are
 * there, with 0, from the beginning (but for METRIC_INFO and METRIC_AGE). */
struct metrics *metrics_new(const struct metric *table, size_t n);
void metrics_free(struct metrics *m);

/* Values of the labels that the table names, in its order; NULL for a metric without labels. A cell
 * that is not there is made; beyond METRIC_SERIES_MAX cells an update is dropped, and counted in
 * gapless_metrics_dropped_total, which every exposition has. m may be NULL: nothing happens. */
void metrics_add(struct metrics *m, size_t id, const char *const *labels, double by);
void metrics_set(struct metrics *m, size_t id, const char *const *labels, double value);
/* The same, if it is greater than what is there. */
void metrics_raise(struct metrics *m, size_t id, const char *const *labels, double value);
void metrics_observe(struct metrics *m, size_t id, const char *const *labels, double value);
/* At most so many cells of that metric: updates of others are dropped, and counted. */
void metrics_bound(struct metrics *m, size_t id, size_t cells);
/* Forgets all cells of a metric: what its labels named may be gone (partitions, markets). */
void metrics_clear(struct metrics *m, size_t id);

/* The label values of one update: metrics_set(m, LAG, METRIC_VALUES("3"), 7). */
#define METRIC_VALUES(...) ((const char *const[METRIC_LABELS]){__VA_ARGS__})

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };
/* What a client that sends this Accept header gets (NULL: METRICS_TEXT), and its Content-Type. */
enum metrics_format metrics_format_of(const char *accept);
const char *metrics_content_type(enum metrics_format format);
/* Appends the exposition; wall_ms is the moment of the scrape. 0, or -1 if *out is full. */
int metrics_expose(struct metrics *m, enum metrics_format format, int64_t wall_ms, struct buf *out)
	__attribute__((warn_unused_result));
/* The table as the rows of a Markdown table, for docs/. */
void metrics_document(const struct metric *table, size_t n, FILE *to);

#endif
