/* SPDX-License-Identifier: MIT */
/* A progress line on stderr: drawn in place where that is a terminal, else a line in the log every
 * few seconds. */
#ifndef GAPLESS_PROGRESS_SHOW_H
#define GAPLESS_PROGRESS_SHOW_H

#include "common/base/progress.h"

struct progress_show {
	int terminal;
	int64_t due_ms; /* the next one, by clock_boot_ms() */
};

/* From now on log lines wipe the line that is drawn: on a terminal only. */
void progress_show_begin(struct progress_show *s);
/* Draws or logs where it is due; call it as often as you like. */
void progress_show(struct progress_show *s, const struct progress *p, int64_t now_ms);
/* The last state, whatever is due, and an end of the line. */
void progress_show_end(struct progress_show *s, const struct progress *p);

#endif
