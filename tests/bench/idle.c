/* SPDX-License-Identifier: MIT */
/* gapless-bench-idle: what the producer's pure core (catalogue, series, plan) costs while there is
 * nothing to ask for, by the number of series, whole ones and fragmented ones (GAPS gaps each, all
 * of them to be asked for only after a pause); what one series that changes costs among them; how
 * long making so many series takes; and how much memory they hold. Neither network nor Kafka.
 *
 *	gapless-bench-idle          a line for each case
 *
 * Each case is a process of its own, so that what is resident is its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/log.h"
#include "producer/exchange/exchanges.h"
#include "producer/series/catalogue.h"
#include "producer/series/plan.h"
#include "producer/series/series_page.h"

enum { GAPS = 200, INTERVALS = 12, BOOT_MS = 1000000, LEAST_US = 200000 };

#define NOW_MS    INT64_C(1767225605000) /* 2026-01-01T00:00:05Z */
#define MINUTE_MS INT64_C(60000)
#define DAYS_MS   (30 * 1440 * MINUTE_MS)

static int64_t mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static long resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (f) {
		if (fscanf(f, "%*s %ld", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int all_ours(const char *symbol, const void *opaque)
{
	(void)symbol;
	(void)opaque;
	return 1;
}

/* All that is wanted is covered, but for gaps that are held back. */
static void fill(struct series *s, int gaps)
{
	const struct interval *iv = series_interval(s);
	int64_t end = interval_floor(iv, NOW_MS - 60 * 1000), at = end;
	struct spans covered = {0};
	struct stored none = {0};

	series_begin(s, NOW_MS, 0);
	spans_add(&covered, interval_add(iv, end, -4 * GAPS), end);
	for (int i = 0; i < gaps; i++) {
		at = interval_add(iv, at, -3);
		spans_remove(&covered, at, interval_add(iv, at, 1));
	}
	series_lookup_began(s);
	(void)series_lookup_ended(s, &covered, NOW_MS);
	series_stored(s, &none, NULL, NOW_MS);
	at = end;
	for (int i = 0; i < gaps; i++) {
		struct request r = {.series = s};

		at = interval_add(iv, at, -3);
		r.from_ms = at;
		r.to_ms = r.before_ms = interval_add(iv, at, 1);
		for (int k = 0; k < 4; k++)
			series_rejected(s, &r, "nonsense", BOOT_MS);
	}
	spans_release(&covered);
}

/* The live poll is answered, with nothing. */
static void answer(struct series *s, int64_t now_ms, int64_t boot_ms)
{
	struct publications out = {0};
	struct page page = {0};
	struct request r;

	series_live_request(s, now_ms, &r);
	series_page(s, &r, &page, now_ms, boot_ms, &out);
	publications_release(&out);
}

static int turn(const struct plan *plan)
{
	struct request r;

	return plan_live(plan, &r) + plan_backfill(plan, &r) +
	       (plan_live_next_ms(plan) == INT64_MAX);
}

/* Nanoseconds of a turn in which nothing is due, or one series has changed. */
static double turns_ns(const struct plan *plan, struct series *const *owned, size_t series,
		       int changes)
{
	int64_t began = mono_us(), n = 0, took;
	int found = 0;

	do {
		for (int i = 0; i < 10; i++, n++) {
			if (changes)
				series_unanswered(owned[(size_t)n * 7919 % series],
						  BOOT_MS - 20000);
			found += turn(plan);
		}
		took = mono_us() - began;
	} while (took < LEAST_US);
	if (found)
		fprintf(stderr, "gapless-bench-idle: a turn was not idle\n");
	return (double)took * 1000 / (double)n;
}

static void measure(size_t n, int gaps)
{
	static struct options o;
	struct err err = {0};
	struct catalogue *c;
	struct plan plan = {.now_ms = NOW_MS, .boot_ms = BOOT_MS};
	struct series *const *owned;
	size_t names, markets = (n + INTERVALS - 1) / INTERVALS;
	const struct interval *table = interval_table(&names);
	int64_t began;
	double made_ms, idle_ns;
	char symbol[SYMBOL_BYTES];
	long before = resident_kib();

	o.exchange = exchange_of_source("upbit", &err);
	o.n_intervals = n < INTERVALS ? n : INTERVALS;
	for (size_t i = 0; i < o.n_intervals && i < names; i++)
		o.intervals[i] = &table[i];
	if (patterns_parse("KRW-*", &o.patterns, &err) ||
	    !(c = catalogue_new(&o, INT64_MIN, INT64_MAX, &err)))
		return;
	began = mono_us();
	for (size_t i = 0; i < markets; i++) {
		snprintf(symbol, sizeof symbol, "KRW-M%05zu", i);
		catalogue_add(c, symbol, 1);
	}
	made_ms = (double)(mono_us() - began) / 1000;
	catalogue_own(c, all_ours, NULL, NULL);
	owned = catalogue_owned(c);
	plan.schedule = catalogue_schedule(c);
	n = schedule_size(plan.schedule);
	for (size_t i = 0; i < n; i++) {
		fill(owned[i], gaps);
		answer(owned[i], NOW_MS, BOOT_MS);
	}
	turn(&plan); /* each is looked at once */
	idle_ns = turns_ns(&plan, owned, n, 0);
	printf("%zu %s %.3f %.3f %.1f %ld\n", catalogue_size(c), gaps ? "fragmented" : "whole",
	       idle_ns / 1000, turns_ns(&plan, owned, n, 1) / 1000, made_ms,
	       resident_kib() - before);
	catalogue_free(c);
	patterns_release(&o.patterns);
}

int main(void)
{
	static const size_t sizes[] = {10, 100, 600, 1000, 10000};

	log_open("gapless-bench-idle", LOG_WARN);
	printf("series kind idle_us change_us add_ms resident_kib\n");
	for (size_t i = 0; i < 2 * (sizeof sizes / sizeof *sizes); i++) {
		pid_t child;

		fflush(stdout);
		child = fork();
		if (child == 0) {
			measure(sizes[i / 2], i % 2 ? GAPS : 0);
			fflush(stdout);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	return 0;
}
