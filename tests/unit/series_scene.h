/* SPDX-License-Identifier: MIT */
/* A series in a test. Pages are written as a picture: one character an interval from 10:00 on, a
 * letter for a candle, a dot for an interval without trades, a question mark for a row that is not
 * a candle. A revision is the start of its interval and 1 ms; behind a letter, "F-5", and that
 * much.
 */
#ifndef GAPLESS_SERIES_SCENE_H
#define GAPLESS_SERIES_SCENE_H

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

#define T0    1700042400000 /* 2023-11-15T10:00:00Z */
#define MIN   60000
#define NO_TO INT64_MAX

static inline const struct interval *m1(void)
{
	return interval_by_name("1m");
}

static inline int64_t clock_at(int minute, int second)
{
	return T0 + (int64_t)minute * MIN + second * 1000;
}

static inline void candle_of(char letter, int64_t start_ms, int revision, struct candle *c)
{
	snprintf(c->symbol, sizeof c->symbol, "KRW-BTC");
	c->interval = m1();
	c->timestamp_ms = start_ms;
	c->revision = start_ms + revision;
	snprintf(c->close, sizeof c->close, "%d", letter);
	snprintf(c->open, sizeof c->open, "1");
	snprintf(c->high, sizeof c->high, "1");
	snprintf(c->low, sizeof c->low, "1");
	snprintf(c->volume, sizeof c->volume, "1");
	snprintf(c->quote_volume, sizeof c->quote_volume, "1");
}

static inline void page_of(const char *picture, struct page *page)
{
	const struct err cause = {.class = ERR_INPUT, .text = "Row 1 is nonsense."};
	int64_t start_ms = T0;

	*page = (struct page){.rows = xcalloc(strlen(picture) + 1, sizeof *page->rows)};
	for (const char *at = picture; *at; start_ms += MIN) {
		char letter = *at++, *end;
		long revision = *at == '+' || *at == '-' ? strtol(at, &end, 10) : 1;

		if (*at == '+' || *at == '-')
			at = end;
		if (letter == '?') {
			page_row_bad(page, &cause);
			spans_add(&page->holes, start_ms, start_ms + MIN);
		} else if (letter != '.') {
			candle_of(letter, start_ms, (int)revision, &page->rows[page->n++]);
		}
	}
}

static inline void looked(struct series *s, int from_minute, int to_minute, int64_t now_ms,
			  int64_t missing)
{
	struct spans covered = {0};

	spans_add(&covered, clock_at(from_minute, 0), clock_at(to_minute, 0));
	series_lookup_began(s);
	assert_int_equal(series_lookup_ended(s, &covered, now_ms), missing);
	spans_release(&covered);
}

static inline struct request asked(struct series *s, int64_t from_ms, int64_t to_ms)
{
	return (struct request){.series = s,
				.live = to_ms == NO_TO,
				.from_ms = from_ms,
				.to_ms = to_ms,
				.before_ms = to_ms};
}

/* "A[0,1) E[2,5) F[] G+5[]": minutes from 10:00, and revisions that are not as in the picture
 * above.
 */
static inline const char *publications_text(const struct publications *out, char text[512])
{
	size_t at = 0;

	text[0] = 0;
	for (size_t i = 0; i < out->n; i++) {
		const struct publication *p = &out->v[i];
		int revision = (int)(p->candle.revision - p->candle.timestamp_ms);

		at += (size_t)snprintf(text + at, 512 - at, "%s%c", i ? " " : "",
				       atoi(p->candle.close));
		if (revision != 1)
			at += (size_t)snprintf(text + at, 512 - at, "%+d", revision);
		if (p->covers_from_ms == p->covers_to_ms)
			at += (size_t)snprintf(text + at, 512 - at, "[]");
		else
			at += (size_t)snprintf(text + at, 512 - at, "[%d,%d)",
					       (int)((p->covers_from_ms - T0) / MIN),
					       (int)((p->covers_to_ms - T0) / MIN));
		assert_true(at < 512);
	}
	return text;
}

/* The publications of a page. */
static inline void page_gives(struct series *s, const char *picture, int64_t to_ms, int64_t read_ms,
			      int64_t boot_ms, const char *expected)
{
	struct request r = asked(s, T0, to_ms);
	struct publications out = {0};
	struct page page;
	char text[512];

	page_of(picture, &page);
	series_page(s, &r, &page, read_ms, boot_ms, &out);
	assert_string_equal(publications_text(&out, text), expected);
	publications_release(&out);
	page_release(&page);
}

static inline void begin(struct series *s, int64_t since_ms, int64_t now_ms)
{
	series_init(s, "KRW-BTC", m1(), &exchange_upbit, since_ms, INT64_MAX);
	series_begin(s, now_ms, 0);
}

/* What the next backfill request would be: the claim, and where the page begins. */
static inline void asks(struct series *s, int64_t now_ms, int64_t boot_ms, int from, int to,
			int before)
{
	struct spans none = {0};
	struct request r;

	if (!series_backfill_request(s, &none, now_ms, boot_ms, &r)) {
		assert_int_equal(from, to); /* nothing was expected */
		return;
	}
	assert_int_equal((r.from_ms - T0) / MIN, from);
	assert_int_equal((r.to_ms - T0) / MIN, to);
	assert_int_equal((r.before_ms - T0) / MIN, before);
}

/* ... and the page that answers it. */
static inline void answered(struct series *s, const char *picture, int64_t now_ms, int64_t boot_ms,
			    const char *expected)
{
	struct publications out = {0};
	struct spans none = {0};
	struct request r;
	struct page page;
	char text[512];

	assert_true(series_backfill_request(s, &none, now_ms, boot_ms, &r));
	page_of(picture, &page);
	while (page.n > 0 && page.rows[page.n - 1].timestamp_ms >= r.before_ms)
		page.n--;
	series_page(s, &r, &page, now_ms, boot_ms, &out);
	assert_string_equal(publications_text(&out, text), expected);
	publications_release(&out);
	page_release(&page);
}

#endif
