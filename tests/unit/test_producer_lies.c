/* SPDX-License-Identifier: MIT */
/* The producer's pure core and an exchange that lies: at random, each lie for a bounded time. Pages
 * lack their oldest rows, or their newest, or are empty; they come from a replica that is behind,
 * or not at all, or with a clock that is set back; rows that were shown are missing, show less,
 * come back with other values, or cannot be candles; the market is not found, or not in the list.
 * Some things are true: it is listed late, delisted, relisted without its old candles; a candle is
 * taken back for good, or its last change has a smaller revision than the one before. Messages are
 * lost, the producer dies, another takes over with what the database holds.
 *
 * Held at every step: what is covered is what the exchange finally has, but for intervals of which
 * it says for longer than two witnesses need what is not so. Held in the end, when it has told the
 * truth for 15 minutes: those too, the table equals the truth, nothing is missing, and nothing but
 * the newest candles is asked for.
 *
 * GAPLESS_SEED picks the first seed, GAPLESS_RUNS how many worlds, GAPLESS_TRACE=1 shows one. */
#include "tests/unit/lies/world.h"

/* Is the table right there? A row that the exchange took back stays, if no final read has shown it,
 * but those that lied for long. */
static int table_is_right(const struct world *w, int64_t i)
{
	const struct table_row *row = &w->db[i];

	if (row->value == truth_final(w, i))
		return 1;
	return truth_final(w, i) == 0 &&
	       (row->fetched_ms < at(w, i + 1) + FINAL_MS || w->truth[i].doubted_ms != 0);
}

/* Lied about for long, and not shown any more while it was young; or not served any more before it
 * could be asked for once more; or one that was behind showed the greater revision, which the last
 * change did not have: that stands. */
static int is_past_knowing(const struct world *w, int64_t i)
{
	const struct truth *t = &w->truth[i];
	int64_t end_ms = least(w->relists_ms, w->delists_ms);

	if (t->doubted_ms == 0)
		return 0;
	return t->is_untold || t->revision[2] < t->revision[0] ||
	       (w->now_ms >= end_ms && end_ms <= t->doubted_ms + 15 * MINUTE);
}

static void coverage_check(const struct world *w)
{
	for (size_t k = 0; k < w->coverage.n; k++) {
		int64_t to = index_of(w, w->coverage.v[k].to);

		assert_true(w->coverage.v[k].to <= w->now_ms - FINAL_MS + w->iv->nominal_ms);
		for (int64_t i = index_of(w, w->coverage.v[k].from); i < to; i++) {
			assert_in_range(i, 0, SPAN_1M - 1);
			if (!table_is_right(w, i) && !is_past_knowing(w, i) && !is_lied_about(w, i))
				fail_msg("at %lld s interval %lld is covered with %d, the exchange "
					 "finally has %d",
					 (long long)(w->now_ms - START_MS) / 1000, (long long)i,
					 w->db[i].value, truth_final(w, i));
		}
	}
}

/* --- the end */

static int64_t wanted_end(const struct world *w)
{
	int64_t due_ms = w->now_ms - 7 * MINUTE;

	return w->s.wanted_until_ms < due_ms ? w->s.wanted_until_ms : due_ms;
}

/* Without one there is no witness: what was before stays a gap. */
static int serves_a_row(const struct world *w)
{
	if (w->delists_ms < INT64_MAX && w->s.known.all.n == 0)
		return 0;
	for (int64_t i = 0; at(w, i + 1) < w->now_ms - 12 * MINUTE; i++)
		if (at(w, i) >= w->served && truth_final(w, i) != 0)
			return 1;
	return 0;
}

static void end_check(struct world *w, int asked_late)
{
	int64_t left = series_left(&w->s, w->now_ms, NULL);
	struct spans lost = {0}, one = {0};

	coverage_check(w);
	if (left != 0 && serves_a_row(w)) {
		struct spans gaps = {0};

		series_gaps_all(&w->s, w->now_ms, &gaps);
		fail_msg("%lld intervals are missing, the first are [%lld,%lld), state %s",
			 (long long)left, (long long)index_of(w, gaps.v[0].from),
			 (long long)index_of(w, gaps.v[0].to), series_state(&w->s));
	}
	if (asked_late > 0 && serves_a_row(w))
		fail_msg("%d pages were asked for at last", asked_late);
	if (w->delists_ms < w->calm_ms && w->s.wanted_until_ms == INT64_MAX && w->s.known.all.n > 0)
		fail_msg("it is not found to be delisted: %s", series_state(&w->s));
	for (int i = 0; i < UNOBTAINABLE_REASONS; i++) {
		series_unobtainable(&w->s, (enum unobtainable_reason)i, w->now_ms, &one);
		spans_union(&lost, &one);
	}
	if (w->delists_ms == INT64_MAX && w->relists_ms == INT64_MAX && lost.n > 0)
		fail_msg("%zu spans are taken for unobtainable", lost.n);
	for (int64_t i = 0; at(w, i + 1) <= wanted_end(w); i++)
		if (!table_is_right(w, i) && !spans_contain(&lost, at(w, i)) && serves_a_row(w) &&
		    !is_past_knowing(w, i) &&
		    !(at(w, i) < w->served && !spans_contain(&w->coverage, at(w, i))))
			fail_msg("interval %lld holds %d, the exchange finally has %d",
				 (long long)i, w->db[i].value, truth_final(w, i));
	/* What was available and is said not to be: only what it stopped to serve. */
	for (int64_t i = 0; w->relists_ms < INT64_MAX && at(w, i) < wanted_end(w); i++)
		if (spans_contain(&lost, at(w, i)) && at(w, i) >= w->served &&
		    !spans_contain(&w->coverage, at(w, i)) && truth_final(w, i) != 0)
			fail_msg("interval %lld is served, and taken for unobtainable",
				 (long long)i);
	spans_release(&lost);
	spans_release(&one);
}

static void run_world(uint64_t seed)
{
	struct world *w = world_new(seed);
	int64_t end_ms = w->calm_ms + CALM * MINUTE;
	int asked_late = 0;

	producer_start(w);
	for (; w->now_ms < end_ms; w->now_ms += 1000, w->boot_ms += 1000) {
		int before = w->asked_old;

		world_turn(w);
		coverage_check(w);
		if (w->now_ms > w->calm_ms + 15 * MINUTE)
			asked_late += w->asked_old - before;
	}
	writer_apply(w, w->n_log);
	reports_deliver(w, w->n_log);
	end_check(w, asked_late);
	world_free(w);
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
