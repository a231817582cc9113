/* SPDX-License-Identifier: MIT */
/* What becomes of one Kafka message. Pure. */
#ifndef GAPLESS_INTAKE_H
#define GAPLESS_INTAKE_H

#include <stddef.h>

#include "common/candle/candle.h"

enum intake {
	INTAKE_CANDLE, /* *out is a valid candle message of our source */
	INTAKE_SKIP,   /* a tombstone or an empty value: counted, nothing to store */
	INTAKE_DEAD,   /* not a candle message: to the dead letters, *why says why */
	INTAKE_HALT,   /* must not be skipped by this program (newer version, another source): its
			  partition stops here */
	INTAKE_FLOOD   /* as DEAD, but there are too many in a row (pipeline.h) */
};

enum intake intake_judge(const char *source, const void *key, size_t key_len, const void *value,
			 size_t value_len, struct message *out, struct err *why);

#endif
