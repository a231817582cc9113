/* SPDX-License-Identifier: MIT */
/* What is known of a series: where its candles are stored as they finally are, or will be. Pure.
 *
 *   known = covered (coverage in the database at the last lookup)
 *         + fresh     (own deliveries that the last lookup cannot have seen)
 *         + in flight (published, delivery report outstanding)
 *
 * A lookup *replaces* what was known, so whatever was lost behind Kafka comes back as a gap. */
#ifndef GAPLESS_KNOWN_H
#define GAPLESS_KNOWN_H

#include "common/candle/spans.h"

struct known { /* written by known_ functions alone; all zero: nothing is */
	struct spans all;
	struct spans covered, fresh_before, fresh_since, in_flight;
	struct spans repair; /* was known once, and a lookup did not find it */
};

void known_release(struct known *k);
/* It was published, with that promise; and then: its report came, or it was not delivered. */
void known_published(struct known *k, int64_t from_ms, int64_t to_ms);
/* What was published corrects what is known there, which counts no longer. */
void known_corrected(struct known *k, int64_t from_ms, int64_t to_ms);
void known_delivered(struct known *k, int64_t from_ms, int64_t to_ms);
void known_failed(struct known *k, int64_t from_ms, int64_t to_ms);
/* The end offsets are about to be read. */
void known_lookup_began(struct known *k);
/* 1 if that lookup changes something even where the coverage is what it was. */
int known_was_fresh(const struct known *k);
/* The lookup has ended; covered: what it found, NULL: the same as the last one. What was known and
 * is not any more is to be repaired, but for the first lookup. */
void known_lookup_ended(struct known *k, const struct spans *covered, int is_first);

#endif
