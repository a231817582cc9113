/* SPDX-License-Identifier: MIT */
/* What of the topic is yet to come, as far as the client knows: nothing here waits for a broker. */
#ifndef GAPLESS_BACKLOG_H
#define GAPLESS_BACKLOG_H

#include "common/kafka/consumer.h"
#include "partitions.h"

/* Messages of the partition from what was taken last to its end, if it is read. */
int64_t backlog_coming(const struct consumer *c, const struct partition *p);
/* Has librdkafka fetch more, where the queue is no longer full and there is more; some versions
 * would take a second to notice. To be called again after so many milliseconds, while there is room
 * for more. */
int backlog_fetch(const struct consumer *c, const struct partitions *ps);

#endif
