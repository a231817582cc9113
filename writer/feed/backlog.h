/* SPDX-License-Identifier: MIT */
/* What of the topic is yet to come, as far as the client knows: nothing here waits for a broker. */
#ifndef GAPLESS_BACKLOG_H
#define GAPLESS_BACKLOG_H

#include "common/kafka/consumer.h"
#include "partitions.h"

/* 1 if the partition was written to up to that offset; what is there may be in a transaction that
 * is open. */
int backlog_reaches(const struct consumer *c, const struct partition *p, int64_t offset);
/* Messages of the partition from what was taken last to its end, if it is read. */
int64_t backlog_coming(const struct consumer *c, const struct partition *p);
/* Messages of the partition that are not stored. */
int64_t backlog_unstored(const struct consumer *c, const struct partition *p);
/* Messages of all partitions that were not taken. */
int64_t backlog_untaken(const struct consumer *c, const struct partitions *ps);

/* Has librdkafka fetch more, where the queue is no longer full and there is more; some versions
 * would take a second to notice. To be called again after so many milliseconds, while there is room
 * for more. */
int backlog_fetch(const struct consumer *c, const struct partitions *ps);

#endif
