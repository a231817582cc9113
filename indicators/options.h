/* SPDX-License-Identifier: MIT */
/* The settings of gapless-indicators. */
#ifndef GAPLESS_INDICATORS_OPTIONS_H
#define GAPLESS_INDICATORS_OPTIONS_H

#include "common/settings/program.h"
#include "common/settings/settings.h"
#include "indicators/kinds/set.h"
#include "indicators/series/timeline.h"

struct options {
	const char *brokers, *topic, *output_topic, *group;
	const char *database, *source, *indicators;
	struct program_log log;
	struct setting_list kafka;
	int64_t partitions, replication, retention_ms;
	int64_t session_timeout_ms, drain_seconds, stall_s, topic_hours;
	const char *no_trade, *http;
	int without_database, store;
	/* of compute only */
	const char *symbols, *intervals;
	int64_t from_ms, to_ms; /* INT64_MIN: not given */
	/* made of them by options_check */
	struct set set;
	enum timeline_fill fill;
};

extern const struct setting options_table[];

/* What bounds alone cannot say of a struct options; fills what is made of others. 0, or -1 with
 * *err. */
int options_check(void *options, struct err *err) __attribute__((warn_unused_result));
/* The same of what only compute has. */
int options_check_span(const struct options *o, struct err *err)
	__attribute__((warn_unused_result));

#endif
