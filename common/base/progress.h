/* SPDX-License-Identifier: MIT */
/* How far something with a known end is: one line, for a terminal. Pure; time comes in.
 *
 *   replay [#########-----------]  45%  450/1000 messages  1200/s  0:12 left  inserted 3  corrected
 * 0 */
#ifndef GAPLESS_PROGRESS_H
#define GAPLESS_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress_counter {
	const char *name; /* "inserted" */
	int64_t value;
};

struct progress {
	const char *title;   /* "replay" */
	const char *unit;    /* of done and total: "messages" */
	int64_t done, total; /* total may grow; what exceeds it counts as all of it */
	int64_t done_before; /* done when this process began: rate and time left come from what it
				did itself */
	int64_t elapsed_ms;  /* since then */
	const struct progress_counter *counters;
	size_t n;
};

enum { PROGRESS_BYTES = 512, PROGRESS_TIME_BYTES = 32, PROGRESS_UNKNOWN = -1 };

/* 0 to 100; 100 only where all is done (also where there is nothing to do). */
int progress_percent(const struct progress *p);
/* Units a second; 0 if nothing is known yet. */
int64_t progress_rate(const struct progress *p);
/* Milliseconds to the end at the pace so far; PROGRESS_UNKNOWN where there is none yet. */
int64_t progress_left_ms(const struct progress *p);
/* "0:12", "3:05:00", "2d 03:00", "--:--" for PROGRESS_UNKNOWN. Returns out. */
char *progress_time(int64_t ms, char out[PROGRESS_TIME_BYTES]);
/* The line, at most `columns` wide: the bar shrinks first, then counters are left out, from the
 * last one on. Returns out. */
char *progress_line(const struct progress *p, size_t columns, char out[PROGRESS_BYTES]);

#endif
