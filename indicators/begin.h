/* SPDX-License-Identifier: MIT */
/* Where reading a partition begins. Pure. */
#ifndef GAPLESS_INDICATORS_BEGIN_H
#define GAPLESS_INDICATORS_BEGIN_H

#include "offsets.h"

/* How far a partition has come in the database; OFFSET_NONE: there is no row. */
struct begin_positions {
	int64_t candles;    /* market_data_position */
	int64_t indicators; /* market_data_indicator_position; no row: they are not stored */
};

/* With a database: the smallest of the own committed offset and the positions. What is below the
 * candles' position is in the tables, what is below the committed offset is published, what is
 * below the indicators' position is stored: one behind the others is that of a database that was
 * restored. The topic's beginning, if there is no position of the candles or the topic does not
 * have one of them. So too if the group has committed elsewhere, but not here: partitions were
 * added, or it died before it could. A new group begins with what is not stored yet. */
int64_t begin_with_position(const struct part *part, struct begin_positions at, int group_is_new);
/* Without one: as far back as the settings say, or the committed offset if that is smaller. */
int64_t begin_by_time(const struct part *part);

#endif
