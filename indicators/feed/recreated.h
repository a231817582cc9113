/* SPDX-License-Identifier: MIT */
/* A topic that was recreated, or lost its end, and has grown beyond the committed offsets since, is
 * told from one that has only grown by the messages' times: before a committed offset there is then
 * a message that is newer than all that was read up to there, which is committed beside it. */
#ifndef GAPLESS_INDICATORS_RECREATED_H
#define GAPLESS_INDICATORS_RECREATED_H

#include "indicators/options.h"
#include "offsets.h"

/* What is committed in such partitions is forgotten, which is said. 0, or -1: ask again. Blocks for
 * some seconds at most for each partition. */
int recreated_forget(const struct options *o, struct offsets *offsets, rd_kafka_t *rk,
		     struct err *err) __attribute__((warn_unused_result));

#endif
