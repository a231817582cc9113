/* SPDX-License-Identifier: MIT */
/* One message of the topic, looked at beside what is read. */
#ifndef GAPLESS_INDICATORS_PEEK_H
#define GAPLESS_INDICATORS_PEEK_H

#include "options.h"

/* 1 if the message there halts its partition; 0: it does not, or cannot be read. Blocks for some
 * seconds at most. */
int peek_halts(const struct options *o, int32_t partition, int64_t offset);
/* The first message from *offset on: where it is, and when the broker took it (0: it does not say,
 * or there is none). 0; -1: it cannot be read. Blocks as long. */
int peek_time(const struct options *o, int32_t partition, int64_t *offset, int64_t *at_ms);

#endif
