/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>

static int put_text(struct buf *out, const char *text)
{
	int failed = buf_append(out, "\"", 1);

	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			failed |= buf_append(out, "\\", 1);
		failed |= buf_append(out, *c >= ' ' && *c <= '~' ? c : "?", 1);
	}
	return failed | buf_append(out, "\"", 1);
}

int json_put_error(struct buf *out, const char *sentence)
{
	if (buf_printf(out, "{\"error\":") != 0 || put_text(out, sentence) != 0)
		return -1;
	return buf_printf(out, "}\n");
}

static int put_series(struct buf *out, const struct report_series *s, int cells)
{
	if (buf_printf(out, "{\"symbol\":") != 0 || put_text(out, s->symbol) != 0 ||
	    buf_printf(out, ",\"interval\":") != 0 || put_text(out, s->interval) != 0 ||
	    buf_printf(out, ",\"note\":") != 0 || put_text(out, s->note) != 0)
		return -1;
	if (s->newest_ms == INT64_MIN ? buf_printf(out, ",\"newest\":null")
				      : buf_printf(out, ",\"newest\":%" PRId64, s->newest_ms))
		return -1;
	return buf_printf(out,
			  ",\"lag_ms\":%" PRId64 ",\"gaps\":%" PRId64 ",\"missing\":%" PRId64
			  ",\"unobtainable\":%" PRId64 ",\"bar\":\"%.*s\"}",
			  s->lag_ms, s->gaps, s->missing, s->unobtainable, cells, s->bar);
}

int json_put_report(struct buf *out, const struct report *r, size_t left_out, int64_t took_ms)
{
	if (buf_printf(out,
		       "{\"from\":%" PRId64 ",\"to\":%" PRId64 ",\"cells\":%d,\"gaps\":%" PRId64
		       ",\"missing\":%" PRId64 ",\"unobtainable\":%" PRId64
		       ",\"left_out\":%zu,\"took_ms\":%" PRId64 ",\"series\":[",
		       r->span.from, r->span.to, r->cells, r->gaps, r->missing, r->unobtainable,
		       left_out, took_ms) != 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if ((i > 0 && buf_append(out, ",", 1) != 0) ||
		    put_series(out, &r->series[i], r->cells) != 0)
			return -1;
	return buf_printf(out, "]}\n");
}
