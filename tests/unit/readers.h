/* SPDX-License-Identifier: MIT */
/* The scan of our own messages beside the JSON parser: whatever the bytes, they must not disagree.
 */
#ifndef GAPLESS_TEST_READERS_H
#define GAPLESS_TEST_READERS_H

#include <string.h>

#include "common/candle/candle_fields.h"

static inline int same_candle(const struct candle *a, const struct candle *b)
{
	return strcmp(a->symbol, b->symbol) == 0 && a->interval == b->interval &&
	       a->timestamp_ms == b->timestamp_ms && strcmp(a->open, b->open) == 0 &&
	       strcmp(a->high, b->high) == 0 && strcmp(a->low, b->low) == 0 &&
	       strcmp(a->close, b->close) == 0 && strcmp(a->volume, b->volume) == 0 &&
	       strcmp(a->quote_volume, b->quote_volume) == 0 && a->revision == b->revision;
}

static inline int same_message(const struct message *a, const struct message *b)
{
	return same_candle(&a->candle, &b->candle) && a->covers_from_ms == b->covers_from_ms &&
	       a->covers_to_ms == b->covers_to_ms && a->fetched_at_ms == b->fetched_at_ms &&
	       strcmp(a->source, b->source) == 0 && a->origin == b->origin;
}

static inline int encodes_to(const struct message *m, const char *value, size_t len)
{
	struct buf out;
	int same;

	buf_init(&out, MESSAGE_MAX_BYTES);
	same = message_encode(m, &out) == 0 && out.len == len && memcmp(out.data, value, len) == 0;
	buf_release(&out);
	return same;
}

/* What is wrong between the two, or NULL. *taken: 1 if the scan takes the bytes. */
static inline const char *readers_disagree(const char *value, size_t len, int *taken)
{
	struct message own, json;
	struct err err = {0};

	*taken = message_read_own(value, len, &own) == 0;
	if (!*taken)
		return NULL;
	if (message_read_json(value, len, &json, &err) != MESSAGE_OK)
		return "the JSON parser refuses what the scan takes";
	if (!same_message(&own, &json))
		return "the two read different messages";
	if (message_validate_frame(&own, &err) == 0 && message_validate(&own, &err) != 0)
		return "the scan takes values that are not valid";
	if (message_validate(&own, &err) == 0 && !encodes_to(&own, value, len))
		return "the encoder writes something else than what the scan took";
	return NULL;
}

static inline int has_sign(const struct candle *c)
{
	return *c->open == '-' || *c->high == '-' || *c->low == '-' || *c->close == '-' ||
	       *c->volume == '-' || *c->quote_volume == '-';
}

/* The encoder's bytes are the scan's, but for numbers of more than 18 digits and values with a
 * sign. */
static inline int scan_takes(const struct message *m, const char *value, size_t len)
{
	struct message again;

	return message_read_own(value, len, &again) == 0
		       ? same_message(m, &again)
		       : m->candle.revision >= INT64_C(1000000000000000000) || has_sign(&m->candle);
}

#endif
