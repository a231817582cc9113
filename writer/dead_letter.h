/* SPDX-License-Identifier: MIT */
/* A message as a dead letter keeps it: one that is not a candle, or one that halts its partition.
 */
#ifndef GAPLESS_DEAD_LETTER_H
#define GAPLESS_DEAD_LETTER_H

#include <stddef.h>
#include <stdint.h>

enum { DEAD_VALUE_BYTES = 1 << 20 }; /* it keeps at most this much of its value, and of its key */

struct dead_letter {
	int32_t partition;
	int64_t offset;
	char *key, *value; /* NULL: the message had none; owned */
	size_t key_len, value_len;
	char *reason; /* owned */
};

/* Copies key and value, as much as is kept, and the reason. */
void dead_letter_init(struct dead_letter *d, int32_t partition, int64_t offset, const void *key,
		      size_t key_len, const void *value, size_t value_len, const char *reason);
void dead_letter_copy(struct dead_letter *d, const struct dead_letter *from);
void dead_letter_release(struct dead_letter *d);
/* 1 if it is of a message with this key and this value. */
int dead_letter_has(const struct dead_letter *d, const void *key, size_t key_len, const void *value,
		    size_t value_len);

#endif
