/* SPDX-License-Identifier: MIT */
#include "observe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/service/service.h"
#include "indicators/database/loader.h"
#include "indicators/database/reader.h"
#include "indicators/database/repair.h"
#include "indicators/feed/commits.h"
#include "indicators/feed/feed.h"
#include "indicators/output/message.h"
#include "indicators/output/output.h"
#include "indicators/series/book.h"
#include "ingest.h"
#include "metrics.h"

enum { SHOW_MS = 250, SAY_MS = 60000 };

/* A partition that is shown. */
struct shown {
	int32_t partition;
	int64_t unread_since_ms; /* wall clock; 0: nothing is unread */
};

struct observe {
	struct service *service;
	struct metrics *metrics;
	struct shown *shown;
	size_t shown_n;
	int64_t show_boot_ms, say_boot_ms;
	int64_t said_messages, said_sent;
};

struct observe *observe_new(const char *listen)
{
	struct observe *o = xcalloc(1, sizeof *o);

	o->service = service_new(&(struct service_settings){
		.listen = listen, .table = indicators_metrics, .n = INDICATORS_METRICS});
	o->metrics = service_metrics(o->service);
	return o;
}

void observe_free(struct observe *o)
{
	if (!o)
		return;
	service_free(o->service);
	free(o->shown);
	free(o);
}

void observe_waits(struct observe *o, const char *why, int64_t boot_ms)
{
	service_beat(o->service, boot_ms);
	service_ready(o->service, why);
}

/* ---------------------------------------------------------------- partitions */

/* What is shown of partitions that are gone is forgotten. */
static void renew_shown(struct observe *o, const struct part *parts, size_t n)
{
	size_t same = 0;

	while (same < n && same < o->shown_n && o->shown[same].partition == parts[same].id)
		same++;
	if (same == n && n == o->shown_n)
		return;
	metrics_clear(o->metrics, INDICATORS_LAG_MESSAGES);
	metrics_clear(o->metrics, INDICATORS_LAG_SECONDS);
	metrics_clear(o->metrics, INDICATORS_HALTED);
	o->shown = xreallocarray(o->shown, n + 1, sizeof *o->shown);
	o->shown_n = n;
	for (size_t i = 0; i < n; i++)
		o->shown[i] = (struct shown){parts[i].id, 0};
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* When the broker took the first message that is not done, as far as it was read; what is there and
 * was not read yet waits at least since that was seen first. */
static int64_t waiting_since_ms(struct shown *s, const struct process *p, int64_t lag)
{
	int64_t since_ms = earlier(commits_since_ms(p->commits, s->partition),
				   repair_since_ms(p->repair, s->partition));

	since_ms = earlier(since_ms, ingest_since_ms(p->ingest, s->partition));
	since_ms = earlier(since_ms, halts_since_ms(feed_halts(p->feed), s->partition));
	if (lag == 0 || since_ms != 0)
		s->unread_since_ms = 0;
	else if (s->unread_since_ms == 0)
		s->unread_since_ms = clock_wall_ms();
	return lag == 0 ? 0 : since_ms != 0 ? since_ms : s->unread_since_ms;
}

static void show_partitions(struct observe *o, const struct process *p)
{
	size_t n;
	const struct part *parts = offsets_parts(feed_offsets(p->feed), &n);
	char name[24];

	renew_shown(o, parts, n);
	metrics_set(o->metrics, INDICATORS_ASSIGNED, NULL, (double)n);
	for (size_t i = 0; i < n; i++) {
		struct shown *s = &o->shown[i];
		int64_t next = commits_next(p->commits, s->partition), lag;

		if (next < 0)
			continue; /* not known yet where it begins */
		lag = feed_messages_from(p->feed, s->partition, next);
		snprintf(name, sizeof name, "%" PRId32, s->partition);
		metrics_set(o->metrics, INDICATORS_LAG_MESSAGES, METRIC_VALUES(name), (double)lag);
		metrics_set(o->metrics, INDICATORS_LAG_SECONDS, METRIC_VALUES(name),
			    (double)waiting_since_ms(s, p, lag) / 1000);
		metrics_set(o->metrics, INDICATORS_HALTED, METRIC_VALUES(name),
			    halts_hold(feed_halts(p->feed), s->partition));
	}
}

/* ---------------------------------------------------------------- a turn */

static void show_counters(const struct observe *o, const struct process *p)
{
	struct metrics *m = o->metrics;

	metrics_set(m, INDICATORS_MESSAGES, NULL, (double)ingest_messages(p->ingest));
	metrics_set(m, INDICATORS_UNREADABLE, NULL, (double)feed_unreadable(p->feed));
	metrics_set(m, INDICATORS_TOO_OLD, NULL, (double)ingest_too_old(p->ingest));
	for (enum result_state s = RESULT_FINAL; s <= RESULT_UNAVAILABLE; s++)
		metrics_set(m, INDICATORS_VALUES, METRIC_VALUES(result_state_name(s)),
			    (double)output_sent_as(p->output, s));
	metrics_set(m, INDICATORS_RECOMPUTATIONS, NULL, (double)repair_computed(p->repair));
	metrics_set(m, INDICATORS_WAITING, NULL, (double)repair_waiting(p->repair));
	metrics_set(m, INDICATORS_SNAPSHOTS, NULL, (double)loader_loaded(p->loader));
	metrics_set(m, INDICATORS_SERIES, NULL, (double)book_n(p->book));
	metrics_set(m, INDICATORS_WINDOW_BYTES, NULL, (double)book_bytes(p->book));
	if (!p->reader)
		return;
	metrics_set(m, INDICATORS_TABLE_READS, METRIC_VALUES("ok"),
		    (double)reader_reads(p->reader));
	metrics_set(m, INDICATORS_TABLE_READS, METRIC_VALUES("failed"),
		    (double)reader_failures(p->reader));
}

static int is_database_up(const struct process *p)
{
	return !(p->reader && reader_fails(p->reader)) && !output_fails(p->output);
}

static const char *waits_for(const struct process *p)
{
	const struct kafka_stats *k = feed_stats(p->feed);
	const char *why = feed_waits_for(p->feed);

	if (!is_database_up(p))
		return "waiting for the database";
	if (k->updates > 0 && k->brokers_up == 0)
		return "waiting for Kafka: no broker is connected";
	if (why)
		return why;
	return loader_is_done(p->loader) ? NULL : "loading the newest candles from the table";
}

static void say(struct observe *o, const struct process *p, int64_t boot_ms)
{
	int64_t messages = ingest_messages(p->ingest), sent = output_sent(p->output);

	if (boot_ms < o->say_boot_ms)
		return;
	o->say_boot_ms = boot_ms + SAY_MS;
	if (messages > o->said_messages)
		log_info("indicators", L_INT("candles", messages - o->said_messages),
			 L_INT("published", sent - o->said_sent), L_INT("series", book_n(p->book)),
			 L_INT("window_bytes", book_bytes(p->book)),
			 L_INT("series_to_compute_from_the_table", repair_waiting(p->repair)));
	o->said_messages = messages;
	o->said_sent = sent;
}

void observe_turn(struct observe *o, const struct process *p, int64_t boot_ms)
{
	service_beat(o->service, boot_ms);
	say(o, p, boot_ms);
	if (boot_ms < o->show_boot_ms)
		return;
	o->show_boot_ms = boot_ms + SHOW_MS;
	service_ready(o->service, waits_for(p));
	show_counters(o, p);
	show_partitions(o, p);
	kafka_metrics_set(o->metrics, INDICATORS_KAFKA, feed_stats(p->feed));
	metrics_set(o->metrics, INDICATORS_REBALANCES, NULL,
		    (double)feed_stats(p->feed)->rebalances);
	metrics_set(o->metrics, INDICATORS_DATABASE_UP, NULL, is_database_up(p));
}
