/* SPDX-License-Identifier: MIT */
/* What the plan and the outage (outage.h) make of an exchange that fails for some of its markets:
 * the others go on. The gate in small: four connections, a request every 111 ms. */
#include "producer/outage.h"
#include "tests/unit/series_scene.h"

enum { FEW = 8, MANY = 40, CONNECTIONS = 4, STEP_MS = 111 };

struct flight {
	struct request request;
	int64_t until_ms;
};

struct world {
	struct series s[MANY];
	int n_series;
	struct schedule *schedule;
	struct outage outage;
	struct flight flights[CONNECTIONS];
	size_t n;
	int failing;      /* the first so many series get no answer */
	int64_t hangs_ms; /* ... for so long */
	int64_t boot_ms;
	uint64_t turn;
	int asked; /* of the failing ones */
	int64_t latest_ms[MANY];
};

static int64_t now_ms(const struct world *w)
{
	return T0 + w->boot_ms;
}

static int fails(const struct world *w, const struct series *s)
{
	return s < w->s + w->failing;
}

static void world_open(struct world *w, int n, int failing, int64_t hangs_ms, int missing)
{
	struct series *all[MANY];

	*w = (struct world){.n_series = n, .failing = failing, .hangs_ms = hangs_ms};
	outage_init(&w->outage);
	for (int i = 0; i < n; i++) {
		all[i] = &w->s[i];
		begin(&w->s[i], T0 - (int64_t)60 * MIN, T0);
		looked(&w->s[i], -61, -1 - missing, T0, missing);
	}
	w->schedule = schedule_of(all, (size_t)n);
}

static void world_close(struct world *w)
{
	schedule_free(w->schedule);
	for (int i = 0; i < w->n_series; i++)
		series_release(&w->s[i]);
}

static void answer(struct world *w, const struct request *r)
{
	struct publications out = {0};
	struct page page = {.rows = xcalloc(1, sizeof *page.rows)};
	int64_t late_ms = now_ms(w) - series_live_due_ms(r->series, now_ms(w));

	if (fails(w, r->series)) {
		outage_failed(&w->outage, 0, w->boot_ms, (uint32_t)w->boot_ms * 2654435761U);
		series_unanswered(r->series, w->boot_ms);
	} else {
		outage_answered(&w->outage, 0, w->boot_ms);
		if (r->live)
			w->latest_ms[r->series - w->s] =
				greatest(w->latest_ms[r->series - w->s], late_ms);
		candle_of('A', interval_floor(m1(), (r->live ? now_ms(w) : r->to_ms) - 1), 1,
			  page.rows);
		page.n = 1;
		series_page(r->series, r, &page, now_ms(w), w->boot_ms, &out);
	}
	publications_release(&out);
	page_release(&page);
}

static void ask(struct world *w)
{
	struct request in_flight[CONNECTIONS], r;
	struct plan plan = {.schedule = w->schedule,
			    .in_flight = in_flight,
			    .n_in_flight = w->n,
			    .now_ms = now_ms(w),
			    .boot_ms = w->boot_ms,
			    .is_out = outage_is_on(&w->outage)};
	int64_t wait_ms;

	for (size_t i = 0; i < w->n; i++)
		in_flight[i] = w->flights[i].request;
	if (w->n == CONNECTIONS || outage_wait_ms(&w->outage, (int)w->n, w->boot_ms) > 0 ||
	    !plan_next(&plan, 1, &r, &wait_ms))
		return;
	if (!r.live)
		series_backfill_sent(r.series, ++w->turn);
	w->asked += fails(w, r.series);
	w->flights[w->n++] =
		(struct flight){r, w->boot_ms + (fails(w, r.series) ? w->hangs_ms : INT64_C(50))};
}

/* Some minutes. */
static void passes(struct world *w, int minutes)
{
	for (int64_t end_ms = w->boot_ms + (int64_t)minutes * MIN; w->boot_ms < end_ms;
	     w->boot_ms += STEP_MS) {
		for (size_t i = 0; i < w->n; i++) {
			struct request r = w->flights[i].request;

			if (w->flights[i].until_ms > w->boot_ms)
				continue;
			w->flights[i--] = w->flights[--w->n];
			answer(w, &r);
		}
		ask(w);
	}
}

/* Each of the others is asked so soon after its candle closed, in each of twenty minutes. */
static void nobody_else_waits(int n, int failing, int64_t hangs_ms, int missing, int seconds)
{
	struct world w;

	world_open(&w, n, failing, hangs_ms, missing);
	passes(&w, 20);
	for (int i = failing; i < n; i++) {
		assert_true(w.s[i].live_polled_ms > now_ms(&w) - 2 * MIN);
		assert_true(w.latest_ms[i] < 1000 * seconds);
	}
	assert_in_range(w.asked, 20, 20 * 60); /* they are asked, too, and not in a circle */
	world_close(&w);
}

static void what_fails_for_some_holds_up_nobody(void **state)
{
	(void)state;
	for (int failing = 1; failing < FEW; failing++) {
		nobody_else_waits(FEW, failing, 50, 0, 45);
		nobody_else_waits(FEW, failing, 50, 30, 45);
	}
}

static void nor_does_what_hangs_for_some(void **state)
{
	(void)state;
	for (int failing = 1; failing < FEW; failing++) {
		nobody_else_waits(FEW, failing, 8000, 0, 45);
		nobody_else_waits(FEW, failing, 8000, 30, 45);
	}
}

/* Half of many, which are the first in the order: it takes a while until all of them are known. */
static void nor_does_a_part_of_many(void **state)
{
	(void)state;
	nobody_else_waits(MANY, MANY / 2, 50, 0, 60);
	nobody_else_waits(MANY, MANY / 2, 8000, 0, 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fails_for_some_holds_up_nobody),
		cmocka_unit_test(nor_does_what_hangs_for_some),
		cmocka_unit_test(nor_does_a_part_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
