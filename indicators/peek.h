/* SPDX-License-Identifier: MIT */
/* One message of the topic, looked at beside what is read. */
#ifndef GAPLESS_INDICATORS_PEEK_H
#define GAPLESS_INDICATORS_PEEK_H

#include "options.h"

/* 1 if the message there halts its partition; 0: it does not, or cannot be read. Blocks for some
 * seconds at most. */
int peek_halts(const struct options *o, int32_t partition, int64_t offset);

#endif
