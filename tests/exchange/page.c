/* SPDX-License-Identifier: MIT */
#include "page.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KST_MS (9 * 3600000LL)

static void pair(struct text *out, const char *name, const char *token)
{
	text_put(out, name);
	text_put(out, token);
}

/* A price token in 1e-8; digits beyond are cut off. */
static wide price_units(const char *token)
{
	char plain[DECIMAL_SIZE * 2];
	wide units = 0;
	int after = -1;

	if (decimal_plain(plain, sizeof(plain), token) != 0)
		return 0;
	for (const char *s = plain; *s != '\0' && after < 8 && units < WIDE_1E8 * WIDE_1E12; s++) {
		if (*s == '.')
			after = 0;
		else if (*s >= '0' && *s <= '9') {
			units = units * 10 + (*s - '0');
			after += after >= 0;
		}
	}
	for (after = after < 0 ? 0 : after; after < 8; after++)
		units *= 10;
	return units;
}

/* The close of the day before: of the next row, or asked for; a first day is compared with its own
 * opening.
 */
static wide close_before(struct world *w, const struct row *rows, size_t i, size_t n,
			 int64_t now_ms)
{
	struct row *before = room_new(1, sizeof(*before));
	wide units;

	if (i + 1 < n)
		units = price_units(rows[i + 1].close);
	else if (series_page(w, market_find(&w->markets, rows[i].market->name), INTERVAL_1D,
			     rows[i].start_ms, 1, now_ms, before) == 1)
		units = price_units(before->close);
	else
		units = price_units(rows[i].open);
	free(before);
	return units;
}

static void render_day(struct text *out, struct world *w, const struct row *rows, size_t i,
		       size_t n, int64_t now_ms)
{
	wide before = close_before(w, rows, i, n, now_ms),
	     change = price_units(rows[i].close) - before;
	char token[DECIMAL_SIZE];

	decimal_format(token, before, PRICE_DECIMALS);
	pair(out, ",\"prev_closing_price\":", token);
	decimal_format(token, change, PRICE_DECIMALS);
	pair(out, ",\"change_price\":", token);
	decimal_format(token, before == 0 ? 0 : change * WIDE_1E12 / before, 12);
	pair(out, ",\"change_rate\":", token);
}

void page_render(struct text *out, struct world *w, const char *name, const struct row *rows,
		 size_t n, int64_t now_ms)
{
	char at[UTC_TEXT];

	text_put(out, "[");
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];

		pair(out, i == 0 ? "{\"market\":\"" : ",{\"market\":\"", name);
		utc_format(at, r->start_ms, 'T', r->start_ms % 1000 != 0);
		pair(out, "\",\"candle_date_time_utc\":\"", at);
		utc_format(at, r->start_ms + KST_MS, 'T', false);
		pair(out, "\",\"candle_date_time_kst\":\"", at);
		pair(out, "\",\"opening_price\":", r->open);
		pair(out, ",\"high_price\":", r->high);
		pair(out, ",\"low_price\":", r->low);
		pair(out, ",\"trade_price\":", r->close);
		pair(out, ",\"timestamp\":", r->revision);
		pair(out, ",\"candle_acc_trade_price\":", r->quote);
		pair(out, ",\"candle_acc_trade_volume\":", r->volume);
		if (interval_unit(r->interval) != 0) {
			text_printf(out, ",\"unit\":%u", interval_unit(r->interval));
		} else if (r->interval == INTERVAL_1D) {
			render_day(out, w, rows, i, n, now_ms);
		} else if (r->interval != INTERVAL_1S) {
			utc_format(at, r->start_ms, '\0', false);
			pair(out, ",\"first_day_of_period\":\"", at);
			text_put(out, "\"");
		}
		text_put(out, "}");
	}
	text_put(out, "]");
}

void page_render_markets(struct text *out, const struct market *const *markets, size_t n,
			 bool details)
{
	static const char calm[] =
		",\"market_event\":{\"warning\":false,\"caution\":{\"PRICE_FLUCTUATIONS\":false,"
		"\"TRADING_VOLUME_SOARING\":false,\"DEPOSIT_AMOUNT_SOARING\":false,"
		"\"GLOBAL_PRICE_DIFFERENCES\":false,\"CONCENTRATION_OF_SMALL_ACCOUNTS\":false}}";
	const char *between = "";

	text_put(out, "[");
	for (size_t i = 0; i < n; i++) {
		const struct market *m = markets[i];

		text_printf(out,
			    "%s{\"market\":\"%s\",\"korean_name\":\"%s\",\"english_name\":\"%s\"",
			    between, m->name, m->korean, m->english);
		if (details)
			text_put(out, calm);
		text_put(out, "}");
		between = ",";
	}
	text_put(out, "]");
}

void page_render_truth(struct text *out, const struct row *row)
{
	const char *const tokens[] = {row->open,  row->high,   row->low,
				      row->close, row->volume, row->quote};
	char plain[512], at[UTC_TEXT];

	utc_format(at, row->start_ms, ' ', false);
	text_printf(out, "%s\t%s\t%s+00", row->market->name, interval_name(row->interval), at);
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		text_put(out, "\t");
		text_put(out,
			 decimal_plain(plain, sizeof(plain), tokens[i]) == 0 ? plain : tokens[i]);
	}
	text_printf(out, "\t%s\n", row->revision);
}
