/* SPDX-License-Identifier: MIT */
/* Where reading a partition begins. Pure. */
#ifndef GAPLESS_INDICATORS_BEGIN_H
#define GAPLESS_INDICATORS_BEGIN_H

#include "offsets.h"

/* With a database: the smaller of the own committed offset and market_data_position. What is below
 * the position is in the tables, what is below the committed offset is published. The topic's
 * beginning, if there is no position (OFFSET_NONE) or the topic does not have it. So too if the
 * group has committed elsewhere, but not here: partitions were added, or it died before it could. A
 * new group begins with what is not stored yet. */
int64_t begin_with_position(const struct part *part, int64_t position, int group_is_new);
/* Without one: as far back as the settings say, or the committed offset if that is smaller. */
int64_t begin_by_time(const struct part *part);

#endif
