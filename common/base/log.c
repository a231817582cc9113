/* SPDX-License-Identifier: MIT */
/* A line is built on the stack and leaves in one write(2) of at most PIPE_BUF bytes, which a pipe
 * takes as a whole: lines of threads, and of processes that share a pipe, do not mix, and no lock
 * is needed. A reader that does not read (a full pipe, a stopped terminal) costs one pause and then
 * lines, whose number the next line tells; it never stops the program. */
#include "common/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log_line.h"

enum { STUCK_MS = 500 };

static const char *program_name = "gapless";
static atomic_int least_level = LOG_INFO;
static atomic_int shape = LOG_AUTO, colours_wanted;
static atomic_int over_line;    /* a line is drawn on the terminal: it is wiped first */
static atomic_llong lost_lines; /* since the last line that was written */

void log_open(const char *program, enum log_level least)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	int fd;

	/* Where 0, 1 or 2 is closed, the next socket would get that number, and log lines with it.
	 */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	program_name = program;
	atomic_store(&colours_wanted, (no_colour == NULL || *no_colour == '\0') && term != NULL &&
					      strcmp(term, "dumb") != 0);
	atomic_store(&least_level, (int)least);
}

void log_over_line(int on)
{
	atomic_store(&over_line, on);
}

void log_shape(enum log_format format)
{
	atomic_store(&shape, (int)format);
}

static int place_of(const char *name, const char *const *names, int n)
{
	int i = 0;

	while (i < n && strcmp(name, names[i]) != 0)
		i++;
	return i < n ? i : -1;
}

int log_level_of(const char *name)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};

	return place_of(name, names, 4);
}

int log_format_of(const char *name)
{
	static const char *const names[] = {"auto", "terminal", "logfmt", "json"};

	return place_of(name, names, 4);
}

static struct log_style style_now(void)
{
	struct log_style style = {.format = (enum log_format)atomic_load(&shape),
				  .over_line = atomic_load(&over_line)};
	int terminal = isatty(STDERR_FILENO);

	if (style.format == LOG_AUTO)
		style.format = terminal ? LOG_TERMINAL : LOG_LOGFMT;
	style.colours = terminal && atomic_load(&colours_wanted);
	return style;
}

/* Waits a moment for room, but not again and again where the last line found none. */
static int stderr_ready(int64_t lost)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
	int n;

	while ((n = poll(&p, 1, lost ? 0 : STUCK_MS)) < 0 && errno == EINTR)
		;
	return n != 0;
}

void log_emit(enum log_level level, const char *msg, const struct log_field *fields)
{
	struct log_style style;
	struct log_line l;
	int saved = errno;

	if ((int)level < atomic_load(&least_level))
		return;
	style = style_now();
	log_line_begin(&l, &style,
		       &(struct log_event){.wall_ms = clock_wall_ms(),
					   .level = level,
					   .program = program_name,
					   .msg = msg,
					   .fields = fields});
	if (stderr_ready(atomic_load(&lost_lines))) {
		log_line_end(&l, atomic_exchange(&lost_lines, 0));
		while (write(STDERR_FILENO, l.text, l.len) < 0 && errno == EINTR)
			;
	} else {
		atomic_fetch_add(&lost_lines, 1);
	}
	errno = saved;
}

int log_due(struct log_throttle *t, int64_t now_ms, int64_t period_ms, int64_t *skipped)
{
	if (t->last_ms != 0 && now_ms - t->last_ms < period_ms) {
		t->skipped++;
		return 0;
	}
	*skipped = t->skipped;
	t->skipped = 0;
	t->last_ms = now_ms ? now_ms : 1;
	return 1;
}
