/* SPDX-License-Identifier: MIT */
/* The schedule chooses as asking all series each time would: random worlds of up to 40 series, in
 * which whatever may happen to a series happens, in an order of no sense, while the clock goes on,
 * jumps, or is set back.
 *
 * TEST_SEED picks the worlds, TEST_RUNS how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/alloc.h"
#include "producer/exchange/upbit.h"
#include "producer/series/heap.h"
#include "producer/series/plan.h"
#include "producer/series/series_page.h"
#include "producer/series/series_state.h"
#include "tests/unit/plan_reference.h"
#include "tests/unit/rng.h"

enum { SERIES = 40, SENT = 64, IN_FLIGHT = 9, WORLDS = 30, STEPS = 600, PLACES = 50 };

#define T0  INT64_C(1700042400000) /* 2023-11-15T10:00:00Z */
#define MIN INT64_C(60000)

struct sent {
	struct series *series;
	uint32_t epoch;
	struct publication pub;
};

struct world {
	struct series *series[SERIES];
	size_t n, owned;
	struct schedule *schedule;
	struct request in_flight[IN_FLIGHT];
	size_t n_in_flight;
	int64_t now_ms, boot_ms;
	uint64_t turn;
	struct sent sent[SENT];
	size_t n_sent;
	struct unobtainable unobtainable[SERIES]; /* as the database has it */
	int64_t blocked;                          /* of SERIES, by Kafka */
};

/* --- what may happen to a series */

static int64_t some_time(const struct world *w, const struct interval *iv)
{
	return interval_add(iv, interval_floor(iv, w->now_ms), -rng_below(rng_below(2) ? 10 : 300));
}

static void some_spans(const struct world *w, const struct interval *iv, struct spans *out)
{
	if (rng_below(2))
		spans_add(out, interval_add(iv, interval_floor(iv, w->now_ms), -250),
			  some_time(w, iv));
	for (int64_t i = rng_below(4); i > 0; i--) {
		int64_t from = some_time(w, iv);

		spans_add(out, from, interval_add(iv, from, rng_below(40)));
	}
	for (int64_t i = rng_below(4); i > 0; i--) {
		int64_t from = some_time(w, iv);

		spans_remove(out, from, interval_add(iv, from, 1 + rng_below(3)));
	}
}

static void lookup(struct world *w, struct series *s)
{
	struct spans covered = {0};

	some_spans(w, s->iv, &covered);
	series_lookup_began(s);
	(void)series_lookup_ended(s, &covered, w->now_ms);
	spans_release(&covered);
}

static void stored(const struct world *w, struct series *s)
{
	struct spans told = {0};
	struct stored rows = {0};

	some_spans(w, s->iv, &told);
	for (int64_t i = rng_below(3); i > 0; i--)
		stored_add(&rows, &(struct stored_row){some_time(w, s->iv), w->now_ms,
						       w->now_ms - rng_below(MIN)});
	series_stored(s, &rows, rng_below(3) ? NULL : &told, w->now_ms);
	spans_release(&told);
	stored_release(&rows);
}

static void page_make(const struct world *w, const struct request *r, struct page *page)
{
	const struct interval *iv = r->series->iv;
	int64_t at = r->live ? interval_floor(iv, w->now_ms) : interval_floor(iv, r->before_ms - 1);
	size_t n = (size_t)rng_below(rng_below(3) ? 8 : 2);

	*page = (struct page){.rows = xcalloc(n + 1, sizeof *page->rows), .n = n};
	for (size_t i = n; i-- > 0; at = interval_add(iv, at, -1 - rng_below(2))) {
		struct candle *c = &page->rows[i];

		snprintf(c->symbol, sizeof c->symbol, "%s", r->series->symbol);
		c->interval = iv;
		c->timestamp_ms = at;
		c->revision = at + rng_below(3);
		snprintf(c->volume, sizeof c->volume, "%d", (int)rng_below(3));
	}
	if (n > 0 && rng_below(5) == 0) {
		spans_add(&page->holes, at, interval_end(iv, at));
		page->n_bad = 1;
	}
}

/* The reports come later. */
static void published(struct world *w, struct series *s, const struct publications *out)
{
	for (size_t i = 0; i < out->n && w->n_sent < SENT; i++)
		w->sent[w->n_sent++] = (struct sent){s, s->epoch, out->v[i]};
}

static void report(struct world *w)
{
	while (w->n_sent > 0 && rng_below(4)) {
		const struct sent *m = &w->sent[--w->n_sent];
		const struct publication *p = &m->pub;

		if (m->epoch != m->series->epoch)
			continue;
		if (rng_below(3))
			series_delivered(m->series, p->covers_from_ms, p->covers_to_ms);
		else
			series_failed(m->series, p->candle.timestamp_ms, p->covers_from_ms,
				      p->covers_to_ms);
	}
}

static void answer(struct world *w, struct request *r)
{
	struct series *s = r->series;
	struct publications out = {0};
	struct page page;

	switch (rng_below(8)) {
	case 0:
		series_rejected(s, r, "nonsense", w->boot_ms);
		break;
	case 1:
		series_unanswered(s, w->boot_ms);
		break;
	case 2:
		series_not_found(s, w->now_ms, w->boot_ms);
		break;
	case 3:
		break; /* nothing was learned */
	default:
		page_make(w, r, &page);
		series_page(s, r, &page, w->now_ms - rng_below(2000), w->boot_ms, &out);
		published(w, s, &out);
		publications_release(&out);
		page_release(&page);
	}
}

static void taken_over(const struct world *w, struct series *s)
{
	struct evidence evidence = {.oldest_row_ms = some_time(w, s->iv),
				    .market.was_listed = 1,
				    .older = {w->now_ms - 9 * MIN, w->now_ms - rng_below(9 * MIN)}};

	series_evidence_is(s, &evidence);
}

static void unobtainable(struct world *w, struct series *s, struct unobtainable *stored)
{
	struct unobtainable before = {0};
	int i = (int)rng_below(UNOBTAINABLE_REASONS);

	spans_copy(&before.of[i], &stored->of[i]);
	spans_clear(&stored->of[i]);
	if (rng_below(2))
		some_spans(w, s->iv, &stored->of[i]);
	series_unobtainable_is(s, &before, stored);
	unobtainable_release(&before);
}

static void wanted(const struct world *w, struct series *s)
{
	struct wanted wanted;

	series_wanted(s, &wanted);
	wanted.from_ms = some_time(w, s->iv);
	wanted.listed_from_ms = rng_below(2) ? INT64_MIN : some_time(w, s->iv);
	series_wanted_is(s, &wanted);
}

static void refused(const struct world *w, struct series *s)
{
	struct spans spans = {0};

	if (rng_below(2))
		some_spans(w, s->iv, &spans);
	series_refused(s, &spans, "full");
	spans_release(&spans);
}

static void happen(struct world *w, size_t i)
{
	struct series *s = w->series[i];

	switch (rng_below(13)) {
	case 0:
	case 1:
		lookup(w, s);
		break;
	case 2:
	case 10:
		stored(w, s);
		break;
	case 3:
		series_market(s, rng_below(3) > 0, rng_below(4) == 0, w->now_ms);
		break;
	case 4:
		(void)series_market_judge(s, w->boot_ms);
		break;
	case 5:
		taken_over(w, s);
		break;
	case 6:
		unobtainable(w, s, &w->unobtainable[i]);
		break;
	case 7:
		wanted(w, s);
		break;
	case 12:
		refused(w, s);
		break;
	case 11:
		series_limits(s, &(struct limits){.retained_from_ms = rng_below(2)
									      ? INT64_MIN
									      : some_time(w, s->iv),
						  .ended = rng_below(4) == 0});
		break;
	case 8:
		series_take(s); /* and it is not begun for a while */
		break;
	default:
		if (!s->begun)
			series_begin(s, w->now_ms, w->boot_ms);
	}
}

/* --- the world */

static int may(const struct series *s, const void *opaque)
{
	const struct world *w = opaque;

	return (s->symbol[5] - '0') * (s->symbol[6] - '0') % SERIES >= w->blocked;
}

static void own(struct world *w)
{
	w->owned = 1 + (size_t)rng_below((int64_t)w->n);
	w->n_in_flight = 0;
	schedule_own(w->schedule, w->series + (w->n - w->owned), w->owned);
}

static void time_passes(struct world *w)
{
	static const int64_t steps[] = {0, 100, 900, 2000, 31000, 61000, 600000};
	int64_t step = steps[rng_below(rng_below(8) ? 4 : sizeof steps / sizeof *steps)];

	w->boot_ms += step;
	w->now_ms += step;
	if (rng_below(60) == 0)
		w->now_ms -= rng_below(rng_below(2) ? 900 : 20000);
	if (rng_below(200) == 0)
		w->now_ms += 25 * 3600 * 1000;
}

static void ask(struct world *w)
{
	struct plan plan = {.schedule = w->schedule,
			    .in_flight = w->in_flight,
			    .n_in_flight = w->n_in_flight,
			    .may = w->blocked > 0 ? may : NULL,
			    .opaque = w,
			    .now_ms = w->now_ms,
			    .boot_ms = w->boot_ms};
	struct request live, backfill;
	int has_live = compared_live(&plan, &live),
	    has_backfill = compared_backfill(&plan, &backfill);

	if (w->n_in_flight == IN_FLIGHT || !(has_live || has_backfill))
		return;
	w->in_flight[w->n_in_flight++] =
		has_live && (!has_backfill || rng_below(2)) ? live : backfill;
	if (!w->in_flight[w->n_in_flight - 1].live)
		series_backfill_sent(backfill.series, ++w->turn);
}

static void step(struct world *w)
{
	time_passes(w);
	if (rng_below(50) == 0)
		own(w);
	if (rng_below(20) == 0)
		w->blocked = rng_below(3) ? 0 : rng_below(SERIES);
	if (rng_below(3) == 0)
		happen(w, (size_t)rng_below((int64_t)w->n));
	report(w);
	if (w->n_in_flight > 0 && rng_below(3)) {
		size_t i = (size_t)rng_below((int64_t)w->n_in_flight);
		struct request r = w->in_flight[i];

		w->in_flight[i] = w->in_flight[--w->n_in_flight];
		answer(w, &r);
	}
	ask(w);
}

static void run_world(void)
{
	static const char *const names[] = {"1s", "1m", "1m", "3m", "1h", "1d"};
	struct world w = {.now_ms = T0 + rng_below(3600000), .boot_ms = 1000000};

	w.n = 1 + (size_t)rng_below(SERIES);
	w.schedule = schedule_new();
	for (size_t i = 0; i < w.n; i++) {
		char symbol[SYMBOL_BYTES];
		const char *name = names[rng_below(sizeof names / sizeof *names)];

		snprintf(symbol, sizeof symbol, "KRW-M%02zu", i);
		w.series[i] = series_new(symbol, interval_by_name(name), &exchange_upbit,
					 rng_below(2) ? INT64_MIN : T0 - 300 * MIN, INT64_MAX);
		series_take(w.series[i]);
		if (rng_below(4))
			series_begin(w.series[i], w.now_ms, w.boot_ms);
	}
	own(&w);
	for (int i = 0; i < STEPS; i++)
		step(&w);
	schedule_free(w.schedule);
	for (size_t i = 0; i < w.n; i++)
		series_free(w.series[i]);
	for (size_t i = 0; i < SERIES; i++)
		unobtainable_release(&w.unobtainable[i]);
}

static void it_chooses_as_asking_all_would(void **state)
{
	const char *runs = getenv("TEST_RUNS");

	(void)state;
	for (int i = runs ? atoi(runs) : WORLDS; i > 0; i--)
		run_world();
}

/* --- the queue */

static int is_even(uint32_t place, void *opaque)
{
	++*(int *)opaque;
	return place % 2 == 0;
}

static void the_queue_is_in_order(void **state)
{
	struct heap h;
	int64_t keys[PLACES], asked;
	int calls;

	(void)state;
	heap_init(&h, PLACES);
	for (int i = 0; i < PLACES; i++)
		keys[i] = -1;
	for (int round = 0; round < 3000; round++) {
		uint32_t at = (uint32_t)rng_below(PLACES);
		const struct heap_item *first, *even;
		int64_t best = -1, best_even = -1;

		keys[at] = rng_below(4) ? rng_below(20) : -1;
		if (keys[at] < 0)
			heap_remove(&h, at);
		else
			heap_put(&h, (struct heap_item){.key = keys[at], .place = at});
		for (int i = 0; i < PLACES; i++) {
			if (keys[i] >= 0 && (best < 0 || keys[i] < keys[best]))
				best = i;
			if (i % 2 == 0 && keys[i] >= 0 &&
			    (best_even < 0 || keys[i] < keys[best_even]))
				best_even = i;
		}
		first = heap_first(&h);
		calls = 0;
		even = heap_find(&h, is_even, &calls);
		assert_int_equal(first ? (int64_t)first->place : -1, best);
		assert_int_equal(even ? (int64_t)even->place : -1, best_even);
		asked = calls;
		assert_true(best % 2 || best < 0 || asked == 1); /* no more than it has to */
	}
	heap_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_chooses_as_asking_all_would),
		cmocka_unit_test(the_queue_is_in_order),
	};

	rng_open("test_schedule");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
