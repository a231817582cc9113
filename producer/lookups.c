/* SPDX-License-Identifier: MIT */
#include "producer/lookups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/base/least.h"
#include "common/base/log.h"
#include "common/base/worker.h"
#include "common/kafka/kafka_ensure.h"
#include "common/text/timetext.h"
#include "producer/lookup/partitions.h"
#include "producer/lookup/visitor.h"
#include "producer/series/series_ask.h"

enum { MEMBERS_AGAIN_MS = 500, POSITION_AGAIN_MS = 200, SAY_MS = 60000, STOP_MS = 1000 };

enum { STORED_MAX = 50000 }; /* rows of a lookup: some 20 MiB */

struct lookups {
	const struct options *options;
	int keeps_wanted, reads_open; /* the latter once */
	struct visitor *visitor;
	struct worker *worker;
	size_t stored_first; /* the series that begins, where not all can be read */
	struct visit *visit; /* under way, or NULL */
	int is_void;         /* ... and of no use any more */
	struct lookup_partitions *partitions;
	int32_t n_in_all;      /* that the topic has */
	int64_t round_boot_ms; /* the next lookup of those that do not wait; 0: now */
	int64_t again_boot_ms; /* the next visit of those that do; after a failure, any visit */
	struct backoff backoff;
	struct log_throttle trouble, members, refused;
	char last_trouble[512];
	struct lookups_stats stats;
};

static void run(struct worker *w, void *visitor, void *visit)
{
	(void)w;
	visitor_visit(visitor, visit);
}

struct lookups *lookups_new(const struct options *options, int keeps_wanted, struct err *err)
{
	struct lookups *l = xcalloc(1, sizeof *l);

	l->options = options;
	l->keeps_wanted = keeps_wanted;
	l->reads_open = keeps_wanted && patterns_are_wild(&options->patterns);
	l->partitions = lookup_partitions_new(1000 * options->stall_s);
	l->round_boot_ms = INT64_MAX;
	backoff_init(&l->backoff, 200, 10000);
	l->visitor = visitor_new(options, keeps_wanted, err);
	if (l->visitor)
		l->worker = worker_new(run, l->visitor, err);
	if (l->worker)
		return l;
	lookups_free(l);
	return NULL;
}

void lookups_free(struct lookups *l)
{
	if (!l)
		return;
	if (l->worker && !worker_stop(l->worker, STOP_MS))
		return; /* inside a blocking call; the process is about to end anyway */
	worker_free(l->worker);
	visitor_free(l->visitor);
	visit_free(l->visit);
	lookup_partitions_free(l->partitions);
	free(l);
}

int lookups_fd(const struct lookups *l)
{
	return worker_fd(l->worker);
}

int lookups_are_idle(const struct lookups *l)
{
	return l->visit == NULL;
}

void lookups_check(struct lookups *l)
{
	l->visit = visit_new((struct visit){.only_checks = 1, .asks_members = l->keeps_wanted}, 0);
	worker_submit(l->worker, l->visit);
}

void lookups_cancel(struct lookups *l)
{
	l->is_void = l->visit != NULL;
	l->round_boot_ms = INT64_MAX;
	lookup_partitions_set(l->partitions, NULL, 0);
}

void lookups_now(struct lookups *l, const int32_t *partitions, size_t n, int32_t n_in_all)
{
	lookups_cancel(l);
	l->n_in_all = n_in_all;
	lookup_partitions_set(l->partitions, partitions, n);
	l->round_boot_ms = l->again_boot_ms = 0;
}

int lookups_are_complete(const struct lookups *l, int *stored)
{
	return lookup_partitions_are_complete(l->partitions, stored);
}

struct lookups_stats lookups_stats(const struct lookups *l)
{
	struct lookups_stats stats = l->stats;

	stats.oldest_boot_ms = lookup_partitions_oldest_boot_ms(l->partitions);
	return stats;
}

/* ---- a visit is made ---- */

int64_t lookups_wait_ms(const struct lookups *l, int64_t boot_ms)
{
	int64_t at_ms = l->round_boot_ms;

	if (l->visit)
		return INT64_MAX;
	if (lookup_partitions_wait(l->partitions))
		at_ms = 0;
	at_ms = greatest(at_ms, l->again_boot_ms);
	return at_ms == INT64_MAX ? INT64_MAX : at_ms - boot_ms;
}

/* How much of what is stored to read: twice what may be fetched until the next lookup, by all
 * series together. Of each gap its part of that; two pages are the least, so that each goes on. */
static struct visit stored_orders(struct lookups *l, size_t series, struct visit orders)
{
	const struct options *o = l->options;
	int64_t n = (int64_t)(series > 0 ? series : 1);
	int64_t budget = 2 * o->rate_limit * o->lookup_gaps_s * o->exchange->page_rows;

	orders.stored_budget = least(budget, STORED_MAX);
	orders.stored_rows = greatest(orders.stored_budget / n, 2 * o->exchange->page_rows);
	l->stored_first = (l->stored_first + (size_t)(budget / orders.stored_rows)) % (size_t)n;
	orders.stored_first = l->stored_first;
	return orders;
}

/* A name that may be a mistake is not wanted before it is known to be none. */
static int is_refused(const struct lookups *l, const struct series *s)
{
	return series_is_unproven(s) && !l->options->waits_for_listing &&
	       patterns_name(&l->options->patterns, series_symbol(s));
}

void lookups_start(struct lookups *l, const struct catalogue *catalogue, int members_only,
		   int64_t now_ms, int64_t boot_ms)
{
	int is_round = boot_ms >= l->round_boot_ms;
	struct visit orders = {.asks_members = is_round,
			       .needs_members = members_only,
			       .writes_wanted = l->keeps_wanted && is_round,
			       .reads_open = l->reads_open};
	struct series *const *owned = catalogue_owned(catalogue);
	size_t n = schedule_size(catalogue_schedule(catalogue));

	if (lookups_wait_ms(l, boot_ms) > 0)
		return;
	orders = stored_orders(l, n, orders);
	l->visit = visit_new(orders, n);
	for (size_t i = 0; i < n && !members_only; i++) {
		struct series *s = owned[i];
		struct visit_partition *p =
			series_has_begun(s)
				? lookup_partitions_visit(
					  l->partitions, l->visit,
					  kafka_partition_of(series_symbol(s), l->n_in_all),
					  is_round, boot_ms)
				: NULL;

		if (!p)
			continue;
		visit_series(l->visit, s, p, is_refused(l, s), now_ms);
		if (p->begins)
			series_lookup_began(s);
	}
	if (is_round && !members_only)
		lookup_partitions_end_others(l->partitions, l->visit);
	worker_submit(l->worker, l->visit);
}

/* ---- what it has brought ---- */

static void trouble_say(struct lookups *l, const struct err *err, int64_t boot_ms)
{
	int is_fatal = err->class == ERR_FATAL;

	l->stats.failed++;
	/* A new sentence at once, the same one once a minute. */
	if (strcmp(l->last_trouble, err->text) != 0)
		l->trouble = (struct log_throttle){0};
	snprintf(l->last_trouble, sizeof l->last_trouble, "%s", err->text);
	/* a password, a privilege: waiting will not mend it */
	LOG_EVERY(
		&l->trouble, boot_ms, SAY_MS, is_fatal ? LOG_ERROR : LOG_WARN,
		is_fatal
			? "what is covered cannot be read, and a person has to see to it; trying again (live goes on, without backfill)"
			: "what is covered cannot be read yet; trying again (live goes on)",
		L_STR("error", err->text));
}

static void refused_say(struct lookups *l, const struct visit_series *v, int64_t boot_ms)
{
	if (v->refused.n > 0)
		LOG_EVERY(
			&l->refused, boot_ms, SAY_MS, LOG_ERROR,
			"the database refuses candles; they stay gaps, and each is tried again after a pause (candle_refused)",
			L_SERIES(v->series), L_STR("error", v->refused_cause));
}

static void series_looked_up(struct visit_series *v, int64_t now_ms)
{
	struct series *s = v->series;
	int first = !series_is_looked_up(s);
	int64_t missing, lost;
	char text[64];

	if (!v->same)
		series_stored(s, &v->stored, &v->told, now_ms);
	missing = series_lookup_ended(s, v->same ? NULL : &v->covered, now_ms);
	if (!v->same)
		series_version_is(s, v->version);
	series_refused(s, &v->refused, v->refused_cause);
	snprintf(text, sizeof text, "Backfilling %lld missing candles", (long long)missing);
	if (missing > 0)
		log_info(text, L_SERIES(s));
	lost = first ? series_unrecoverable(s, now_ms) : 0;
	if (lost > 0)
		log_warn(
			"these intervals are wanted and not available (market_data_unobtainable says why)",
			L_SERIES(s), L_INT("intervals", lost));
}

/* Where the writer did not move only what is new takes the coverage as it is. */
static void series_take_visit(struct lookups *l, struct visit *v, int64_t now_ms, int64_t boot_ms)
{
	for (size_t i = 0; i < v->n; i++) {
		struct visit_series *s = &v->series[i];

		if (!series_is_current(s->series, s->epoch))
			continue;
		if (s->partition->begins && v->writes_wanted) {
			series_wanted_is(s->series, &s->wanted);
			series_evidence_is(s->series, &s->evidence);
			series_unobtainable_is(s->series, &s->unobtainable,
					       &s->unobtainable_stored);
		}
		series_limits(s->series, &s->limits);
		if (s->looked_up && (s->partition->reached || !series_is_looked_up(s->series))) {
			series_looked_up(s, now_ms);
			refused_say(l, s, boot_ms);
		}
	}
}

static int gaps_left(const struct catalogue *catalogue, int64_t now_ms, int64_t boot_ms)
{
	for (struct series *const *s = catalogue_owned(catalogue); *s; s++)
		if (series_has_retries(*s) || series_missing(*s, now_ms, boot_ms) > 0)
			return 1;
	return 0;
}

static void partitions_take(struct lookups *l, const struct catalogue *catalogue,
			    const struct visit *v, int64_t now_ms, int64_t boot_ms)
{
	int unread, ended = lookup_partitions_take(l->partitions, v, &unread, boot_ms);

	l->stats.ended += ended;
	l->again_boot_ms = boot_ms + POSITION_AGAIN_MS;
	if (ended > 0 || unread || v->asks_members)
		l->round_boot_ms = boot_ms + 1000 * (unread || gaps_left(catalogue, now_ms, boot_ms)
							     ? l->options->lookup_gaps_s
							     : l->options->lookup_s);
	backoff_reset(&l->backoff);
}

static unsigned open_take(struct lookups *l, struct catalogue *catalogue, const struct visit *v)
{
	unsigned due = 0;

	if (!v->reads_open || v->n == 0)
		return 0;
	l->reads_open = 0;
	for (size_t i = 0; i < v->open.n; i++)
		if (catalogue_add(catalogue, v->open.names[i], 0) > 0)
			due = DUE_OWN; /* not listed, or the list would have brought it */
	return due;
}

static unsigned visit_take(struct lookups *l, struct catalogue *catalogue, struct visit *v,
			   int64_t now_ms, int64_t boot_ms)
{
	if (v->asks_members && v->members_err.class != ERR_NONE &&
	    (v->members_read || !v->needs_members))
		LOG_EVERY(&l->members, boot_ms, SAY_MS, LOG_WARN,
			  "the settings of the group's members are not compared",
			  L_STR("error", v->members_err.text));
	l->stats.database_answers = v->err.class == ERR_NONE || v->needs_members;
	if (v->err.class != ERR_NONE) {
		trouble_say(l, &v->err, boot_ms);
		l->again_boot_ms = boot_ms + backoff_next_ms(&l->backoff, backoff_random());
		return 0;
	}
	if (v->needs_members) {
		l->round_boot_ms = boot_ms + MEMBERS_AGAIN_MS;
		return 0;
	}
	series_take_visit(l, v, now_ms, boot_ms);
	partitions_take(l, catalogue, v, now_ms, boot_ms);
	return DUE_JUDGE | open_take(l, catalogue, v);
}

/* A command that asks for what is not kept any more asks for nothing that could be done. */
static int fetch_check(const struct lookups *l, const struct visit *v, struct err *err)
{
	for (size_t i = 0; i < v->n && !l->keeps_wanted; i++) {
		const struct visit_series *s = &v->series[i];
		char kept[TIMETEXT_BYTES];

		if (v->err.class != ERR_NONE || s->wanted.from_ms >= s->limits.retained_from_ms)
			continue;
		return err_set(
			err, ERR_INPUT,
			"of %s %s nothing before %s is kept (gapless-writer retain): name a later --from, or take it back: "
			"gapless-writer retain --keep %s=all",
			s->symbol, s->iv->name, time_format(s->limits.retained_from_ms, kept),
			s->iv->name);
	}
	return 0;
}

int lookups_take(struct lookups *l, struct catalogue *catalogue, int64_t now_ms, int64_t boot_ms,
		 struct members *members, unsigned *due, struct err *err)
{
	struct visit *v = worker_take(l->worker);
	int rc = 0;

	if (!v)
		return 0;
	l->visit = NULL;
	if (v->is_unfit)
		rc = err_set(err, ERR_INPUT, "%s", v->err.text);
	else if (v->only_checks && v->err.class != ERR_NONE)
		trouble_say(l, &v->err, boot_ms);
	else if (!l->is_void && !v->only_checks)
		rc = fetch_check(l, v, err);
	if (rc == 0 && !l->is_void) {
		if (!v->only_checks)
			*due |= visit_take(l, catalogue, v, now_ms, boot_ms);
		*members = v->members;
		*due |= v->members_read ? DUE_MEMBERS : 0;
	}
	l->is_void = 0;
	visit_free(v);
	return rc;
}
