/* SPDX-License-Identifier: MIT */
/* The message of indicators.v1: the contract with those who read it
 * (schemas/indicator.schema.json).
 *
 * (symbol, interval, timestamp, indicator, params) is its key to upsert by; of several messages of
 * one key the one with the greatest as_of wins, of those the one that came last. */
#ifndef GAPLESS_INDICATORS_MESSAGE_H
#define GAPLESS_INDICATORS_MESSAGE_H

#include "common/text/buf.h"
#include "indicators/series/walk.h"

enum { INDICATOR_VERSION = 1, INDICATOR_MAX_BYTES = 1024 };

struct indicator_message {
	const char *symbol, *source;
	const struct interval *interval;
	int64_t timestamp_ms;
	const struct indicator *indicator;
	struct result result;
};

/* Appends flat JSON, one line without newline, no spaces, keys in the schema's order. -1 if out is
 * full. */
int indicator_encode(const struct indicator_message *m, struct buf *out)
	__attribute__((warn_unused_result));

const char *result_state_name(enum result_state state);

#endif
