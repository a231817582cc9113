/* SPDX-License-Identifier: MIT */
#include "common/base/progress_show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/log.h"

enum { DRAW_MS = 200, LOG_MS = 5000, COLUMNS = 80, COUNTERS_MAX = 16 };

static size_t columns_now(void)
{
	struct winsize size = {0};

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return COLUMNS;
	return size.ws_col;
}

/* One column stays free: a cursor behind the last one wraps on some terminals. */
static void draw(const struct progress *p, int last)
{
	char line[PROGRESS_BYTES], text[PROGRESS_BYTES + 16];
	int len = snprintf(text, sizeof(text), "\r%s\033[K%s",
			   progress_line(p, columns_now() - 1, line), last ? "\n" : "");

	while (write(STDERR_FILENO, text, (size_t)len) < 0 && errno == EINTR)
		;
}

static void say(const struct progress *p)
{
	struct log_field fields[COUNTERS_MAX + 6];
	char left[PROGRESS_TIME_BYTES];
	size_t n = 0;

	fields[n++] = (struct log_field)L_INT("done", p->done);
	fields[n++] = (struct log_field)L_INT("total", p->total);
	fields[n++] = (struct log_field)L_INT("percent", progress_percent(p));
	fields[n++] = (struct log_field)L_INT("per_second", progress_rate(p));
	fields[n++] = (struct log_field)L_STR("left", progress_time(progress_left_ms(p), left));
	for (size_t i = 0; i < p->n && i < COUNTERS_MAX; i++)
		fields[n++] = (struct log_field)L_INT(p->counters[i].name, p->counters[i].value);
	fields[n] = (struct log_field){.type = LOG_END};
	log_emit(LOG_INFO, p->title, fields);
}

void progress_show_begin(struct progress_show *s)
{
	const char *term = getenv("TERM");

	s->terminal = isatty(STDERR_FILENO) && !(term != NULL && strcmp(term, "dumb") == 0);
	s->due_ms = 0;
	log_over_line(s->terminal);
}

void progress_show(struct progress_show *s, const struct progress *p, int64_t now_ms)
{
	if (now_ms < s->due_ms)
		return;
	s->due_ms = now_ms + (s->terminal ? DRAW_MS : LOG_MS);
	if (s->terminal)
		draw(p, 0);
	else
		say(p);
}

void progress_show_end(struct progress_show *s, const struct progress *p)
{
	if (s->terminal)
		draw(p, 1);
	else
		say(p);
	log_over_line(0);
}
