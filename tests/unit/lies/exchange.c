/* SPDX-License-Identifier: MIT */
#include "tests/unit/lies/world.h"

#include "common/base/alloc.h"
#include "producer/exchange/upbit_page.h"

/* 2 if it is a long one. */
int lies_now(struct world *w, enum lie_kind kind)
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
int64_t clock_ms(struct world *w)
{
	return w->now_ms - lie_ms(w, LIE_CLOCK);
}

int step_now(const struct world *w, int64_t i)
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

/* Of what is young, so that the next pages show it as it is. */
static void lie_about(const struct world *w, struct truth *t)
{
	t->doubted_ms = w->now_ms;
	t->is_untold = 1;
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
		lie_about(w, t);
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
		lie_about(w, t);
	else if (w->now_ms < at(w, i + 1) + 14 * MINUTE)
		t->is_untold = 0;
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
void page_make(struct world *w, const struct request *r, struct page *page)
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
			lie_about(w, &w->truth[i]);
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
