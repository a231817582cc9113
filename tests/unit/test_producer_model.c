/* SPDX-License-Identifier: MIT */
/* The producer's pure core against a small world: an exchange whose candles change and appear late,
 * a topic that loses, repeats and reorders messages, a database that applies them as the writer
 * does, crashes of the producer, wrong empty pages.
 *
 * Held at every step: what the database claims as covered is what the exchange finally has, nothing
 * else. Held at the end, after a quiet while: no gap is left, every final candle is there with its
 * final value, and nothing was asked for in a circle.
 *
 * GAPLESS_SEED picks the first seed, GAPLESS_RUNS how many worlds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/alloc.h"
#include "producer/exchange/upbit_page.h"
#include "producer/series/plan.h"
#include "producer/series/promise.h"
#include "producer/series/series.h"
#include "producer/series/series_page.h"
#include "producer/series/series_state.h"
#include "producer/series/tail.h"
#include "tests/unit/plan_reference.h"

enum { BEFORE = 700, DURING = 260, SPAN = BEFORE + DURING, LOG_MAX = 40000 };

static const int64_t START_MS = 1700000000000 / 86400000 * 86400000;

struct truth { /* of one interval: the values it shows from which age on; value 0: no candle */
	int value[3];
	int64_t since_ms[3]; /* ms after its end; the last change is before 58 s */
};

struct table_row {
	int value;
	int64_t revision, fetched_ms;
};

struct sent {
	struct publication pub;
	int64_t fetched_ms;
	int delivered, lost;
};

struct world {
	uint64_t rng;
	const struct interval *iv;
	struct truth truth[SPAN];
	int listed; /* index of the first interval that the exchange has at all */
	struct table_row db[SPAN];
	struct spans coverage;
	struct sent *log;
	size_t n_log, n_reported, n_applied;
	int64_t now_ms;
	struct series s;
	struct schedule *schedule; /* of it */
	int requests, live_requests;
	int faults; /* while 1: losses, crashes, wrong empty pages */
};

static uint32_t rnd(struct world *w, uint32_t below)
{
	w->rng = w->rng * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->rng >> 33) % below;
}

static int64_t at(const struct world *w, int64_t i)
{
	return START_MS + i * w->iv->nominal_ms;
}

static int truth_now(const struct world *w, int64_t i, int64_t read_ms, int64_t *revision)
{
	const struct truth *t = &w->truth[i];
	int64_t age = read_ms - at(w, i + 1);
	int step = 0;

	for (int k = 1; k < 3; k++)
		if (age >= t->since_ms[k])
			step = k;
	*revision = at(w, i) + step + 1;
	if (age < 0) {
		*revision = at(w, i); /* still forming: some other value */
		return t->value[0] ? t->value[0] + 1000 : 0;
	}
	return t->value[step];
}

static int truth_final(const struct world *w, int64_t i)
{
	return w->truth[i].value[2];
}

static void world_make(struct world *w, uint64_t seed)
{
	int density;
	int quiet_left = 0;

	memset(w, 0, sizeof *w);
	w->rng = seed * 2654435761u + 1;
	for (int i = 0; i < 8; i++)
		rnd(w, 2);
	w->iv = interval_by_name(rnd(w, 3) ? "1m" : "1s");
	density = (int[]){100, 100, 90, 50, 10, 2}[rnd(w, 6)];
	w->listed = rnd(w, 3) ? 0 : (int)rnd(w, BEFORE);
	for (int i = 0; i < SPAN; i++) {
		struct truth *t = &w->truth[i];
		int v = (int)rnd(w, 900) + 1;

		if (quiet_left == 0 && rnd(w, 150) == 0)
			quiet_left = (int)rnd(w, 450);
		if (quiet_left > 0 && --quiet_left >= 0)
			v = 0;
		if ((int)rnd(w, 100) >= density || i < w->listed)
			v = 0;
		for (int k = 0; k < 3; k++)
			t->value[k] = v;
		t->since_ms[1] = rnd(w, 30000);
		t->since_ms[2] = t->since_ms[1] + rnd(w, 28000);
		if (v && rnd(w, 4) == 0)
			t->value[0] = rnd(w, 4) ? v + 1 : 0; /* corrected, or late */
		if (v && rnd(w, 8) == 0)
			t->value[1] = v + 2;
	}
	w->log = xcalloc(LOG_MAX, sizeof *w->log);
	w->schedule = schedule_new();
	w->now_ms = at(w, BEFORE) + rnd(w, (uint32_t)w->iv->nominal_ms);
}

static void world_release(struct world *w)
{
	schedule_free(w->schedule);
	series_release(&w->s);
	spans_release(&w->coverage);
	free(w->log);
}

/* The world's seconds are years old. */
static int64_t keeps_all(const struct interval *iv)
{
	(void)iv;
	return 0;
}

static const struct exchange no_retention = {.page_rows = UPBIT_PAGE_ROWS,
					     .retention_ms = keeps_all};

static void producer_start(struct world *w, int64_t boot_ms)
{
	series_release(&w->s);
	series_init(&w->s, "KRW-BTC", w->iv, &no_retention, START_MS, INT64_MAX);
	schedule_own(w->schedule, (struct series *[]){&w->s}, 1);
	series_begin(&w->s, w->now_ms, boot_ms);
}

/* The exchange's answer. */
static void answer(struct world *w, const struct request *r, struct page *page)
{
	int64_t i = r->live ? (w->now_ms - START_MS) / w->iv->nominal_ms
			    : (r->before_ms - START_MS) / w->iv->nominal_ms - 1;
	struct candle rows[UPBIT_PAGE_ROWS];
	size_t n = 0;

	memset(page, 0, sizeof *page);
	if (i >= SPAN)
		i = SPAN - 1;
	for (; i >= 0 && n < (size_t)r->count; i--) {
		int64_t revision;
		int value = truth_now(w, i, w->now_ms, &revision);
		struct candle *c = &rows[n];

		if (!value)
			continue;
		memset(c, 0, sizeof *c);
		snprintf(c->symbol, sizeof c->symbol, "KRW-BTC");
		c->interval = w->iv;
		c->timestamp_ms = at(w, i);
		c->revision = revision;
		snprintf(c->close, sizeof c->close, "%d", value);
		snprintf(c->open, sizeof c->open, "1");
		snprintf(c->high, sizeof c->high, "1");
		snprintf(c->low, sizeof c->low, "1");
		snprintf(c->volume, sizeof c->volume, "%lld", (long long)(revision - at(w, i)));
		snprintf(c->quote_volume, sizeof c->quote_volume, "1");
		n++;
	}
	page->rows = xcalloc(n + 1, sizeof *page->rows);
	page->n = n;
	for (size_t k = 0; k < n; k++)
		page->rows[k] = rows[n - 1 - k];
	if (w->faults && rnd(w, 40) == 0)
		page->n = 0; /* a wrong [] */
}

/* The writer: applies what is in the topic so far, in a slightly wrong order, some twice. */
static void writer_apply(struct world *w, size_t upto)
{
	for (; w->n_applied < upto; w->n_applied++) {
		size_t pick = w->n_applied;

		if (w->log[pick].lost)
			continue;
		for (int again = 0; again < 2; again++) {
			const struct sent *m = &w->log[pick];
			int64_t i = (m->pub.candle.timestamp_ms - START_MS) / w->iv->nominal_ms;
			struct table_row *row = &w->db[i];

			if (!row->value || m->pub.candle.revision > row->revision ||
			    (m->pub.candle.revision == row->revision &&
			     m->fetched_ms > row->fetched_ms))
				*row = (struct table_row){atoi(m->pub.candle.close),
							  m->pub.candle.revision, m->fetched_ms};
			spans_add(&w->coverage, m->pub.covers_from_ms, m->pub.covers_to_ms);
			if (again == 0 && pick > 0 && rnd(w, 3) == 0)
				pick = rnd(w, (uint32_t)pick + 1); /* an old one comes again */
			else
				break;
			if (w->log[pick].lost)
				break;
		}
	}
}

static void coverage_check(const struct world *w)
{
	for (size_t k = 0; k < w->coverage.n; k++) {
		assert_true(interval_on_grid(w->iv, w->coverage.v[k].from) &&
			    interval_on_grid(w->iv, w->coverage.v[k].to));
		assert_true(w->coverage.v[k].to <= w->now_ms - FINAL_MS + w->iv->nominal_ms);
		for (int64_t t = w->coverage.v[k].from; t < w->coverage.v[k].to;
		     t += w->iv->nominal_ms) {
			int64_t i = (t - START_MS) / w->iv->nominal_ms;

			if (i >= SPAN)
				break; /* nothing is traded any more */
			if (w->db[i].value != truth_final(w, i))
				fail_msg(
					"interval %lld is covered with %d, the exchange finally has %d",
					(long long)i, w->db[i].value, truth_final(w, i));
		}
	}
}

static void reports_deliver(struct world *w, size_t upto)
{
	for (; w->n_reported < upto; w->n_reported++) {
		struct sent *m = &w->log[w->n_reported];

		if (m->delivered)
			series_delivered(&w->s, m->pub.covers_from_ms, m->pub.covers_to_ms);
		else
			series_failed(&w->s, m->pub.candle.timestamp_ms, m->pub.covers_from_ms,
				      m->pub.covers_to_ms);
	}
}

static int ask(struct world *w, int64_t boot_ms)
{
	struct plan plan = {.schedule = w->schedule, .now_ms = w->now_ms, .boot_ms = boot_ms};
	struct publications out = {0};
	struct request r;
	struct page page;

	if (!compared_live(&plan, &r) && !compared_backfill(&plan, &r))
		return 0;
	w->requests++;
	w->live_requests += r.live;
	if (w->faults && rnd(w, 30) == 0) {
		series_rejected(&w->s, &r, "nonsense", boot_ms);
		return 1;
	}
	answer(w, &r, &page);
	series_page(&w->s, &r, &page, w->now_ms, boot_ms, &out);
	for (size_t i = 0; i < out.n; i++) {
		struct sent *m = &w->log[w->n_log];

		assert_true(w->n_log < LOG_MAX);
		assert_true(i == 0 ||
			    out.v[i - 1].candle.timestamp_ms < out.v[i].candle.timestamp_ms);
		*m = (struct sent){.pub = out.v[i], .fetched_ms = w->now_ms, .delivered = 1};
		if (w->faults && rnd(w, 60) == 0) {
			m->lost = 1;
			m->delivered =
				rnd(w, 2) == 0; /* lost behind Kafka, or not delivered at all */
		}
		w->n_log++;
	}
	publications_release(&out);
	page_release(&page);
	return 1;
}

static void run_world(uint64_t seed)
{
	struct world *w = xcalloc(1, sizeof *w);
	int64_t step, end, boot = 1000000, look_end = 0;
	size_t look_at = 0;
	int looking = 0, quiet_requests;
	struct spans gaps = {0};

	world_make(w, seed);
	step = w->iv->nominal_ms == 1000 ? 250 : 1000;
	end = at(w, SPAN) - w->iv->nominal_ms * 2;
	w->faults = 1;
	producer_start(w, boot);
	for (int64_t next_look = 0; w->now_ms < end; w->now_ms += step, boot += step) {
		if (w->now_ms > end - (end - at(w, BEFORE)) / 3 && w->faults) {
			w->faults = 0; /* the last third is calm, and the pauses that faults made
					  are over */
			boot += RETRY_MAX_MS / 4;
		}
		if (w->faults && rnd(w, 900) == 0) {
			producer_start(w, boot);
			w->n_reported = w->n_log;
			looking = 0;
			next_look = 0;
		}
		for (int i = 0; i < 3 && ask(w, boot); i++)
			coverage_check(w);
		reports_deliver(w, w->n_log - rnd(w, (uint32_t)(w->n_log - w->n_reported) + 1));
		if (!looking && boot >= next_look) {
			series_lookup_began(&w->s);
			looking = 1;
			look_at = w->n_reported;
			look_end = boot + rnd(w, 5000);
		}
		writer_apply(w, rnd(w, 2) ? w->n_log : w->n_applied);
		coverage_check(w);
		if (looking && boot >= look_end) {
			if (w->n_applied < look_at)
				writer_apply(w, look_at);
			series_lookup_ended(&w->s, &w->coverage, w->now_ms);
			looking = 0;
			next_look = boot + 10000;
		}
	}
	/* Nothing left to do but the live polls. */
	writer_apply(w, w->n_log);
	reports_deliver(w, w->n_log);
	for (int i = 0; i < 400; i++) { /* empty pages are asked twice, pauses end */
		boot += 60000;
		w->now_ms += i == 0 ? TAIL_APART_BESIDE_MS
				    : 0; /* and what a page lacked is asked for again */
		for (int k = 0; k < 50 && ask(w, boot); k++)
			;
		reports_deliver(w, w->n_log);
		writer_apply(w, w->n_log);
		series_lookup_began(&w->s);
		series_lookup_ended(&w->s, &w->coverage, w->now_ms);
	}
	coverage_check(w);
	series_gaps(&w->s, NULL, w->now_ms, boot + RETRY_MAX_MS / 4, &gaps);
	if (gaps.n > 0 && !series_has_no_trades_yet(&w->s)) /* with none, rows are compared below */
		fail_msg("%zu gaps are left, the first from interval %lld to %lld", gaps.n,
			 (long long)(gaps.v[0].from - START_MS) / w->iv->nominal_ms,
			 (long long)(gaps.v[0].to - START_MS) / w->iv->nominal_ms);
	for (int64_t i = 0; i < SPAN && at(w, i + 1) + FINAL_MS + QUIET_TAIL_MS < w->now_ms; i++)
		if (w->db[i].value != truth_final(w, i))
			fail_msg("interval %lld holds %d, the exchange finally has %d",
				 (long long)i, w->db[i].value, truth_final(w, i));
	quiet_requests = w->requests;
	for (int i = 0; i < 20; i++)
		ask(w, ++boot);
	assert_true(w->requests - quiet_requests <= 1);
	spans_release(&gaps);
	world_release(w);
	free(w);
}

static void worlds(void **state)
{
	const char *seed_text = getenv("GAPLESS_SEED"), *runs_text = getenv("GAPLESS_RUNS");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
	int runs = runs_text ? atoi(runs_text) : 60;

	(void)state;
	for (int i = 0; i < runs; i++) {
		print_message("seed %llu\n", (unsigned long long)seed + (unsigned)i);
		run_world(seed + (uint64_t)i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(worlds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
