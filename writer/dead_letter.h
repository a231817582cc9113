/* SPDX-License-Identifier: MIT */
/* A message as a dead letter keeps it: one that is not a candle, or one that halts its partition.
 */
#ifndef GAPLESS_DEAD_LETTER_H
#define GAPLESS_DEAD_LETTER_H

#include "writer/arrival.h"

enum { DEAD_VALUE_BYTES = 1 << 20 }; /* it keeps at most this much of its value, and of its key */

struct dead_letter {
	int32_t partition;
	int64_t offset;
	const char *key, *value; /* NULL: the message had none */
	size_t key_len, value_len;
	const char *reason;
};

/* Of a message: copies key and value, as much as is kept, and the reason; until it is released. */
void dead_letter_init(struct dead_letter *d, const struct arrival *a, const char *reason);
void dead_letter_copy(struct dead_letter *d, const struct dead_letter *from);
void dead_letter_release(struct dead_letter *d);
/* 1 if it is of a message with this key, this value and this offset. */
int dead_letter_is_of(const struct dead_letter *d, const struct arrival *a);

#endif
