/* SPDX-License-Identifier: MIT */
/* One event of the log as one line of bytes, in one of three formats:
 *
 *   logfmt    ts=2026-01-02T03:04:05.678Z level=warn program=gapless-writer msg="..." key=value
 *   JSON      {"ts":"2026-01-02T03:04:05.678Z","level":"warn","program":"...","msg":"...","key":1}
 *   terminal  03:04:05.678Z warn   writer: sentence  key=value
 *
 * Text may come from anywhere (an exchange, a message, a server): what breaks a line, and what a
 * terminal obeys, is escaped in each of them, and what is no UTF-8 as well. A value is cut at 400
 * bytes; fields that no longer fit into a line are left out, and it ends with cut=1. Pure. */
#ifndef GAPLESS_LOG_LINE_H
#define GAPLESS_LOG_LINE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/log_event.h"

/* What a pipe takes as a whole. */
enum { LOG_LINE_BYTES = PIPE_BUF };

struct log_style {
	enum log_format format; /* not LOG_AUTO */
	int colours;            /* of the terminal's */
	int over_line;          /* wipes the terminal's line first */
};

struct log_line {
	const struct log_style *style;
	size_t len;
	int cut; /* something was left out */
	char text[LOG_LINE_BYTES];
};

struct log_event {
	int64_t wall_ms;
	enum log_level level;
	const char *program, *msg;
	const struct log_field *fields; /* ends with LOG_END; NULL: none */
};

/* All but the end, until which the style stays. */
void log_line_begin(struct log_line *l, const struct log_style *style, const struct log_event *e);
/* The end, for which there is always room; lost: lines that could not be written before. */
void log_line_end(struct log_line *l, int64_t lost);

#endif
