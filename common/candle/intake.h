/* SPDX-License-Identifier: MIT */
/* What one message of the topic is to a program that reads it. Pure. */
#ifndef GAPLESS_INTAKE_H
#define GAPLESS_INTAKE_H

#include <stddef.h>

#include "common/candle/candle.h"

enum intake {
	INTAKE_CANDLE, /* *out is a valid candle message of our source */
	INTAKE_SKIP,   /* a tombstone or an empty value: nothing */
	INTAKE_DEAD,   /* not a candle message, *why says why */
	INTAKE_HALT    /* must not be passed over by this program (newer version, another source):
			  its partition stops here */
};

enum intake intake_judge(const char *source, const void *key, size_t key_len, const void *value,
			 size_t value_len, struct message *out, struct err *why);

#endif
