/* SPDX-License-Identifier: MIT */
/* The log, on stderr: one line an event, a sentence with its keys; log_line.h shows the formats.
 * Remote text cannot forge lines, nor command a terminal. Thread-safe; a line is one write(2); a
 * closed or full stderr is ignored. */
#ifndef GAPLESS_LOG_H
#define GAPLESS_LOG_H

#include <stdint.h>

#include "common/base/log_event.h"

/* While on, a line that something else has drawn on the terminal, without a line feed, is wiped
 * before each line. */
void log_over_line(int on);

void log_open(const char *program, enum log_level least);
/* LOG_AUTO before the first call. The terminal's format has colours where stderr is a terminal that
 * has them, and the environment has no NO_COLOR (no-color.org). */
void log_shape(enum log_format format);
/* The level "debug", "info", "warn" or "error"; -1 if it is none of them. */
int log_level_of(const char *name);
/* The format "auto", "terminal", "logfmt" or "json"; -1 if it is none of them. */
int log_format_of(const char *name);
void log_emit(enum log_level level, const char *msg, const struct log_field *fields);

/* log_info("candle rejected", L_STR("symbol", s), L_INT("row", 3)); fields are optional. */
#define LOG_AT(level, msg, ...)                                                   \
	log_emit(level, msg,                                                      \
		 (const struct log_field[]){                                      \
			 {LOG_END, 0, 0, 0}, ##__VA_ARGS__, {LOG_END, 0, 0, 0}} + \
			 1)
#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__)

/* Something that repeats (a broker that is away): LOG_EVERY logs it the first time and then at most
 * once in period_ms, with the number of times left out as the last field, `suppressed`. `last_ms`
 * and `skipped` start at 0. Not thread-safe: one owner. */
struct log_throttle {
	int64_t last_ms;
	int64_t skipped;
};
#define LOG_EVERY(throttle, now_ms, period_ms, level, msg, ...)                              \
	do {                                                                                 \
		int64_t suppressed_;                                                         \
		if (log_due(throttle, now_ms, period_ms, &suppressed_))                      \
			LOG_AT(level, msg, ##__VA_ARGS__, L_INT("suppressed", suppressed_)); \
	} while (0)
/* 1 if the event is to be logged now; *skipped gets how many were left out since the last one.
 */
int log_due(struct log_throttle *t, int64_t now_ms, int64_t period_ms, int64_t *skipped);

#endif
