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
#include "producer/exchange/upbit_page.h"
#include "producer/series/plan.h"
#include "producer/series/promise.h"
#include "producer/series/series.h"
#include "producer/series/series_page.h"
#include "producer/series/series_state.h"
#include "tests/unit/plan_reference.h"

#define MINUTE 60000

enum {
	BEFORE = 500,
	LYING = 120, /* minutes */
	CALM = 16,
	SPAN_1M = BEFORE + LYING + CALM + 2,
	LOG_MAX = 60000,
	LIES_MAX = 24
};

static const int64_t START_MS = 1700000000000 / 86400000 * 86400000;

enum lie_kind {
	LIE_EMPTY,      /* pages without any row */
	LIE_SHORT,      /* pages without their oldest rows */
	LIE_MISSING,    /* a row that was shown is not there */
	LIE_LESS,       /* ... shows less */
	LIE_BAD_ROW,    /* ... cannot be a candle */
	LIE_BAD_TIME,   /* ... and does not tell its time */
	LIE_NOT_FOUND,  /* no such market */
	LIE_NOT_LISTED, /* the list lacks it */
	LIE_BROKEN,     /* no page at all */
	LIE_BEHIND,     /* rows and values as they stood some time ago */
	LIE_NEWEST,     /* the newest page without its newest rows */
	LIE_SILENT,     /* no answer */
	LIE_CLOCK,      /* the exchange's clock is set back */
	LIE_KINDS
};

/* Longest, in seconds: what two witnesses would believe ends before. */
static const int lie_seconds[LIE_KINDS] = {
	[LIE_EMPTY] = 1800,  [LIE_SHORT] = 500,    [LIE_MISSING] = 240,   [LIE_LESS] = 240,
	[LIE_BAD_ROW] = 900, [LIE_BAD_TIME] = 300, [LIE_NOT_FOUND] = 900, [LIE_NOT_LISTED] = 50,
	[LIE_BROKEN] = 300,  [LIE_BEHIND] = 600,   [LIE_NEWEST] = 400,    [LIE_SILENT] = 900,
	[LIE_CLOCK] = 600,
};

struct lie {
	enum lie_kind kind;
	int64_t from_ms, to_ms;
	uint32_t percent; /* of the answers */
	int is_long;      /* enough for two witnesses */
	int64_t ms;       /* so far behind, or back; of the newest rows, how many lack */
};

struct truth { /* of one interval: the values it shows from which age on; value 0: no candle */
	int value[3];
	int revision[3];
	int64_t since_ms[3]; /* ms after its end; the last change is before 58 s */
	int shown;           /* the greatest revision that it had when it was published */
	int64_t doubted_ms;  /* until then it was lied about */
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
	struct truth truth[SPAN_1M];
	int64_t listed, served; /* the exchange has nothing before, and serves nothing before */
	int64_t relists_ms;     /* from then on it serves nothing that is older; INT64_MAX: never */
	int64_t delists_ms;     /* INT64_MAX: never */
	struct lie lies[LIES_MAX];
	size_t n_lies;
	int dies; /* the producer does, now and then */

	/* the database */
	struct table_row db[SPAN_1M];
	struct spans coverage;
	struct wanted wanted;
	struct evidence evidence;
	struct unobtainable unobtainable;
	int has_wanted;

	struct sent *log; /* the topic */
	size_t n_log, n_reported, n_applied;

	int64_t now_ms, boot_ms, calm_ms;
	int64_t view_ms; /* what the answer shows is as it stood then */
	struct series s;
	struct schedule *schedule; /* of it */
	int64_t list_boot_ms, lookup_boot_ms, lookup_end_ms;
	size_t lookup_at;
	int looking;
	int asked, asked_old;
	int trace;
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

static int64_t index_of(const struct world *w, int64_t ms)
{
	return (ms - START_MS) / w->iv->nominal_ms;
}

static int truth_final(const struct world *w, int64_t i)
{
	return w->truth[i].value[2];
}

/* --- making one */

static void candle_make(struct world *w, struct truth *t, int v)
{
	for (int k = 0; k < 3; k++) {
		t->value[k] = v;
		t->revision[k] = k + 1;
	}
	t->since_ms[1] = rnd(w, 30000);
	t->since_ms[2] = t->since_ms[1] + rnd(w, 28000);
	if (!v)
		return;
	if (rnd(w, 4) == 0)
		t->value[0] = rnd(w, 4) ? v + 1 : 0; /* corrected, or late */
	if (rnd(w, 8) == 0)
		t->value[1] = v + 2;
	if (rnd(w, 40) == 0) {
		t->value[0] = t->value[1] = v + 3; /* the last change has a smaller revision */
		t->revision[0] = t->revision[1] = 9;
	}
	if (rnd(w, 80) == 0)
		t->value[2] = 0; /* taken back for good */
}

static int lies_of_rows(const struct world *w, size_t k)
{
	enum lie_kind kind = w->lies[k].kind;

	return kind == LIE_MISSING || kind == LIE_LESS || kind == LIE_BEHIND || kind == LIE_NEWEST;
}

/* What long lies about rows have brought about is asked once more, and they do not lie then. Short
 * ones are seen through, but not two of them, as far from each other as witnesses. */
static void lie_part(struct world *w, size_t k)
{
	struct lie *l = &w->lies[k];

	if (!lies_of_rows(w, k))
		return;
	for (size_t other = 0; other < w->n_lies; other++) {
		const struct lie *o = &w->lies[other];

		if (other == k || !lies_of_rows(w, other) || o->to_ms + 15 * MINUTE < l->from_ms ||
		    l->to_ms + 15 * MINUTE < o->from_ms || o->to_ms <= o->from_ms)
			continue;
		l->to_ms = l->from_ms;
		return;
	}
}

static void lies_make(struct world *w)
{
	static const enum lie_kind of_seen[] = {LIE_MISSING, LIE_LESS},
				   of_newest[] = {LIE_BEHIND, LIE_NEWEST};
	const enum lie_kind *of_rows = w->dies || rnd(w, 2) ? of_seen : of_newest;

	w->n_lies = 1 + rnd(w, LIES_MAX);
	for (size_t k = 0; k < w->n_lies; k++) {
		struct lie *l = &w->lies[k];

		l->kind = (enum lie_kind)rnd(w, LIE_KINDS);
		if (rnd(w, 2))
			l->kind = of_rows[rnd(w, 2)];
		l->from_ms = at(w, BEFORE) + (int64_t)rnd(w, (LYING - 1) * 60) * 1000;
		if (rnd(w, 3) == 0)
			l->from_ms = at(w, BEFORE); /* from the start on */
		l->to_ms =
			l->from_ms + 1000 * (1 + (int64_t)rnd(w, (uint32_t)lie_seconds[l->kind]));
		/* What was believed wrongly is asked once more; only memory knows that. */
		l->is_long = !w->dies && rnd(w, 2);
		if ((l->kind == LIE_MISSING || l->kind == LIE_LESS) && !l->is_long)
			l->to_ms = l->from_ms + 1000 * (int64_t)(1 + rnd(w, 25));
		l->percent = (uint32_t[]){20, 50, 100}[rnd(w, 3)];
		if (l->kind == LIE_EMPTY || l->kind == LIE_BROKEN)
			l->percent = (uint32_t[]){20, 50, 80}[rnd(w, 3)];
		/* What was promised of what they hide, too. */
		if ((l->kind == LIE_BEHIND || l->kind == LIE_NEWEST) && w->dies)
			l->kind = LIE_SILENT;
		l->ms = l->kind == LIE_BEHIND ? 1000 * (20 + (int64_t)rnd(w, 130))
					      : 1 + (int64_t)rnd(w, 3);
		if (l->kind == LIE_CLOCK)
			l->ms = 1000 * (10 + (int64_t)rnd(w, 3600));
		if (l->kind == LIE_CLOCK || l->kind == LIE_SILENT)
			l->percent = 100;
		/* Two of these, ten minutes apart, would be believed. */
		for (size_t other = 0; l->kind == LIE_SHORT && other < k; other++)
			if (w->lies[other].kind == LIE_SHORT)
				l->kind = LIE_EMPTY;
		/* So would the list and the candles together. */
		if (l->kind == LIE_NOT_FOUND && l->percent == 100)
			l->percent = 50;
		if (l->to_ms > w->calm_ms)
			l->to_ms = w->calm_ms;
		/* Not listed and not found, but not for a minute. */
		if (l->kind == LIE_NOT_LISTED && k + 1 < w->n_lies) {
			l->percent = 100;
			w->lies[k + 1] = *l;
			w->lies[++k].kind = LIE_NOT_FOUND;
		}
	}
	for (size_t k = 0; k < w->n_lies; k++)
		lie_part(w, k);
	/* With a clock that is set back two witnesses of the same lie seem far from each other. */
	for (size_t k = 0; k < w->n_lies; k++)
		for (size_t other = 0; w->lies[k].kind == LIE_CLOCK && other < w->n_lies; other++)
			if (w->lies[other].kind == LIE_SHORT || w->lies[other].kind == LIE_MISSING)
				w->lies[other].kind = LIE_EMPTY;
}

static void world_make(struct world *w, uint64_t seed)
{
	static const int densities[] = {100, 100, 90, 50, 10, 3};
	int density, quiet_left = 0;

	memset(w, 0, sizeof *w);
	w->rng = seed * 2654435761u + 1;
	for (int i = 0; i < 8; i++)
		rnd(w, 2);
	w->iv = interval_by_name("1m");
	density = densities[rnd(w, 6)];
	w->listed = rnd(w, 3) ? 0 : rnd(w, BEFORE - 10);
	w->delists_ms = w->relists_ms = INT64_MAX;
	if (rnd(w, 6) == 0)
		w->delists_ms = at(w, BEFORE) + (int64_t)rnd(w, (LYING - 5) * 60) * 1000;
	else if (rnd(w, 6) == 0)
		w->relists_ms = at(w, BEFORE) + (int64_t)rnd(w, LYING * 60) * 1000;
	for (int i = 0; i < SPAN_1M; i++) {
		int v = (int)rnd(w, 900) + 1;

		if (quiet_left == 0 && rnd(w, 150) == 0)
			quiet_left = (int)rnd(w, 300);
		if (quiet_left > 0 && --quiet_left >= 0)
			v = 0;
		if ((int)rnd(w, 100) >= density || i < w->listed || at(w, i) >= w->delists_ms)
			v = 0;
		candle_make(w, &w->truth[i], v);
	}
	w->log = xcalloc(LOG_MAX, sizeof *w->log);
	w->schedule = schedule_new();
	w->now_ms = at(w, BEFORE) + rnd(w, MINUTE);
	w->view_ms = w->now_ms;
	w->boot_ms = 1000000;
	w->calm_ms = at(w, BEFORE + LYING);
	w->dies = rnd(w, 2) == 0;
	lies_make(w);
}

static void world_release(struct world *w)
{
	schedule_free(w->schedule);
	series_release(&w->s);
	spans_release(&w->coverage);
	unobtainable_release(&w->unobtainable);
	free(w->log);
}

/* 2 if it is a long one. */
static int lies_now(struct world *w, enum lie_kind kind)
{
	for (size_t k = 0; k < w->n_lies; k++)
		if (w->lies[k].kind == kind && w->now_ms >= w->lies[k].from_ms &&
		    w->now_ms < w->lies[k].to_ms && rnd(w, 100) < w->lies[k].percent)
			return 1 + w->lies[k].is_long;
	return 0;
}

/* Of a lie that is told now, how much of it; 0: none is. */
static int64_t lie_ms(struct world *w, enum lie_kind kind)
{
	for (size_t k = 0; k < w->n_lies; k++)
		if (w->lies[k].kind == kind && w->now_ms >= w->lies[k].from_ms &&
		    w->now_ms < w->lies[k].to_ms && rnd(w, 100) < w->lies[k].percent)
			return w->lies[k].ms;
	return 0;
}

/* What the producer takes for the exchange's time. */
static int64_t clock_ms(struct world *w)
{
	return w->now_ms - lie_ms(w, LIE_CLOCK);
}

/* --- the exchange */

static int step_now(const struct world *w, int64_t i)
{
	int64_t age = w->view_ms - at(w, i + 1);
	int step = 0;

	for (int k = 1; k < 3; k++)
		if (age >= w->truth[i].since_ms[k])
			step = k;
	return step;
}

static void candle_show(const struct world *w, int64_t i, int value, int revision, struct candle *c)
{
	memset(c, 0, sizeof *c);
	snprintf(c->symbol, sizeof c->symbol, "KRW-BTC");
	c->interval = w->iv;
	c->timestamp_ms = at(w, i);
	c->revision = at(w, i) + revision;
	snprintf(c->close, sizeof c->close, "%d", value);
	snprintf(c->open, sizeof c->open, "1");
	snprintf(c->high, sizeof c->high, "1");
	snprintf(c->low, sizeof c->low, "1");
	snprintf(c->volume, sizeof c->volume, "%d", revision);
	snprintf(c->quote_volume, sizeof c->quote_volume, "1");
}

/* What one answer shows of one interval. 0: no row. *bad: it is nonsense. */
static int row_show(struct world *w, int64_t i, const int lying[LIE_KINDS], struct candle *c,
		    int *bad)
{
	struct truth *t = &w->truth[i];
	int step = step_now(w, i), value = t->value[step], revision = t->revision[step];
	int closed = w->now_ms - at(w, i + 1) >= SETTLE_MS;

	*bad = 0;
	if (w->view_ms < at(w, i)) {
		t->doubted_ms = w->now_ms;
		return 0;
	}
	if (w->view_ms < at(w, i + 1)) { /* forming */
		value = t->value[0] ? t->value[0] + 1000 : 0;
		revision = 0;
	}
	if (at(w, i) < w->served)
		return 0;
	/* It lies about what it has shown before; and not all the time, nor about all. */
	if (t->shown > 0 && closed && (i * 7 + w->now_ms / 600000) % 3 == 0) {
		if (lying[LIE_MISSING] || lying[LIE_LESS]) {
			if (lying[LIE_MISSING] == 2 || lying[LIE_LESS] == 2)
				t->doubted_ms = w->now_ms;
			if (lying[LIE_MISSING])
				return 0;
			candle_show(w, i, t->value[0] ? t->value[0] + 5 : 77, t->shown - 1, c);
			return 1;
		}
	}
	if (w->view_ms < w->now_ms && w->view_ms < at(w, i + 1) + FINAL_MS)
		t->doubted_ms = w->now_ms;
	if (!value)
		return 0;
	if ((lying[LIE_BAD_ROW] || lying[LIE_BAD_TIME]) && i % 11 == 3) {
		*bad = 1;
		return 0;
	}
	candle_show(w, i, value, revision, c);
	return 1;
}

static void hole_add(struct world *w, struct page *page, const int lying[LIE_KINDS], int64_t i,
		     int64_t newer_ms)
{
	struct err cause = {.class = ERR_INPUT, .text = "Row 7 is nonsense."};

	page_row_bad(page, &cause);
	if (!lying[LIE_BAD_TIME])
		spans_add(&page->holes, at(w, i), at(w, i + 1));
	else /* the older neighbour is not known yet: page_make cuts it */
		spans_add(&page->holes, INT64_MIN, newer_ms);
}

/* Up to `count` rows before the request's end, newest first, and then turned. */
static void page_make(struct world *w, const struct request *r, struct page *page)
{
	int64_t i =
		r->before_ms == PAGE_NO_TO ? index_of(w, w->now_ms) : index_of(w, r->before_ms) - 1;
	struct candle rows[UPBIT_PAGE_ROWS];
	int lying[LIE_KINDS], bad, open_hole = 0;
	int64_t newer_ms = r->before_ms;
	size_t n = 0, left_out = 0;

	w->view_ms = w->now_ms - lie_ms(w, LIE_BEHIND);
	if (r->before_ms == PAGE_NO_TO)
		left_out = (size_t)lie_ms(w, LIE_NEWEST);
	for (int k = 0; k < LIE_KINDS; k++)
		lying[k] = lies_now(w, (enum lie_kind)k);
	memset(page, 0, sizeof *page);
	if (i >= SPAN_1M)
		i = SPAN_1M - 1;
	for (; i >= 0 && n + page->n_bad < (size_t)r->count; i--) {
		int shows = row_show(w, i, lying, &rows[n], &bad);

		if (bad) {
			hole_add(w, page, lying, i, newer_ms);
			open_hole |= lying[LIE_BAD_TIME];
		}
		if (!shows)
			continue;
		if (left_out > 0) {
			left_out--;
			w->truth[i].doubted_ms = w->now_ms;
			continue;
		}
		if (open_hole) /* nothing between the neighbours */
			spans_remove(&page->holes, INT64_MIN, at(w, i + 1));
		open_hole = 0;
		newer_ms = at(w, i);
		n++;
	}
	if (lying[LIE_SHORT] && n > 0 && page->n_bad == 0)
		n -= rnd(w, (uint32_t)n + 1);
	if (lying[LIE_EMPTY]) {
		n = page->n_bad = 0;
		spans_clear(&page->holes);
	}
	page->rows = xcalloc(n + 1, sizeof *page->rows);
	page->n = n;
	for (size_t k = 0; k < n; k++)
		page->rows[k] = rows[n - 1 - k];
}

/* --- topic, writer, database */

static void note_shown(struct world *w, const struct candle *c)
{
	struct truth *t = &w->truth[index_of(w, c->timestamp_ms)];
	int revision;

	w->view_ms = w->now_ms;
	revision = t->revision[step_now(w, index_of(w, c->timestamp_ms))];

	/* Not what it was published with, to win; nor what a lie hid. */
	revision = (int)least(revision, c->revision - c->timestamp_ms);
	if (revision > t->shown)
		t->shown = revision;
}

static void publish(struct world *w, const struct publications *out)
{
	for (size_t i = 0; i < out->n; i++) {
		struct sent *m = &w->log[w->n_log];

		assert_true(w->n_log < LOG_MAX);
		assert_true(i == 0 ||
			    out->v[i - 1].candle.timestamp_ms < out->v[i].candle.timestamp_ms);
		*m = (struct sent){.pub = out->v[i], .fetched_ms = clock_ms(w), .delivered = 1};
		if (w->now_ms < w->calm_ms && rnd(w, 200) == 0) {
			m->lost = 1; /* behind Kafka, or not delivered at all */
			m->delivered = rnd(w, 2) == 0;
		}
		if (!m->lost)
			note_shown(w, &m->pub.candle);
		if (w->trace)
			print_message(
				"   %lld publish %lld=%s rev %lld [%lld,%lld)\n",
				(long long)(w->now_ms - START_MS) / 1000,
				(long long)index_of(w, m->pub.candle.timestamp_ms),
				m->pub.candle.close,
				(long long)(m->pub.candle.revision - m->pub.candle.timestamp_ms),
				(long long)index_of(w, m->pub.covers_from_ms),
				(long long)index_of(w, m->pub.covers_to_ms));
		w->n_log++;
	}
}

static void writer_apply(struct world *w, size_t upto)
{
	for (; w->n_applied < upto; w->n_applied++) {
		const struct sent *m = &w->log[w->n_applied];
		struct table_row *row = &w->db[index_of(w, m->pub.candle.timestamp_ms)];

		if (m->lost)
			continue;
		if (!row->value || m->pub.candle.revision > row->revision ||
		    (m->pub.candle.revision == row->revision && m->fetched_ms > row->fetched_ms))
			*row = (struct table_row){atoi(m->pub.candle.close), m->pub.candle.revision,
						  m->fetched_ms};
		spans_add(&w->coverage, m->pub.covers_from_ms, m->pub.covers_to_ms);
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

/* Lied about for long, and not served any more before it could be asked for once more; or one that
 * was behind showed the greater revision, which the last change did not have: that stands. */
static int is_past_knowing(const struct world *w, int64_t i)
{
	const struct truth *t = &w->truth[i];
	int64_t end_ms = least(w->relists_ms, w->delists_ms);

	if (t->doubted_ms == 0)
		return 0;
	return t->revision[2] < t->revision[0] ||
	       (w->now_ms >= end_ms && end_ms <= t->doubted_ms + 15 * MINUTE);
}

static void coverage_check(const struct world *w)
{
	for (size_t k = 0; k < w->coverage.n; k++) {
		int64_t to = index_of(w, w->coverage.v[k].to);

		assert_true(w->coverage.v[k].to <= w->now_ms - FINAL_MS + w->iv->nominal_ms);
		for (int64_t i = index_of(w, w->coverage.v[k].from); i < to; i++) {
			assert_in_range(i, 0, SPAN_1M - 1);
			if (!table_is_right(w, i) && !is_past_knowing(w, i) &&
			    (w->truth[i].doubted_ms == 0 ||
			     w->now_ms > w->truth[i].doubted_ms + 15 * MINUTE))
				fail_msg("at %lld s interval %lld is covered with %d, the exchange "
					 "finally has %d",
					 (long long)(w->now_ms - START_MS) / 1000, (long long)i,
					 w->db[i].value, truth_final(w, i));
		}
	}
}

/* --- the producer */

static void producer_start(struct world *w)
{
	series_release(&w->s);
	series_init(&w->s, "KRW-BTC", w->iv, &exchange_upbit, START_MS, INT64_MAX);
	schedule_own(w->schedule, (struct series *[]){&w->s}, 1);
	series_take(&w->s);
	series_begin(&w->s, clock_ms(w));
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
	struct spans corrections = {0};

	if (w->n_applied < w->lookup_at)
		writer_apply(w, w->lookup_at);
	lookup_wanted(w);
	series_corrections(&w->s, &corrections);
	for (int64_t i = 0; i < SPAN_1M; i++)
		if (w->db[i].value && (!spans_contain(&w->coverage, at(w, i)) ||
				       spans_contain(&corrections, at(w, i))))
			stored_add(&rows, &(struct stored_row){at(w, i), w->db[i].revision,
							       w->db[i].fetched_ms});
	series_stored(&w->s, &rows, NULL, clock_ms(w));
	series_lookup_ended(&w->s, &w->coverage, clock_ms(w));
	stored_release(&rows);
	spans_release(&corrections);
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
	if (w->trace)
		print_message("   %lld list %d, %d\n", (long long)(w->now_ms - START_MS) / 1000,
			      listed, change);
	if (change == MARKET_DELISTED)
		assert_true(w->now_ms > w->delists_ms);
	w->list_boot_ms = w->boot_ms + (series_market_is_doubtful(&w->s) ? 15000 : 600000);
}

static int ask(struct world *w)
{
	int64_t now_ms = clock_ms(w);
	struct plan plan = {.schedule = w->schedule, .now_ms = now_ms, .boot_ms = w->boot_ms};
	struct publications out = {0};
	struct request r;
	struct page page;

	if (!compared_live(&plan, &r) && !compared_backfill(&plan, &r))
		return 0;
	w->asked++;
	/* But a page that is to show that nothing is older: the row may be a new one. */
	w->asked_old += !r.live && r.to_ms < w->now_ms - 10 * MINUTE && r.before_ms == r.to_ms;
	if (w->now_ms >= w->delists_ms || lies_now(w, LIE_NOT_FOUND)) {
		series_not_found(&w->s, now_ms, w->boot_ms);
		if (w->list_boot_ms > w->boot_ms + 15000)
			w->list_boot_ms = w->boot_ms + 15000;
		if (w->trace)
			print_message("   %lld not found\n",
				      (long long)(w->now_ms - START_MS) / 1000);
		series_market_judge(&w->s, w->boot_ms);
		return 1;
	}
	if (lies_now(w, LIE_SILENT)) {
		series_unanswered(&w->s, w->boot_ms);
		return 1;
	}
	if (lies_now(w, LIE_BROKEN)) {
		series_rejected(&w->s, &r, "nonsense", w->boot_ms);
		return 1;
	}
	page_make(w, &r, &page);
	if (w->trace)
		print_message("   %lld %s [%lld,%lld) before %lld: %zu rows, %zu bad, from %lld\n",
			      (long long)(w->now_ms - START_MS) / 1000, r.live ? "live" : "gap",
			      (long long)index_of(w, r.from_ms),
			      r.live ? 0LL : (long long)index_of(w, r.to_ms),
			      r.live ? 0LL : (long long)index_of(w, r.before_ms), page.n,
			      page.n_bad,
			      page.n ? (long long)index_of(w, page.rows[0].timestamp_ms) : -1LL);
	series_page(&w->s, &r, &page, now_ms, w->boot_ms, &out);
	publish(w, &out);
	publications_release(&out);
	page_release(&page);
	return 1;
}

static void turn(struct world *w)
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
	coverage_check(w);
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
	int64_t left = series_left(&w->s, w->now_ms);
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

static void run_world(uint64_t seed, int trace)
{
	struct world *w = xcalloc(1, sizeof *w);
	int asked_late = 0;
	int64_t end;

	world_make(w, seed);
	w->trace = trace;
	end = w->calm_ms + CALM * MINUTE;
	for (size_t k = 0; trace && k < w->n_lies; k++)
		print_message("lie %d from %lld to %lld, %u %%\n", w->lies[k].kind,
			      (long long)(w->lies[k].from_ms - START_MS) / 1000,
			      (long long)(w->lies[k].to_ms - START_MS) / 1000, w->lies[k].percent);
	producer_start(w);
	for (; w->now_ms < end; w->now_ms += 1000, w->boot_ms += 1000) {
		int before = w->asked_old;

		turn(w);
		if (w->now_ms > w->calm_ms + 15 * MINUTE)
			asked_late += w->asked_old - before;
	}
	writer_apply(w, w->n_log);
	reports_deliver(w, w->n_log);
	end_check(w, asked_late);
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
		run_world(seed + (uint64_t)i, getenv("GAPLESS_TRACE") != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(worlds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
