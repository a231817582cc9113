/* SPDX-License-Identifier: MIT */
/* A candle's message, as the timeline takes it: in numbers. Pure. */
#ifndef GAPLESS_INDICATORS_INPUT_H
#define GAPLESS_INDICATORS_INPUT_H

#include "common/candle/candle.h"
#include "timeline.h"

struct timeline_input input_of(const struct message *m);

#endif
