/* SPDX-License-Identifier: MIT */
#include "producer/exchange/upbit.h"
#include "tests/unit/lies/world.h"
#include "tests/unit/plan_reference.h"

void producer_start(struct world *w)
{
	series_release(&w->s);
	series_init(&w->s, "KRW-BTC", w->iv, &exchange_upbit, START_MS, INT64_MAX);
	schedule_own(w->schedule, (struct series *[]){&w->s}, 1);
	series_take(&w->s);
	series_begin(&w->s, clock_ms(w), w->boot_ms);
	w->n_reported = w->n_log;
	w->looking = 0;
	w->lookup_boot_ms = w->list_boot_ms = 0;
}

static void lookup_begin(struct world *w)
{
	series_lookup_began(&w->s);
	series_wanted(&w->s, &w->wanted);
	w->looking = 1;
	w->lookup_at = w->n_reported;
	w->lookup_end_ms = w->boot_ms + rnd(w, rnd(w, 4) ? 5000 : 150000);
}

/* What is wanted and what witnesses said goes to the database, and comes back at a first lookup. */
static void lookup_wanted(struct world *w)
{
	static struct wanted stored;
	const struct unobtainable none = {0};

	if (!w->has_wanted)
		stored = w->wanted;
	if (!w->s.looked_up && w->has_wanted) {
		stored.listed_before_ms = w->wanted.listed_before_ms;
		series_wanted_is(&w->s, &stored);
		series_evidence_is(&w->s, &w->evidence);
		series_unobtainable_is(&w->s, &none, &w->unobtainable);
	}
	if (w->s.looked_up || !w->has_wanted)
		series_wanted(&w->s, &stored);
	w->has_wanted = 1;
}

static void lookup_end(struct world *w)
{
	struct stored rows = {0};
	struct spans told = {0};

	if (w->n_applied < w->lookup_at)
		writer_apply(w, w->lookup_at);
	lookup_wanted(w);
	stored_read(w, &rows, &told);
	series_stored(&w->s, &rows, &told, clock_ms(w));
	series_lookup_ended(&w->s, &w->coverage, clock_ms(w));
	stored_release(&rows);
	spans_release(&told);
	series_market_judge(&w->s, w->boot_ms);
	series_evidence(&w->s, &w->evidence);
	for (int i = 0; i < UNOBTAINABLE_REASONS; i++)
		series_unobtainable(&w->s, (enum unobtainable_reason)i, w->now_ms,
				    &w->unobtainable.of[i]);
	w->looking = 0;
	w->lookup_boot_ms = w->boot_ms + 10000;
}

static void list_read(struct world *w)
{
	int listed = w->now_ms < w->delists_ms && !lies_now(w, LIE_NOT_LISTED);
	enum market_change change;

	if (w->boot_ms < w->list_boot_ms)
		return;
	series_market(&w->s, listed, 0, clock_ms(w));
	change = series_market_judge(&w->s, w->boot_ms);
	trace(w, "list %d, %d", listed, (int)change);
	if (change == MARKET_DELISTED)
		assert_true(w->now_ms > w->delists_ms);
	w->list_boot_ms = w->boot_ms + (series_market_is_doubtful(&w->s) ? 15000 : 600000);
}

/* Nothing was shown that could have put right what was lied about just now. */
static void shows_nothing(struct world *w)
{
	for (int64_t i = 0; i < SPAN_1M; i++)
		if (is_lied_about(w, i))
			w->truth[i].doubted_ms = w->now_ms;
}

/* 1 if it shows a row. */
static int answer(struct world *w, const struct request *r, int64_t now_ms)
{
	struct publications out = {0};
	struct page page;
	int shows;

	if (w->now_ms >= w->delists_ms || lies_now(w, LIE_NOT_FOUND)) {
		series_not_found(&w->s, now_ms, w->boot_ms);
		w->list_boot_ms = least(w->list_boot_ms, w->boot_ms + 15000);
		trace(w, "not found");
		series_market_judge(&w->s, w->boot_ms);
		return 0;
	}
	if (lies_now(w, LIE_SILENT)) {
		series_unanswered(&w->s, w->boot_ms);
		return 0;
	}
	if (lies_now(w, LIE_BROKEN)) {
		series_rejected(&w->s, r, "nonsense", w->boot_ms);
		return 0;
	}
	page_make(w, r, &page);
	trace(w, "%s [%d,%d) before %d: %zu rows, %zu bad, from %d", r->live ? "live" : "gap",
	      (int)index_of(w, r->from_ms), r->live ? 0 : (int)index_of(w, r->to_ms),
	      r->live ? 0 : (int)index_of(w, r->before_ms), page.n, page.n_bad,
	      page.n ? (int)index_of(w, page.rows[0].timestamp_ms) : -1);
	shows = page.n > 0;
	series_page(&w->s, r, &page, now_ms, w->boot_ms, &out);
	publish(w, &out);
	publications_release(&out);
	page_release(&page);
	return shows;
}

static int ask(struct world *w)
{
	int64_t now_ms = clock_ms(w);
	struct plan plan = {.schedule = w->schedule, .now_ms = now_ms, .boot_ms = w->boot_ms};
	struct request r;

	if (!compared_live(&plan, &r) && !compared_backfill(&plan, &r))
		return 0;
	w->asked++;
	/* But a page that is to show that nothing is older: the row may be a new one. */
	w->asked_old += !r.live && r.to_ms < w->now_ms - 10 * MINUTE && r.before_ms == r.to_ms;
	if (!answer(w, &r, now_ms))
		shows_nothing(w);
	return 1;
}

void world_turn(struct world *w)
{
	int calm = w->now_ms >= w->calm_ms;

	if (w->now_ms >= w->relists_ms && w->served == 0)
		w->served = at(w, index_of(w, w->relists_ms));
	if (!calm && w->dies && rnd(w, 2000) == 0)
		producer_start(w);
	list_read(w);
	for (int i = 0; i < 3 && ask(w); i++)
		;
	reports_deliver(w, w->n_log - rnd(w, (uint32_t)(w->n_log - w->n_reported) + 1));
	if (!w->looking && w->boot_ms >= w->lookup_boot_ms)
		lookup_begin(w);
	if (rnd(w, 2))
		writer_apply(w, w->n_log);
	if (w->looking && w->boot_ms >= w->lookup_end_ms)
		lookup_end(w);
}
