/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>

static void put_text(struct buf *out, const char *text)
{
	buf_append(out, "\"", 1);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			buf_append(out, "\\", 1);
		buf_append(out, *c >= ' ' && *c <= '~' ? c : "?", 1);
	}
	buf_append(out, "\"", 1);
}

int json_put_error(struct buf *out, const char *sentence)
{
	buf_printf(out, "{\"error\":");
	put_text(out, sentence);
	return buf_printf(out, "}\n");
}

static void put_series(struct buf *out, const struct report_series *s, int cells)
{
	buf_printf(out, "{\"symbol\":");
	put_text(out, s->symbol);
	buf_printf(out, ",\"interval\":");
	put_text(out, s->interval);
	buf_printf(out, ",\"note\":");
	put_text(out, s->note);
	if (s->newest_ms == INT64_MIN)
		buf_printf(out, ",\"newest\":null");
	else
		buf_printf(out, ",\"newest\":%" PRId64, s->newest_ms);
	buf_printf(out,
		   ",\"lag_ms\":%" PRId64 ",\"gaps\":%" PRId64 ",\"missing\":%" PRId64
		   ",\"unobtainable\":%" PRId64 ",\"bar\":\"%.*s\"}",
		   s->lag_ms, s->gaps, s->missing, s->unobtainable, cells, s->bar);
}

int json_put_report(struct buf *out, const struct report *r, size_t left_out, int64_t took_ms)
{
	buf_printf(out,
		   "{\"from\":%" PRId64 ",\"to\":%" PRId64 ",\"cells\":%d,\"gaps\":%" PRId64
		   ",\"missing\":%" PRId64 ",\"unobtainable\":%" PRId64
		   ",\"left_out\":%zu,\"took_ms\":%" PRId64 ",\"series\":[",
		   r->span.from, r->span.to, r->cells, r->gaps, r->missing, r->unobtainable,
		   left_out, took_ms);
	for (size_t i = 0; i < r->n; i++) {
		if (i > 0)
			buf_append(out, ",", 1);
		put_series(out, &r->series[i], r->cells);
	}
	return buf_printf(out, "]}\n");
}
