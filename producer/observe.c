/* SPDX-License-Identifier: MIT */
#include "producer/observe.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/least.h"
#include "common/base/log.h"
#include "common/service/service.h"
#include "producer/metrics.h"
#include "producer/series/plan.h"

enum { SHOW_MS = 250, SERIES_MS = 10000, INTERVALS = 16 };

struct observe {
	struct service *service;
	struct metrics *metrics;
	int64_t show_boot_ms, series_boot_ms; /* when that is due again */
	int by_series;                        /* each has metrics of its own */
	/* as the progress line told them last */
	struct requests_stats requests_told;
	int64_t candles_told;
};

struct observe *observe_new(const char *listen, int64_t series_metrics)
{
	static const enum producer_metric bounded[] = {
		PRODUCER_SERIES_NEWEST, PRODUCER_SERIES_MISSING, PRODUCER_SERIES_FRAGMENTS};
	struct observe *o = xcalloc(1, sizeof *o);

	o->service = service_new(&(struct service_settings){
		.listen = listen, .table = producer_metrics, .n = PRODUCER_METRICS});
	o->metrics = service_metrics(o->service);
	o->by_series = series_metrics > 0;
	for (size_t i = 0; i < sizeof bounded / sizeof bounded[0]; i++)
		metrics_bound(o->metrics, bounded[i], (size_t)series_metrics);
	return o;
}

void observe_free(struct observe *o)
{
	if (!o)
		return;
	service_free(o->service);
	free(o);
}

void observe_waits(struct observe *o, const char *why)
{
	if (o)
		service_ready(o->service, why);
}

void observe_revoked(struct observe *o)
{
	if (o)
		metrics_add(o->metrics, PRODUCER_REVOCATIONS, NULL, 1);
}

void observe_owned(const struct observe *o, const struct view *now, int assigned, size_t taken,
		   size_t left)
{
	const struct schedule *owned = catalogue_schedule(now->catalogue);
	double wanted = plan_live_rate(owned), budget = requests_per_second(now->requests);
	char text[200];

	if (!o)
		return;
	if (assigned)
		share_say(now->share, schedule_size(owned), taken, left);
	if (wanted <= budget)
		return;
	snprintf(
		text, sizeof text,
		"%.1f live polls a second are wanted, %.1f are allowed: each series is polled every %.1f periods",
		wanted, budget, wanted / budget);
	log_warn("live polls exceed the budget; nothing is lost, candles come later",
		 L_STR("error", text));
}

#define SERIES_VALUES(s) METRIC_VALUES(series_symbol(s), series_interval(s)->name)

void observe_page(struct observe *o, const struct series *s, const struct publications *out)
{
	int64_t newest_ms = 0;

	for (size_t i = 0; i < out->n; i++)
		newest_ms = greatest(newest_ms, out->v[i].candle.timestamp_ms);
	if (!o || newest_ms == 0)
		return;
	if (o->by_series)
		metrics_raise(o->metrics, PRODUCER_SERIES_NEWEST, SERIES_VALUES(s),
			      (double)newest_ms / 1000);
	metrics_raise(o->metrics, PRODUCER_NEWEST, METRIC_VALUES(series_interval(s)->name),
		      (double)newest_ms / 1000);
}

/* ---- a turn ---- */

static double wall_seconds(int64_t at_boot_ms, int64_t boot_ms)
{
	return (double)(clock_wall_ms() + at_boot_ms - boot_ms) / 1000;
}

static void show_requests(struct metrics *m, const struct view *now)
{
	static const char *const verdicts[] = {
		[FAILURE_NONE] = "ok",      [FAILURE_LIMIT] = "limited",
		[FAILURE_BAN] = "banned",   [FAILURE_SERIES] = "unknown_market",
		[FAILURE_SPAN] = "refused", [FAILURE_OUTAGE] = "broken"};
	struct requests_stats r = requests_stats(now->requests);
	int64_t banned = r.banned_until_boot_ms;

	metrics_set(m, PRODUCER_REQUESTS, METRIC_VALUES("live"), (double)r.live);
	metrics_set(m, PRODUCER_REQUESTS, METRIC_VALUES("backfill"), (double)(r.candles - r.live));
	for (size_t i = 0; i <= FAILURE_OUTAGE; i++)
		metrics_set(m, PRODUCER_ANSWERS, METRIC_VALUES(verdicts[i]), (double)r.answers[i]);
	metrics_set(m, PRODUCER_ANSWERS, METRIC_VALUES("none"), (double)r.unanswered);
	metrics_set(m, PRODUCER_REJECTED, NULL, (double)r.rejected);
	metrics_set(m, PRODUCER_BUDGET, NULL, requests_per_second(now->requests));
	metrics_set(m, PRODUCER_BANNED_UNTIL, NULL,
		    banned > now->boot_ms ? wall_seconds(banned, now->boot_ms) : 0);
	metrics_set(m, PRODUCER_EXCHANGE_UP, NULL, now->now_ms != 0 && !r.is_away);
}

static void show_publisher(struct metrics *m, const struct publisher *publisher)
{
	struct publisher_stats p = publisher_stats(publisher);

	metrics_set(m, PRODUCER_CANDLES, METRIC_VALUES("delivered"), (double)p.delivered);
	metrics_set(m, PRODUCER_CANDLES, METRIC_VALUES("failed"), (double)p.failed);
	metrics_set(m, PRODUCER_UNACKNOWLEDGED, NULL, (double)publisher_outstanding(publisher));
	metrics_set(m, PRODUCER_KAFKA_RECREATED, NULL, (double)p.recreated);
	kafka_metrics_set(m, PRODUCER_KAFKA, &p.kafka);
}

static void show_lookups(struct metrics *m, const struct view *now)
{
	struct lookups_stats l = lookups_stats(now->lookups);

	metrics_set(m, PRODUCER_LOOKUPS, NULL, (double)l.ended);
	metrics_set(m, PRODUCER_LOOKUP_FAILURES, NULL, (double)l.failed);
	metrics_set(m, PRODUCER_LOOKUP_TIMESTAMP, NULL,
		    l.oldest_boot_ms > 0 ? wall_seconds(l.oldest_boot_ms, now->boot_ms) : 0);
	metrics_set(m, PRODUCER_DATABASE_UP, NULL, l.database_answers);
}

/* What keeps the producer from its work; NULL: nothing. */
static const char *waits_for(const struct view *now)
{
	struct requests_stats r = requests_stats(now->requests);
	struct publisher_stats p = publisher_stats(now->publisher);

	if (p.kafka.updates > 0 && p.kafka.brokers_up == 0)
		return "waiting for Kafka: no broker is connected";
	if (share_state(now->share) == SHARE_NONE || share_state(now->share) == SHARE_LOST)
		return "waiting for the group to assign partitions";
	if (share_state(now->share) == SHARE_ASSIGNED)
		return "comparing the settings of the group's members";
	if (r.banned_until_boot_ms > now->boot_ms)
		return "the exchange blocks this address";
	if (now->now_ms == 0 || r.is_away)
		return "the exchange does not answer";
	return lookups_stats(now->lookups).database_answers ? NULL : "waiting for the database";
}

static void show_members(struct metrics *m, const struct members *seen)
{
	metrics_set(m, PRODUCER_DISAGREEING, METRIC_VALUES("settings"),
		    seen->different.n + seen->older.n + seen->newer.n);
	metrics_set(m, PRODUCER_DISAGREEING, METRIC_VALUES("stranger"), seen->strangers.n);
}

/* What is said of all series of an interval together. */
struct together {
	int seen;
	int64_t missing, oldest_ms; /* INT64_MAX: nothing is missing */
	size_t fragments;           /* of the one with the most */
};

static void show_one_series(const struct observe *o, const struct series *s, int64_t missing)
{
	metrics_set(o->metrics, PRODUCER_SERIES_MISSING, SERIES_VALUES(s), (double)missing);
	metrics_set(o->metrics, PRODUCER_SERIES_FRAGMENTS, SERIES_VALUES(s),
		    (double)series_fragments(s));
}

static void show_intervals(struct metrics *m, const struct together *all)
{
	size_t n;
	const struct interval *table = interval_table(&n);

	metrics_clear(m, PRODUCER_MISSING);
	metrics_clear(m, PRODUCER_GAP_SECONDS);
	metrics_clear(m, PRODUCER_OLDEST_GAP);
	metrics_clear(m, PRODUCER_FRAGMENTS);
	for (size_t i = 0; i < n && i < INTERVALS; i++) {
		if (!all[i].seen)
			continue;
		metrics_set(m, PRODUCER_MISSING, METRIC_VALUES(table[i].name),
			    (double)all[i].missing);
		metrics_set(m, PRODUCER_GAP_SECONDS, METRIC_VALUES(table[i].name),
			    (double)all[i].missing * (double)table[i].nominal_ms / 1000);
		if (all[i].missing > 0)
			metrics_set(m, PRODUCER_OLDEST_GAP, METRIC_VALUES(table[i].name),
				    (double)all[i].oldest_ms / 1000);
		metrics_set(m, PRODUCER_FRAGMENTS, METRIC_VALUES(table[i].name),
			    (double)all[i].fragments);
	}
}

static int64_t live_late_ms(const struct view *now)
{
	struct request in_flight[REQUESTS_MAX];
	struct plan plan = {.schedule = catalogue_schedule(now->catalogue),
			    .in_flight = in_flight,
			    .n_in_flight = requests_in_flight(now->requests, in_flight),
			    .now_ms = now->now_ms,
			    .boot_ms = now->boot_ms};

	return now->now_ms == 0 ? 0 : plan_live_late_ms(&plan);
}

static void progress_say(struct observe *o, const struct view *now, int64_t missing,
			 int64_t late_ms)
{
	struct requests_stats requests = requests_stats(now->requests), told = o->requests_told;
	struct publisher_stats publisher = publisher_stats(now->publisher);

	if (requests.candles > told.candles)
		log_info("progress", L_INT("requests", requests.candles - told.candles),
			 L_INT("candles", publisher.sent - o->candles_told),
			 L_INT("rejected", requests.rejected - told.rejected),
			 L_INT("missing", missing), L_INT("live_late_ms", late_ms),
			 L_INT("unacknowledged", publisher_outstanding(now->publisher)),
			 L_INT("published_in_all", publisher.delivered),
			 L_TIME("exchange_time", now->now_ms));
	o->requests_told = requests;
	o->candles_told = publisher.sent;
}

static size_t place_of(const struct series *s)
{
	size_t n;

	return (size_t)(series_interval(s) - interval_table(&n));
}

/* What takes a walk over all series. */
static void show_series(struct observe *o, const struct view *now)
{
	int64_t late_ms = live_late_ms(now);
	int64_t all_missing = 0;
	size_t rows, pages, all_rows = 0, all_pages = 0, retrying = 0, stuck = 0;
	struct together all[INTERVALS] = {0};

	metrics_clear(o->metrics, PRODUCER_SERIES_MISSING);
	metrics_clear(o->metrics, PRODUCER_SERIES_FRAGMENTS);
	for (struct series *const *v = catalogue_owned(now->catalogue); *v; v++) {
		const struct series *s = *v;
		size_t at = place_of(s), fragments = series_fragments(s);
		int64_t oldest_ms, missing = series_left(s, now->now_ms, &oldest_ms);

		series_retries(s, &rows, &pages);
		all_missing += missing;
		all_rows += rows;
		all_pages += pages;
		retrying += rows + pages > 0;
		stuck += series_is_stuck(s) != 0;
		if (o->by_series)
			show_one_series(o, s, missing);
		if (at >= INTERVALS)
			continue;
		if (!all[at].seen || oldest_ms < all[at].oldest_ms)
			all[at].oldest_ms = oldest_ms;
		all[at].seen = 1;
		all[at].missing += missing;
		if (fragments > all[at].fragments)
			all[at].fragments = fragments;
	}
	show_intervals(o->metrics, all);
	metrics_set(o->metrics, PRODUCER_SERIES, NULL,
		    (double)schedule_size(catalogue_schedule(now->catalogue)));
	metrics_set(o->metrics, PRODUCER_RETRYING, NULL, (double)retrying);
	metrics_set(o->metrics, PRODUCER_STUCK, NULL, (double)stuck);
	metrics_set(o->metrics, PRODUCER_RETRY_SPANS, METRIC_VALUES("row"), (double)all_rows);
	metrics_set(o->metrics, PRODUCER_RETRY_SPANS, METRIC_VALUES("page"), (double)all_pages);
	metrics_set(o->metrics, PRODUCER_LIVE_LATE, NULL, (double)late_ms / 1000);
	progress_say(o, now, all_missing, late_ms);
}

void observe_turn(struct observe *o, const struct view *now)
{
	size_t partitions;
	int32_t n_in_all;

	service_beat(o->service, now->boot_ms);
	if (now->boot_ms < o->show_boot_ms)
		return;
	o->show_boot_ms = now->boot_ms + SHOW_MS;
	service_ready(o->service, waits_for(now));
	show_requests(o->metrics, now);
	show_publisher(o->metrics, now->publisher);
	show_lookups(o->metrics, now);
	share_partitions(now->share, &partitions, &n_in_all);
	metrics_set(o->metrics, PRODUCER_ASSIGNED, NULL, (double)partitions);
	show_members(o->metrics, share_seen_members(now->share));
	if (now->boot_ms < o->series_boot_ms)
		return;
	o->series_boot_ms = now->boot_ms + SERIES_MS;
	show_series(o, now);
}
