/* SPDX-License-Identifier: MIT */
#include "tests/unit/lies/world.h"

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

void publish(struct world *w, const struct publications *out)
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
		trace(w, "publish %d=%s rev %lld [%d,%d)%s",
		      (int)index_of(w, m->pub.candle.timestamp_ms), m->pub.candle.close,
		      (long long)(m->pub.candle.revision - m->pub.candle.timestamp_ms),
		      (int)index_of(w, m->pub.covers_from_ms),
		      (int)index_of(w, m->pub.covers_to_ms), m->lost ? ", lost" : "");
		w->n_log++;
	}
}

void writer_apply(struct world *w, size_t upto)
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

void reports_deliver(struct world *w, size_t upto)
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

void stored_read(const struct world *w, struct stored *rows, struct spans *told)
{
	struct spans asked = {0};
	size_t n = w->coverage.n;

	series_corrections(&w->s, &asked);
	if (!w->s.looked_up && n > 0) /* and what is doubted by one who begins (late.h) */
		spans_add(&asked, w->coverage.v[n - 1].to - series_young_ms(&w->s), INT64_MAX);
	spans_clear(told);
	spans_add(told, INT64_MIN, INT64_MAX);
	spans_subtract(told, &w->coverage);
	spans_union(told, &asked);
	for (int64_t i = 0; i < SPAN_1M; i++)
		if (w->db[i].value && spans_contain(told, at(w, i)))
			stored_add(rows, &(struct stored_row){at(w, i), w->db[i].revision,
							      w->db[i].fetched_ms});
	spans_release(&asked);
}
