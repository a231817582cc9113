/* SPDX-License-Identifier: MIT */
/* A line is built on the stack and leaves in one write(2) of at most PIPE_BUF bytes, which a pipe
 * takes as a whole: lines of threads, and of processes that share a pipe, do not mix, and no lock
 * is needed. Fields that no longer fit are left out, and the line ends with cut=1. A reader that
 * does not read (a full pipe, a stopped terminal) costs one pause and then lines, whose number the
 * next line tells; it never stops the program. */
#include "common/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/text/timetext.h"
#include "common/text/utf8.h"

enum { VALUE_BYTES = 400, LINE_BYTES = PIPE_BUF, END_BYTES = 48, STUCK_MS = 500 };

/* Years 0001 to 9999: what timetext.h can write. */
static const int64_t oldest_ms = INT64_C(-62135596800000), youngest_ms = INT64_C(253402300799999);

static const char *program_name = "gapless";
static atomic_int least_level = LOG_INFO;
static atomic_int over_line;    /* a line is drawn on the terminal: it is wiped first */
static atomic_llong lost_lines; /* since the last line that was written */

struct line {
	size_t len;
	int cut;
	char text[LINE_BYTES];
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_open(const char *program, enum log_level least)
{
	int fd;

	/* Where 0, 1 or 2 is closed, the next socket would get that number, and log lines with it.
	 */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	program_name = program;
	atomic_store(&least_level, (int)least);
}

void log_over_line(int on)
{
	atomic_store(&over_line, on);
}

int log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

/* ---- text that may come from anywhere ---- */

/* Writes one character of s, escaped where needed, to out (4 bytes or fewer); returns what it used
 * of s. */
static size_t escape(const unsigned char *s, size_t n, char out[5], size_t *out_len)
{
	static const char hex[] = "0123456789abcdef";
	static const char special[] = "\n\r\t\"\\", letters[] = "nrt\"\\";
	const char *found = s[0] ? strchr(special, s[0]) : NULL;
	size_t used = utf8_visible((const char *)s, n);

	if (found) {
		out[0] = '\\';
		out[1] = letters[found - special];
		*out_len = 2;
		return 1;
	}
	if (used) {
		memcpy(out, s, used);
		*out_len = used;
		return used;
	}
	memcpy(out, (char[]){'\\', 'x', hex[s[0] >> 4], hex[s[0] & 15]}, 4);
	*out_len = 4;
	return 1;
}

static int needs_quotes(const char *text)
{
	size_t n = strnlen(text, VALUE_BYTES + 1);

	if (n == 0 || n > VALUE_BYTES)
		return 1;
	for (size_t i = 0, step; i < n; i += step) {
		step = utf8_visible(text + i, n - i);
		if (step == 0 || strchr(" =\"\\", text[i]))
			return 1;
	}
	return 0;
}

/* ---- the line ---- */

/* Appends all of it or nothing; room for the end of the line always stays. */
static int put(struct line *l, const char *text, size_t n)
{
	if (l->cut || n > sizeof(l->text) - END_BYTES - l->len) {
		l->cut = 1;
		return -1;
	}
	memcpy(l->text + l->len, text, n);
	l->len += n;
	return 0;
}

static void put_value(struct line *l, const char *text, int quotes)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = strnlen(text, VALUE_BYTES + 1), used, out_len;
	char out[5];

	if (!quotes) {
		put(l, text, n);
		return;
	}
	put(l, "\"", 1);
	for (size_t i = 0; i < n; i += used) {
		used = escape(s + i, strnlen((const char *)s + i, 4), out, &out_len);
		if (i + used > VALUE_BYTES) {
			put(l, "...", 3);
			break;
		}
		put(l, out, out_len);
	}
	put(l, "\"", 1);
}

static void put_field(struct line *l, const struct log_field *f)
{
	char number[TIMETEXT_BYTES + 24];
	size_t before = l->len;

	put(l, " ", 1);
	put(l, f->key, strlen(f->key));
	put(l, "=", 1);
	if (f->type == LOG_STR) {
		const char *text = f->text ? f->text : "";

		put_value(l, text, needs_quotes(text));
	} else if (f->type == LOG_TIME && f->number >= oldest_ms && f->number <= youngest_ms) {
		if (f->number % 1000)
			time_format_ms(f->number, number);
		else
			time_format(f->number, number);
		put(l, number, strlen(number));
	} else if (f->type == LOG_TIME && f->number == INT64_MIN) {
		put(l, "none", 4);
	} else {
		put(l, number, (size_t)snprintf(number, sizeof(number), "%" PRId64, f->number));
	}
	if (l->cut)
		l->len = before; /* no half field */
}

static void put_end(struct line *l, int64_t lost)
{
	char *at = l->text + l->len, *end = l->text + sizeof(l->text);

	if (l->cut)
		at = stpcpy(at, " cut=1");
	if (lost)
		at += snprintf(at, (size_t)(end - at), " lost_lines=%" PRId64, lost);
	*at++ = '\n';
	l->len = (size_t)(at - l->text);
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
	struct line l = {.len = 0, .cut = 0};
	char now[TIMETEXT_BYTES];
	int saved = errno;
	int64_t lost;

	if ((int)level < atomic_load(&least_level))
		return;
	time_format_ms(clock_wall_ms(), now);
	l.len = (size_t)snprintf(l.text, sizeof(l.text) / 2, "%sts=%s level=%s program=%.100s msg=",
				 atomic_load(&over_line) ? "\r\033[K" : "", now, level_names[level],
				 program_name);
	put_value(&l, msg, 1);
	for (; fields && fields->type != LOG_END && !l.cut; fields++)
		put_field(&l, fields);

	if (stderr_ready(atomic_load(&lost_lines))) {
		lost = atomic_exchange(&lost_lines, 0);
		put_end(&l, lost);
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
