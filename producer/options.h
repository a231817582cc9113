/* SPDX-License-Identifier: MIT */
/* The producer's settings. */
#ifndef GAPLESS_OPTIONS_H
#define GAPLESS_OPTIONS_H

#include "common/candle/candle.h"
#include "common/settings/program.h"
#include "common/settings/settings.h"
#include "producer/exchange/exchange.h"
#include "producer/kafka/members.h"
#include "producer/pattern.h"

enum { INTERVALS_MAX = 16 };

struct options {
	const char *exchange_url, *symbols_text, *intervals_text, *source;
	int64_t since_ms, markets_s;
	int waits_for_listing;
	const char *brokers, *topic, *group;
	int64_t session_timeout_ms, settings_version;
	int64_t partitions, replication, retention_ms;
	const char *database;
	int64_t rate_limit, rate_percent;
	const char *rate_scope;
	int64_t queue_messages, lookup_s, lookup_gaps_s, stall_s;
	const char *proxy, *ca_file;
	struct setting_list kafka;
	const char *http;
	int64_t series_metrics;
	struct program_log log;

	/* derived by options_check */
	const struct exchange *exchange;
	struct patterns patterns;
	const struct interval *intervals[INTERVALS_MAX]; /* shortest first, each once */
	size_t n_intervals;
	int rate_scope_own;
	char client_id[MEMBERS_ID_BYTES]; /* says what is wanted (members.h) */

	/* of the command fetch */
	int64_t from_ms, to_ms, deadline_s;
};

/* The table of the settings. */
extern const struct setting options_table[];

/* Takes symbols and intervals apart and checks what one setting says of another. 0, or -1 with an
 * ERR_FATAL sentence. */
int options_check(struct options *o, struct err *err) __attribute__((warn_unused_result));
/* The same, for the command fetch. */
int options_check_fetch(struct options *o, struct err *err) __attribute__((warn_unused_result));
void options_release(struct options *o);

#endif
