/* SPDX-License-Identifier: MIT */
#include "status_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text/timetext.h"

enum { BAR_MIN = 10, BAR_GOOD = 20, AGE = 4, RATE = 4, MISSING = 9, SPACES = 2, NOTE_SHARE = 4 };

/* ---- lines */

char *status_age(int64_t ms, char out[STATUS_AGE_BYTES])
{
	static const struct {
		int64_t ms;
		char unit;
	} units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
	size_t i = 0;

	if (ms < 0) {
		snprintf(out, STATUS_AGE_BYTES, "-");
		return out;
	}
	/* Two digits at least, so that it says enough: 47h is more than 1d. */
	while (i < 3 && ms < 2 * units[i].ms)
		i++;
	snprintf(out, STATUS_AGE_BYTES, "%" PRId64 "%c", ms / units[i].ms, units[i].unit);
	return out;
}

static int wider(int width, const char *text)
{
	int len = (int)strlen(text);

	return len > width ? len : width;
}

void status_layout(struct status_view *v, const struct report_series *s, size_t n)
{
	int room;

	v->symbol = (int)strlen("symbol");
	v->interval = 3;
	v->note = 0;
	for (size_t i = 0; i < n; i++) {
		v->symbol = wider(v->symbol, s[i].symbol);
		v->interval = wider(v->interval, s[i].interval);
		v->note = wider(v->note, s[i].note);
	}
	if (v->note > v->columns / NOTE_SHARE)
		v->note = v->columns / NOTE_SHARE;
	room = v->columns - v->symbol - v->interval - AGE - MISSING - AGE - RATE - 6 * SPACES;
	if (v->note > room - BAR_GOOD - SPACES)
		v->note = room - BAR_GOOD - SPACES;
	if (v->note < (int)strlen("state"))
		v->note = v->note > 0 && room >= BAR_GOOD + SPACES + 5 ? 5 : 0;
	v->bar = room - (v->note > 0 ? v->note + SPACES : 0);
	if (v->bar < BAR_MIN)
		v->bar = BAR_MIN;
	if (v->bar > REPORT_BAR_MAX)
		v->bar = REPORT_BAR_MAX;
}

static const char *colour_of(char cell)
{
	static const char cells[] = {REPORT_FULL, REPORT_QUIET, REPORT_UNOBTAINABLE, REPORT_GAP};
	static const char *const colours[] = {"\033[32m", "\033[90m", "\033[33m", "\033[31m"};
	const char *at = memchr(cells, cell, sizeof(cells));

	return at != NULL ? colours[at - cells] : "\033[0m";
}

static void bar_write(const struct status_view *v, const char *bar, struct buf *out)
{
	for (int i = 0; i < v->bar; i++) {
		if (v->colours && (i == 0 || bar[i] != bar[i - 1]))
			buf_printf(out, "%s", colour_of(bar[i]));
		buf_append(out, &bar[i], 1);
	}
	if (v->colours)
		buf_printf(out, "\033[0m");
}

void status_head(const struct status_view *v, struct buf *out)
{
	char from[TIMETEXT_BYTES], to[TIMETEXT_BYTES], span[2 * TIMETEXT_BYTES + 8];

	time_format(v->from_ms, from);
	time_format(v->to_ms, to);
	/* To minutes; to the day where that does not fit. */
	snprintf(span, sizeof(span), "%.16s .. %.16s", from, to);
	if ((int)strlen(span) > v->bar)
		snprintf(span, sizeof(span), "%.*s", v->bar, from);
	buf_printf(out, "%-*s  %-*s  %-*s  %*s  %*s  %*s  %*s%s\n", v->symbol, "symbol",
		   v->interval, "", v->bar, span, AGE, "age", MISSING, "missing", AGE, "lag", RATE,
		   "rate", v->note > 0 ? "  state" : "");
}

void status_line(const struct status_view *v, const struct report_series *s, struct buf *out)
{
	char age[STATUS_AGE_BYTES], lag[STATUS_AGE_BYTES];
	int64_t age_ms = s->newest_ms == INT64_MIN ? -1 : v->to_ms - s->newest_ms;

	if (s->newest_ms != INT64_MIN && age_ms < 0)
		age_ms = 0;
	buf_printf(out, "%-*s  %-*s  ", v->symbol, s->symbol, v->interval, s->interval);
	bar_write(v, s->bar, out);
	buf_printf(out, "  %*s  ", AGE, status_age(age_ms, age));
	if (v->colours && s->missing > 0)
		buf_printf(out, "\033[31m%*" PRId64 "\033[0m", MISSING, s->missing);
	else
		buf_printf(out, "%*" PRId64, MISSING, s->missing);
	buf_printf(out, "  %*s  %*" PRId64 "%%", AGE, status_age(s->lag_ms, lag), RATE - 1,
		   100 * s->recent / REPORT_RECENT);
	if (s->note[0] != '\0' && v->note > 0)
		buf_printf(out, "  %.*s", v->note, s->note);
	buf_append(out, "\n", 1);
}
