/* SPDX-License-Identifier: MIT */
/* Rows as the JSON that Upbit writes: one line, no spaces, its order of names. */
#ifndef EXCHANGE_PAGE_H
#define EXCHANGE_PAGE_H

#include "series.h"

struct text;

/* name: what the rows say their market is (a fault may lie); now_ms: for the day before the last
 * row. */
void page_render(struct text *out, struct world *w, const char *name, const struct row *rows,
		 size_t n, int64_t now_ms);
/* The body of /v1/market/all. */
void page_render_markets(struct text *out, const struct market *const *markets, size_t n,
			 bool details);
/* One line of the truth: symbol, interval, start, four prices, two amounts, revision; tabs between;
 * exponents written out. */
void page_render_truth(struct text *out, const struct row *row);

#endif
