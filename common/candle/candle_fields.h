/* SPDX-License-Identifier: MIT */
/* The members of the message after "v", in the schema's order: the one table that drives the
 * encoder and both readers. Private to the codec and its tests. */
#ifndef GAPLESS_CANDLE_FIELDS_H
#define GAPLESS_CANDLE_FIELDS_H

#include "common/candle/candle.h"

enum field_kind { FIELD_INT64, FIELD_TEXT, FIELD_DECIMAL, FIELD_INTERVAL, FIELD_ORIGIN };

struct field {
	const char *key;
	const char *lead; /* the bytes of the message before its value, from the comma on: ,"open":"
			   */
	size_t lead_bytes;
	enum field_kind kind; /* all but numbers are followed by a quote */
	size_t offset;        /* of the member in struct message */
	size_t bytes;         /* its capacity, if it is text */
};

enum { FIELDS = 15 };
extern const struct field field_table[FIELDS];

/* What goes before the first field and after the last one. */
#define MESSAGE_HEAD "{\"v\":1"
#define MESSAGE_TAIL "}"
_Static_assert(MESSAGE_VERSION == 1, "the head says 1");

/* The two readers behind message_decode(). */

/* Reads exactly the bytes that message_encode() writes for a valid message whose values have no
 * sign, and numbers of at most 18 digits, without allocating. 0 with *out, or -1 for anything else,
 * good or bad: *out is then undefined. If *out is valid, message_encode() makes the same bytes of
 * it. Its values are valid: message_validate_frame() checks the rest. */
int message_read_own(const char *value, size_t len, struct message *out)
	__attribute__((warn_unused_result));
/* Reads any JSON that carries the message; results as message_decode(). */
enum message_result message_read_json(const char *value, size_t len, struct message *out,
				      struct err *err);

#endif
