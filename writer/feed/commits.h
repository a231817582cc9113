/* SPDX-License-Identifier: MIT */
/* What Kafka is told of what is stored: offsets are committed without waiting, one commit at a
 * time. A failure is harmless, as the rows are stored: the next commit covers it. */
#ifndef GAPLESS_COMMITS_H
#define GAPLESS_COMMITS_H

#include "common/kafka/consumer.h"
#include "partitions.h"
#include "writer/tally.h"

struct commits;

/* Of that consumer, which outlives it. */
struct commits *commits_new(const struct consumer *consumer);
void commits_free(struct commits *c);

enum commit_answer {
	COMMIT_NONE, /* none is under way */
	COMMIT_UNDER_WAY,
	COMMIT_DONE, /* *ps knows */
	COMMIT_REFUSED,
	COMMIT_REPLACED /* by another one with the same group-instance-id */
};
/* Takes the answer to the commit that is under way, if it has come; then sends what is stored and
 * not committed yet, unless another one is under way, there is nothing, or one failed a moment ago.
 */
enum commit_answer commits_step(struct commits *c, struct partitions *ps, struct tally *tally,
				int64_t now_ms);
/* Waits until Kafka knows all that is stored, or until then. */
void commits_settle(struct commits *c, struct partitions *ps, struct tally *tally,
		    int64_t until_ms);

/* The group has an offset in this partition, as Kafka said, or took it from here: from then on that
 * have_been is 1, whatever becomes of the offset and the assignment. */
void commits_seen(struct commits *c, int32_t partition);
int commits_have_been(const struct commits *c, int32_t partition);

#endif
