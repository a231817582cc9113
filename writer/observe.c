/* SPDX-License-Identifier: MIT */
#include "observe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/service/service.h"
#include "writer/metrics.h"

enum { SHOW_MS = 250 };

struct observe {
	struct service *service;
	struct metrics *metrics;
	int64_t generation;       /* of the partitions that are shown */
	int64_t *unread_since_ms; /* of partition i of the feed's: wall clock, 0: nothing is */
	int64_t show_boot_ms;
	int by_series; /* each has metrics of its own */
};

struct observe *observe_new(const char *listen, const struct httpd_route *routes,
			    int64_t series_metrics)
{
	struct observe *o = xcalloc(1, sizeof(*o));

	o->service = service_new(&(struct service_settings){
		.listen = listen, .table = writer_metrics, .n = WRITER_METRICS, .routes = routes});
	o->metrics = service_metrics(o->service);
	o->by_series = series_metrics > 0;
	metrics_bound(o->metrics, WRITER_SERIES_NEWEST, (size_t)series_metrics);
	return o;
}

int observe_free(struct observe *o)
{
	if (o == NULL)
		return 1;
	if (!service_free(o->service))
		return 0;
	free(o->unread_since_ms);
	free(o);
	return 1;
}

void observe_waits(struct observe *o, const char *why)
{
	if (o != NULL)
		service_ready(o->service, why);
}

/* ---------------------------------------------------------------- batches */

/* The newest row of [from, to), which are of one series, that was stored; NULL: none was. */
static const struct candle *newest(const struct batch *b, size_t from, size_t to)
{
	while (to > from && b->rows[to - 1].rejected != NULL)
		to--;
	return to > from ? &b->rows[to - 1].m.candle : NULL;
}

static void show_newest(struct observe *o, const struct batch *b)
{
	for (size_t from = 0, to; from < b->n; from = to) {
		const struct candle *c = newest(b, from, to = batch_series_end(b, from));
		if (c == NULL)
			continue;
		metrics_raise(o->metrics, WRITER_NEWEST, METRIC_VALUES(c->interval->name),
			      (double)c->timestamp_ms / 1000);
		if (o->by_series)
			metrics_raise(o->metrics, WRITER_SERIES_NEWEST,
				      METRIC_VALUES(c->symbol, c->interval->name),
				      (double)c->timestamp_ms / 1000);
	}
}

void observe_batch(struct observe *o, const struct batch *b, int64_t took_ms)
{
	if (o == NULL)
		return;
	metrics_observe(o->metrics, WRITER_BATCH_ROWS, NULL, (double)b->n);
	metrics_observe(o->metrics, WRITER_BATCH_SECONDS, NULL, (double)took_ms / 1000);
	show_newest(o, b);
}

/* ---------------------------------------------------------------- a turn */

static void show_tally(const struct observe *o, const struct tally *t)
{
	static const struct {
		enum tally_counter counter;
		enum writer_metric metric;
		const char *outcome;
	} shown[] = {{TALLY_INSERTED, WRITER_CANDLES, "inserted"},
		     {TALLY_CORRECTED, WRITER_CANDLES, "corrected"},
		     {TALLY_IDENTICAL, WRITER_CANDLES, "identical"},
		     {TALLY_STALE, WRITER_CANDLES, "stale"},
		     {TALLY_INCONSISTENT, WRITER_INCONSISTENT, NULL},
		     {TALLY_DEAD_LETTERS, WRITER_DEAD_LETTERS, NULL},
		     {TALLY_MESSAGES, WRITER_MESSAGES, NULL},
		     {TALLY_SKIPPED, WRITER_SKIPPED, NULL},
		     {TALLY_LOST_OFFSETS, WRITER_LOST_OFFSETS, NULL},
		     {TALLY_DATABASE_LOST, WRITER_DATABASE_LOSSES, NULL},
		     {TALLY_COMMIT_FAILURES, WRITER_COMMIT_FAILURES, NULL}};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		metrics_set(o->metrics, shown[i].metric, METRIC_VALUES(shown[i].outcome),
			    (double)tally_get(t, shown[i].counter));
}

/* When the broker took the first message that is not stored, as far as it was read; what is there
 * and was not read yet waits at least since it was first seen to be there. */
static int64_t waiting_since_ms(struct observe *o, const struct pipeline *pipeline, size_t i,
				const struct partition *p, int64_t lag)
{
	int64_t since_ms = pipeline_oldest_ms(pipeline, p->id);

	if (p->state == PARTITION_HALTED && (since_ms == 0 || p->halted_ms < since_ms))
		since_ms = p->halted_ms;
	if (lag == 0 || since_ms != 0)
		o->unread_since_ms[i] = 0;
	else if (o->unread_since_ms[i] == 0)
		o->unread_since_ms[i] = clock_wall_ms();
	return lag == 0 ? 0 : since_ms != 0 ? since_ms : o->unread_since_ms[i];
}

static void show_partitions(struct observe *o, const struct feed *feed,
			    const struct pipeline *pipeline)
{
	const struct partitions *ps = feed_partitions(feed);
	size_t n = partitions_count(ps);
	char name[24];

	if (o->generation != partitions_generation(ps)) {
		o->generation = partitions_generation(ps);
		free(o->unread_since_ms);
		o->unread_since_ms = xcalloc(n + 1, sizeof(*o->unread_since_ms));
		metrics_clear(o->metrics, WRITER_LAG_MESSAGES);
		metrics_clear(o->metrics, WRITER_LAG_SECONDS);
		metrics_clear(o->metrics, WRITER_HALTED);
	}
	metrics_set(o->metrics, WRITER_ASSIGNED, NULL, (double)n);
	for (size_t i = 0; i < n; i++) {
		const struct partition *p = partitions_at(ps, i);
		int64_t lag;

		if (p->state == PARTITION_UNKNOWN || p->state == PARTITION_UNREAD)
			continue;
		lag = feed_lag(feed, p);
		snprintf(name, sizeof(name), "%" PRId32, p->id);
		metrics_set(o->metrics, WRITER_LAG_MESSAGES, METRIC_VALUES(name), (double)lag);
		metrics_set(o->metrics, WRITER_LAG_SECONDS, METRIC_VALUES(name),
			    (double)waiting_since_ms(o, pipeline, i, p, lag) / 1000);
		metrics_set(o->metrics, WRITER_HALTED, METRIC_VALUES(name),
			    p->state == PARTITION_HALTED);
	}
}

static void show_kafka(const struct observe *o, const struct kafka_stats *k)
{
	kafka_metrics_set(o->metrics, WRITER_KAFKA, k);
	metrics_set(o->metrics, WRITER_KAFKA_FETCHED, NULL, (double)k->fetched_messages);
	metrics_set(o->metrics, WRITER_REBALANCES, NULL, (double)k->rebalances);
}

void observe_turn(struct observe *o, const struct feed *feed, const struct pipeline *pipeline,
		  const struct tally *tally, int database_fails, int64_t boot_ms)
{
	const struct kafka_stats *kafka;
	struct feed_others others;
	const char *why;

	if (o == NULL)
		return;
	service_beat(o->service, boot_ms);
	if (boot_ms < o->show_boot_ms)
		return;
	o->show_boot_ms = boot_ms + SHOW_MS;
	kafka = feed_kafka(feed);
	why = feed_waits_for(feed);
	if (database_fails)
		why = "waiting for the database";
	else if (kafka->updates > 0 && kafka->brokers_up == 0)
		why = "waiting for Kafka: no broker is connected";
	service_ready(o->service, why);
	show_tally(o, tally);
	show_partitions(o, feed, pipeline);
	show_kafka(o, kafka);
	others = feed_others(feed);
	metrics_set(o->metrics, WRITER_DISAGREEING, METRIC_VALUES("stranger"), others.strangers);
	metrics_set(o->metrics, WRITER_ELSEWHERE, NULL, others.stored_elsewhere);
	metrics_set(o->metrics, WRITER_DATABASE_UP, NULL, !database_fails);
}
