/* SPDX-License-Identifier: MIT */
#include "common/base/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BAR_MAX = 30, BAR_MIN = 6, DAY_S = 86400 };

int progress_percent(const struct progress *p)
{
	int64_t done = p->done > 0 ? p->done : 0;

	if (p->total <= 0 || done >= p->total)
		return 100;
	return (int)((double)done * 100 / (double)p->total);
}

int64_t progress_rate(const struct progress *p)
{
	int64_t own = p->done - p->done_before;

	if (own <= 0 || p->elapsed_ms <= 0)
		return 0;
	return (int64_t)((double)own * 1000 / (double)p->elapsed_ms);
}

int64_t progress_left_ms(const struct progress *p)
{
	int64_t own = p->done - p->done_before, left = p->total - p->done;
	double ms;

	if (left <= 0)
		return 0;
	if (own <= 0 || p->elapsed_ms <= 0)
		return PROGRESS_UNKNOWN;
	ms = (double)left * (double)p->elapsed_ms / (double)own;
	return ms < 1e15 ? (int64_t)ms : PROGRESS_UNKNOWN;
}

char *progress_time(int64_t ms, char out[PROGRESS_TIME_BYTES])
{
	int64_t s = ms / 1000;

	if (ms < 0)
		snprintf(out, PROGRESS_TIME_BYTES, "--:--");
	else if (s < 3600)
		snprintf(out, PROGRESS_TIME_BYTES, "%d:%02d", (int)(s / 60), (int)(s % 60));
	else if (s < DAY_S)
		snprintf(out, PROGRESS_TIME_BYTES, "%d:%02d:%02d", (int)(s / 3600),
			 (int)(s / 60 % 60), (int)(s % 60));
	else
		snprintf(out, PROGRESS_TIME_BYTES, "%" PRId64 "d %02d:%02d", s / DAY_S,
			 (int)(s / 3600 % 24), (int)(s / 60 % 60));
	return out;
}

static void draw_bar(char *out, size_t width, const struct progress *p)
{
	size_t filled = p->total <= 0 || p->done >= p->total
				? width
				: (size_t)((double)(p->done > 0 ? p->done : 0) / (double)p->total *
					   (double)width);

	memset(out, '#', filled);
	memset(out + filled, '-', width - filled);
	out[width] = 0;
}

/* All behind the bar but the counters. */
static void draw_numbers(char *out, size_t cap, const struct progress *p)
{
	char left[PROGRESS_TIME_BYTES];

	snprintf(out, cap, "%3d%%  %" PRId64 "/%" PRId64 " %s  %" PRId64 "/s  %s left",
		 progress_percent(p), p->done, p->total, p->unit, progress_rate(p),
		 progress_time(progress_left_ms(p), left));
}

/* Whole parts only: half a number is another number. */
static void cut(char *line, size_t columns)
{
	while (strlen(line) > columns) {
		char *last = line;

		for (char *at = line; (at = strstr(at, "  ")) != NULL; at += 2)
			last = at;
		if (last == line)
			last = line + columns;
		*last = 0;
	}
}

char *progress_line(const struct progress *p, size_t columns, char out[PROGRESS_BYTES])
{
	char numbers[160], counters[PROGRESS_BYTES / 2] = "", bar[BAR_MAX + 1];
	size_t used, room, width = BAR_MIN, n = 0;

	if (columns > PROGRESS_BYTES - 1)
		columns = PROGRESS_BYTES - 1;
	draw_numbers(numbers, sizeof(numbers), p);
	used = strlen(p->title) + strlen(" [") + strlen("] ") + strlen(numbers);
	for (size_t i = 0; i < p->n; i++) {
		int len = snprintf(counters + n, sizeof(counters) - n, "  %s %" PRId64,
				   p->counters[i].name, p->counters[i].value);

		if (used + BAR_MIN + n + (size_t)len > columns ||
		    n + (size_t)len >= sizeof(counters)) {
			counters[n] = 0;
			break;
		}
		n += (size_t)len;
	}
	used += n;
	room = columns > used ? columns - used : 0;
	if (room >= BAR_MIN)
		width = room < BAR_MAX ? room : BAR_MAX;
	draw_bar(bar, width, p);
	if (room < BAR_MIN)
		snprintf(out, PROGRESS_BYTES, "%s %s", p->title, numbers);
	else
		snprintf(out, PROGRESS_BYTES, "%s [%s] %s%s", p->title, bar, numbers, counters);
	cut(out, columns);
	return out;
}
