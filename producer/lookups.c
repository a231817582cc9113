/* SPDX-License-Identifier: MIT */
/* Looks, as the loop sees them: a job goes to the lookup's thread, and what comes back replaces
 * what was known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "common/alloc.h"
#include "common/clock.h"

enum { AGREE_AGAIN_MS = 500 };

void lookup_now(struct collect *c)
{
	lookup_cancel(c->lookup);
	c->lookup_boot_ms = 0;
}

static const char *state_of(const struct series *s, int64_t boot_ms)
{
	if (s->wanted_until_ms < INT64_MAX && s->market == MARKET_NOT_LISTED)
		return "delisted";
	if (boot_ms < s->unknown_until_boot_ms)
		return "unknown market";
	return retry_spans_any(&s->retries) ? "pages rejected or empty" : "ok";
}

static void lookup_series_fill(struct lookup_series *l, struct series *s, int64_t boot_ms)
{
	l->series = s;
	l->epoch = s->epoch;
	memcpy(l->symbol, s->symbol, sizeof l->symbol);
	l->iv = s->iv;
	l->widen = s->since_ms != INT64_MIN;
	l->wanted_from_ms = s->wanted_from_ms;
	l->wanted_until_ms = s->wanted_until_ms;
	l->listed_from_ms = l->listed_before_ms = s->listed_from_ms;
	l->known = s->looked_up;
	l->live_from_ms = s->live_from_ms;
	l->state = state_of(s, boot_ms);
	series_look_began(s);
}

static struct lookup_job *lookup_job_new(struct collect *c)
{
	struct lookup_job *job = xcalloc(1, sizeof *job);
	int64_t boot = clock_boot_ms();
	const int32_t *partitions;

	job->members_only = !c->agreed;
	if (job->members_only)
		return job;
	job->series = xcalloc(c->catalogue.n_owned + 1, sizeof *job->series);
	job->stall_ms = c->options->stall_s * 1000;
	job->stored_rows = 2 * c->options->rate_limit * c->options->lookup_gaps_s * PAGE_ROWS;
	job->write_wanted = c->ownership != NULL;
	job->confirms = fetch_is_confirming(c);
	job->read_open = c->ownership && !c->open_read && patterns_are_wild(&c->options->patterns);
	for (size_t i = 0; i < c->catalogue.n_owned; i++) {
		struct series *s = c->catalogue.owned[i];

		if (!s->begun)
			continue;
		lookup_series_fill(&job->series[job->n++], s, boot);
		job->first |= !s->looked_up;
	}
	if (c->ownership) {
		partitions = ownership_partitions(c->ownership, &job->n_partitions);
		job->partitions = xcalloc(job->n_partitions + 1, sizeof *job->partitions);
		if (job->n_partitions > 0)
			memcpy(job->partitions, partitions, job->n_partitions * sizeof *partitions);
	}
	return job;
}

static void series_apply(struct series *s, struct lookup_series *l, int64_t now, int64_t boot)
{
	int first = !s->looked_up;
	int64_t missing;
	char text[64];

	s->wanted_from_ms = l->wanted_from_ms;
	if (s->listed_from_ms == l->listed_before_ms) /* else found out in the meantime */
		s->listed_from_ms = l->listed_from_ms;
	if (first) {
		s->wanted_until_ms = l->wanted_until_ms;
		if (s->listed_from_ms != INT64_MIN)
			s->listed_asked_boot_ms = boot;
	}
	missing = series_look_ended(s, &l->covered, now, boot);
	series_stored(s, l->stored, l->n_stored);
	l->stored = NULL;
	listing_judge(s, boot);
	snprintf(text, sizeof text, "Backfilling %lld missing candles", (long long)missing);
	if (missing > 0)
		log_info(text, L_STR("symbol", s->symbol), L_STR("interval", s->iv->name));
	if (first && series_unrecoverable(s, now) > 0)
		log_warn("older than the exchange keeps them: these intervals are not recoverable",
			 L_STR("symbol", s->symbol), L_STR("interval", s->iv->name),
			 L_INT("intervals", series_unrecoverable(s, now)));
}

/* Where the writer did not move only what is new takes the coverage as it is. */
static void lookup_apply(struct collect *c, struct lookup_job *job)
{
	int64_t boot = clock_boot_ms(), now = exclock_now(&c->clock, boot);
	size_t added = 0;

	for (size_t i = 0; job->taken && i < job->n; i++) {
		struct series *s = job->series[i].series;

		if (s->epoch == job->series[i].epoch && s->owned && (job->stored || !s->looked_up))
			series_apply(s, &job->series[i], now, boot);
	}
	if (job->taken && job->confirms)
		fetch_looked(c, job->stored);
	if (!job->taken || !job->read_open)
		return;
	c->open_read = 1;
	for (size_t i = 0; i < job->n_open; i++)
		added += listing_add(c, job->open[i],
				     0); /* not listed, or the list would have brought it */
	if (added > 0)
		own_added(c);
}

static int gaps_left(const struct collect *c, int64_t now_ms, int64_t boot_ms)
{
	for (size_t i = 0; i < c->catalogue.n_owned; i++) {
		const struct series *s = c->catalogue.owned[i];

		if (retry_spans_any(&s->retries) || series_missing(s, now_ms, boot_ms) > 0)
			return 1;
	}
	return 0;
}

static void lookup_done(struct collect *c, struct lookup_job *job, int64_t now_ms, int64_t boot_ms)
{
	int64_t pause_ms = 1000 * c->options->lookup_s;

	c->lookup_running = 0;
	lookup_apply(c, job);
	if (job->members_only)
		pause_ms = c->agreed ? 0 : AGREE_AGAIN_MS;
	else if (gaps_left(c, now_ms, boot_ms))
		pause_ms = 1000 * c->options->lookup_gaps_s;
	if (c->lookup_boot_ms != 0) /* else an assignment came in between */
		c->lookup_boot_ms = boot_ms + pause_ms;
}

/* The exchange's time is known: live can begin, without waiting for a lookup. */
static void begin_all(struct collect *c, int64_t now_ms, int64_t boot_ms)
{
	for (size_t i = 0; i < c->catalogue.n_owned; i++) {
		struct series *s = c->catalogue.owned[i];

		if (s->begun)
			continue;
		series_begin(s, now_ms);
		listing_judge(s, boot_ms); /* what is not listed is not asked for */
	}
	if (!c->begun_said)
		log_info("the exchange answers", L_TIME("exchange_time", now_ms),
			 L_INT("series", c->catalogue.n_owned));
	c->begun_said = 1;
}

int lookup_step(struct collect *c, struct err *err)
{
	int64_t boot = clock_boot_ms(), now = exclock_now(&c->clock, boot);
	struct lookup_job *job = lookup_take(c->lookup);
	int rc = 0;

	if (job) {
		if (job->members_known)
			rc = own_members(c, &job->members, err);
		lookup_done(c, job, now, boot);
		lookup_job_free(job);
		if (rc)
			return -1;
	}
	if (!c->held || (c->agreed && now == 0))
		return 0;
	if (c->agreed)
		begin_all(c, now, boot);
	if (c->lookup_running || boot < c->lookup_boot_ms)
		return 0;
	c->lookup_running = 1;
	c->lookup_boot_ms = boot + 1; /* not 0: that an assignment makes of it */
	lookup_start(c->lookup, lookup_job_new(c));
	return 0;
}
