/* SPDX-License-Identifier: MIT */
/* The writer's settings. */
#ifndef GAPLESS_WRITER_OPTIONS_H
#define GAPLESS_WRITER_OPTIONS_H

#include "common/settings/program.h"
#include "common/settings/settings.h"

struct options {
	const char *brokers, *topic, *group, *group_instance_id;
	const char *database, *source, *http;
	int64_t series_metrics;
	struct program_log log;
	struct setting_list kafka;
	int64_t connections, batch_rows, batch_bytes, batch_ms;
	int64_t dead_letter_limit;
	const char *keep;
	int64_t session_timeout_ms, drain_seconds;
	int page;
	/* of commands only */
	const char *symbols, *intervals, *format, *name, *chunk_interval, *reason, *kind, *schema;
	int64_t unfit_percent;
	int64_t from_ms, to_ms, at_ms; /* INT64_MIN: not given */
	int64_t partition, offset;     /* -1: not given */
	int dry_run, restart, purge, json, watch;
};

/* What writer and commands share; ends with name == NULL. */
extern const struct setting options_table[];

/* What bounds alone cannot say of a struct options. 0, or -1 with *err. */
int options_check(void *options, struct err *err);

#endif
