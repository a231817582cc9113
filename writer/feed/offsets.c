/* SPDX-License-Identifier: MIT */
#include "offsets.h"

#include <inttypes.h>
#include <stdlib.h>

#include "arrivals.h"
#include "common/base/alloc.h"
#include "topic.h"

struct kafka_range *offsets_ends(const struct consumer *c, const struct partitions *ps)
{
	size_t n = partitions_count(ps);
	struct kafka_range *ends = xcalloc(n + 1, sizeof(*ends));

	for (size_t i = 0; i < n; i++)
		ends[i].partition = partitions_at(ps, i)->id;
	kafka_ranges(consumer_handle(c), consumer_topic(c), ends, n);
	return ends;
}

int offsets_since(const struct consumer *c, const struct partitions *ps, int64_t from_ms,
		  int64_t *from, struct err *err)
{
	size_t n;
	int32_t *ids = partitions_in(ps, PARTITIONS_ALL, &n);
	int rc = kafka_offsets(consumer_handle(c), consumer_topic(c), ids, n, from_ms, from, err);

	free(ids);
	return rc;
}

int offsets_check_seen(const struct options *o, int32_t partition, int64_t at_ms, int64_t *offset,
		       struct err *err)
{
	struct consumer *c = topic_consumer_new(o, CONSUMER_ALONE, err);
	const rd_kafka_message_t *m;
	enum consumer_news news;

	if (c == NULL)
		return -1;
	news = consumer_first(c, (struct consumer_place){partition, *offset}, &m);
	*offset = news == CONSUMER_MESSAGE && arrival_of(m).at_ms > at_ms ? m->offset : -1;
	consumer_free(c);
	if (news == CONSUMER_MESSAGE || news == CONSUMER_EOF)
		return 0;
	return err_set(err, ERR_RETRY, "partition %" PRId32 " of topic %s cannot be read",
		       partition, o->topic);
}

int offsets_committed(const struct consumer *c, const struct partitions *ps, int64_t *committed,
		      struct err *err)
{
	size_t n;
	int32_t *ids = partitions_in(ps, PARTITIONS_ALL, &n);
	int rc = kafka_committed(consumer_handle(c), consumer_topic(c), ids, n, committed, NULL,
				 err);

	free(ids);
	return rc;
}
