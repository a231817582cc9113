/* SPDX-License-Identifier: MIT */
#include "producer/lookups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/base/log.h"
#include "common/base/worker.h"
#include "common/text/timetext.h"
#include "producer/series/series_ask.h"

enum {
	MEMBERS_AGAIN_MS = 500,
	POSITION_AGAIN_MS = 200,
	STILL_MS = 10000, /* the writer is waited for: said after that */
	SAY_MS = 60000,
	STOP_MS = 1000
};

/* The lookup of a partition: how far it is. */
struct partition {
	int32_t id;
	int waits;  /* it has begun, and not ended */
	int ended;  /* since lookups_now */
	int stored; /* with the writer at `end` */
	int anyway; /* stalled: its new series take the coverage as it is */
	int64_t low, end, position;
	int64_t stable;
	int64_t moved_boot_ms; /* when the position moved last */
	int64_t ended_boot_ms; /* when a lookup of it ended last */
	struct log_throttle say, unread;
};

struct lookups {
	const struct options *options;
	int keeps_wanted, reads_open; /* the latter once */
	struct visitor *visitor;
	struct worker *worker;
	struct visit *visit; /* under way, or NULL */
	int is_void;         /* ... and of no use any more */
	struct partition *partitions;
	size_t n;
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
	free(l->partitions);
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
	l->visit =
		visit_new((struct visit){.only_checks = 1, .asks_members = l->keeps_wanted}, 0, 0);
	worker_submit(l->worker, l->visit);
}

void lookups_cancel(struct lookups *l)
{
	l->is_void = l->visit != NULL;
	l->round_boot_ms = INT64_MAX;
	l->n = 0;
}

void lookups_now(struct lookups *l, const int32_t *partitions, size_t n)
{
	lookups_cancel(l);
	l->partitions = xreallocarray(l->partitions, n + 1, sizeof *l->partitions);
	l->n = n;
	for (size_t i = 0; i < n; i++)
		l->partitions[i] = (struct partition){.id = partitions[i], .stable = -1};
	l->round_boot_ms = l->again_boot_ms = 0;
}

int lookups_are_complete(const struct lookups *l, int *stored)
{
	int complete = l->n > 0;

	*stored = 1;
	for (size_t i = 0; i < l->n; i++) {
		complete &= l->partitions[i].ended;
		*stored &= l->partitions[i].stored;
	}
	return complete;
}

struct lookups_stats lookups_stats(const struct lookups *l)
{
	struct lookups_stats stats = l->stats;
	int found = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct partition *p = &l->partitions[i];

		if (p->ended && p->ended_boot_ms == 0)
			continue; /* it has no series of ours */
		if (!found || p->ended_boot_ms < stats.oldest_boot_ms)
			stats.oldest_boot_ms = p->ended_boot_ms;
		found = 1;
	}
	return stats;
}

/* ---- a visit is made ---- */

static int any_waits(const struct lookups *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->partitions[i].waits)
			return 1;
	return 0;
}

int64_t lookups_wait_ms(const struct lookups *l, int64_t boot_ms)
{
	int64_t at_ms = l->round_boot_ms;

	if (l->visit)
		return INT64_MAX;
	if (any_waits(l))
		at_ms = 0;
	if (at_ms < l->again_boot_ms)
		at_ms = l->again_boot_ms;
	return at_ms == INT64_MAX ? INT64_MAX : at_ms - boot_ms;
}

/* What holds up the writer is worth a question where it has not moved for a while. */
static int asks_stable(const struct partition *p, int64_t boot_ms)
{
	return p->waits && boot_ms - p->moved_boot_ms > STILL_MS;
}

/* The partition as the visit is to see it; NULL: it is not due. */
static struct visit_partition *partition_visit(const struct lookups *l, int32_t id, int is_round,
					       int64_t boot_ms)
{
	struct visit_partition *found = visit_find(l->visit, id);

	for (size_t i = 0; i < l->n && !found; i++) {
		const struct partition *p = &l->partitions[i];

		if (p->id == id && (p->waits || is_round))
			found = visit_partition(
				l->visit,
				(struct visit_partition){.id = id,
							 .begins = !p->waits,
							 .asks_stable = asks_stable(p, boot_ms),
							 .takes_anyway = p->anyway,
							 .low = p->low,
							 .end = p->end});
	}
	return found;
}

/* A lookup of nothing is no work. */
static void partitions_without_series_end(struct lookups *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!visit_find(l->visit, l->partitions[i].id))
			l->partitions[i].ended = l->partitions[i].stored = 1;
}

/* Of each gap: twice what may be fetched until the next lookup, by all series together; two pages
 * are the least, so that each goes on. */
static int64_t stored_rows(const struct options *o, size_t series)
{
	int64_t least = 2 * o->exchange->page_rows;
	int64_t fair = 2 * o->rate_limit * o->lookup_gaps_s * o->exchange->page_rows /
		       (int64_t)(series > 0 ? series : 1);

	return fair > least ? fair : least;
}

/* A name that may be a mistake is not wanted before it is known to be none. */
static int is_refused(const struct lookups *l, const struct series *s)
{
	return series_is_unproven(s) && !l->options->waits_for_listing &&
	       patterns_name(&l->options->patterns, series_symbol(s));
}

void lookups_start(struct lookups *l, const struct catalogue *catalogue, int members_only,
		   int32_t (*partition_of)(const char *symbol, const void *opaque),
		   const void *opaque, int64_t now_ms, int64_t boot_ms)
{
	int is_round = boot_ms >= l->round_boot_ms;
	struct visit orders = {.asks_members = is_round,
			       .needs_members = members_only,
			       .writes_wanted = l->keeps_wanted && is_round,
			       .reads_open = l->reads_open};
	size_t n;
	struct series *const *owned = catalogue_owned(catalogue, &n);

	if (lookups_wait_ms(l, boot_ms) > 0)
		return;
	orders.stored_rows = stored_rows(l->options, n);
	l->visit = visit_new(orders, l->n, n);
	for (size_t i = 0; i < n && !members_only; i++) {
		struct series *s = owned[i];
		struct visit_partition *p =
			series_has_begun(s)
				? partition_visit(l, partition_of(series_symbol(s), opaque),
						  is_round, boot_ms)
				: NULL;

		if (!p)
			continue;
		visit_series(l->visit, s, p, is_refused(l, s), now_ms);
		if (p->begins)
			series_lookup_began(s);
	}
	if (is_round && !members_only)
		partitions_without_series_end(l);
	worker_submit(l->worker, l->visit);
}

/* ---- what it has brought ---- */

static void trouble_say(struct lookups *l, const struct err *err, int64_t boot_ms)
{
	l->stats.failed++;
	/* A new sentence at once, the same one once a minute. */
	if (strcmp(l->last_trouble, err->text) != 0)
		l->trouble = (struct log_throttle){0};
	snprintf(l->last_trouble, sizeof l->last_trouble, "%s", err->text);
	if (err->class == ERR_FATAL) /* a password, a privilege: waiting will not mend it */
		LOG_EVERY(
			&l->trouble, boot_ms, SAY_MS, LOG_ERROR,
			"what is covered cannot be read, and a person has to see to it; trying again (live goes on, without backfill)",
			L_STR("error", err->text));
	else
		LOG_EVERY(&l->trouble, boot_ms, SAY_MS, LOG_WARN,
			  "what is covered cannot be read yet; trying again (live goes on)",
			  L_STR("error", err->text));
}

static void waiting_say(struct partition *p, int64_t boot_ms)
{
	int64_t at = p->position > p->low ? p->position : p->low;
	int is_held = p->stable >= 0 && p->stable < p->end && at >= p->stable;

	if (!p->waits || boot_ms - p->moved_boot_ms <= STILL_MS)
		return;
	LOG_EVERY(
		&p->say, boot_ms, SAY_MS, LOG_WARN,
		"waiting for the writer: it has not stored what was published; the series of this partition wait",
		L_STR("error",
		      is_held ? "another program has a transaction open in this partition: "
				"nobody can read on before that ends"
			      : "the position of the partition does not move; is gapless-writer running, "
				"and what does it say of the partition?"),
		L_INT("messages_behind", p->end - at), L_INT("partition", p->id),
		L_INT("not_moved_s", (boot_ms - p->moved_boot_ms) / 1000));
}

static void unread_say(struct partition *p, const struct err *err, int64_t boot_ms)
{
	LOG_EVERY(
		&p->unread, boot_ms, SAY_MS, LOG_WARN,
		"the end of a partition cannot be read; the lookups of its series wait, the others go on",
		L_STR("error", err->text), L_INT("partition", p->id));
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
	int64_t missing = series_lookup_ended(s, &v->covered, now_ms), lost;
	char text[64];

	series_stored(s, &v->stored, &v->told, now_ms);
	series_refused(s, &v->refused, v->refused_cause);
	snprintf(text, sizeof text, "Backfilling %lld missing candles", (long long)missing);
	if (missing > 0)
		log_info(text, L_SERIES(s));
	lost = first ? series_unrecoverable(s, now_ms) : 0;
	if (lost > 0)
		log_warn(
			"these intervals are wanted and not to be had (market_data_unobtainable says why)",
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

static int has_new_series(const struct visit *v, const struct visit_partition *p)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->series[i].partition == p && !series_is_looked_up(v->series[i].series))
			return 1;
	return 0;
}

/* 1 if its lookup has ended. */
static int partition_take(struct lookups *l, struct partition *p, const struct visit *v,
			  const struct visit_partition *seen, int64_t boot_ms)
{
	if (seen->begins || seen->position != p->position)
		p->moved_boot_ms = boot_ms;
	p->waits = 1;
	p->low = seen->low;
	p->end = seen->end;
	p->position = seen->position;
	p->stable = seen->stable;
	if (!seen->reached && !seen->takes_anyway) {
		if (boot_ms - p->moved_boot_ms < 1000 * l->options->stall_s)
			return 0;
		if (has_new_series(v, seen)) {
			p->anyway = 1;
			return 0;
		}
	}
	p->stored = seen->reached;
	p->ended = 1;
	p->ended_boot_ms = boot_ms;
	l->stats.ended++;
	p->waits = p->anyway = 0;
	return 1;
}

static int gaps_left(const struct catalogue *catalogue, int64_t now_ms, int64_t boot_ms)
{
	size_t n;
	struct series *const *owned = catalogue_owned(catalogue, &n);

	for (size_t i = 0; i < n; i++)
		if (series_has_retries(owned[i]) || series_missing(owned[i], now_ms, boot_ms) > 0)
			return 1;
	return 0;
}

static void partitions_take(struct lookups *l, const struct catalogue *catalogue,
			    const struct visit *v, int64_t now_ms, int64_t boot_ms)
{
	int ended = v->asks_members, unread = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct partition *p = &l->partitions[i];
		const struct visit_partition *seen = visit_find(v, p->id);

		if (seen && seen->err.class != ERR_NONE) {
			unread_say(p, &seen->err, boot_ms);
			unread = 1;
		} else if (seen) {
			ended |= partition_take(l, p, v, seen, boot_ms);
		}
		waiting_say(p, boot_ms);
	}
	l->again_boot_ms = boot_ms + POSITION_AGAIN_MS;
	if (ended || unread)
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
	for (size_t i = 0; i < v->n_open; i++)
		if (catalogue_add(catalogue, v->open[i], 0) > 0)
			due = DUE_OWN; /* not listed, or the list would have brought it */
	return due;
}

static unsigned visit_take(struct lookups *l, struct catalogue *catalogue, struct visit *v,
			   int64_t now_ms, int64_t boot_ms)
{
	if (v->asks_members && v->members_err.class != ERR_NONE &&
	    (v->members_known || !v->needs_members))
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
		*due |= v->members_known ? DUE_MEMBERS : 0;
	}
	l->is_void = 0;
	visit_free(v);
	return rc;
}
