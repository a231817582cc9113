/* SPDX-License-Identifier: MIT */
/* What is said in the log: levels, formats, and the fields of an event. */
#ifndef GAPLESS_LOG_EVENT_H
#define GAPLESS_LOG_EVENT_H

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_format {
	LOG_AUTO, /* the next one where stderr is a terminal, logfmt elsewhere */
	LOG_TERMINAL,
	LOG_LOGFMT,
	LOG_JSON
};

enum log_type { LOG_END, LOG_STR, LOG_INT, LOG_TIME };

struct log_field {
	enum log_type type;
	const char *key;
	const char *text;
	int64_t number;
};

/* Fields of an event. L_TIME prints epoch milliseconds as UTC text. */
#define L_STR(key, value)              \
	{                              \
		LOG_STR, key, value, 0 \
	}
#define L_INT(key, value)                         \
	{                                         \
		LOG_INT, key, 0, (int64_t)(value) \
	}
#define L_TIME(key, ms)                         \
	{                                       \
		LOG_TIME, key, 0, (int64_t)(ms) \
	}

#endif
