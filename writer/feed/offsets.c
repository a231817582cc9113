/* SPDX-License-Identifier: MIT */
#include "offsets.h"

#include <inttypes.h>
#include <stdlib.h>

#include "arrivals.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "topic.h"

enum { READ_MS = 3000, POLL_MS = 100 };

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

static enum consumer_news read_first(struct consumer *c, const rd_kafka_message_t **m)
{
	int64_t until = clock_boot_ms() + READ_MS;
	enum consumer_news news;

	do
		news = consumer_poll(c, POLL_MS, m);
	while (news != CONSUMER_MESSAGE && news != CONSUMER_EOF && clock_boot_ms() < until);
	return news;
}

int offsets_check_seen(const struct options *o, int32_t partition, int64_t at_ms, int64_t *offset,
		       struct err *err)
{
	struct consumer *c = topic_consumer_new(o, CONSUMER_ALONE, err);
	const rd_kafka_message_t *m;
	enum consumer_news news;
	int rc = -1;

	if (c == NULL ||
	    consumer_assign(c, &(struct consumer_place){partition, *offset}, 1, err) != 0)
		goto out;
	news = read_first(c, &m);
	if (news == CONSUMER_MESSAGE || news == CONSUMER_EOF)
		rc = 0;
	else
		err_set(err, ERR_RETRY, "partition %" PRId32 " of topic %s cannot be read",
			partition, o->topic);
	*offset = news == CONSUMER_MESSAGE && arrival_of(m).at_ms > at_ms ? m->offset : -1;
	consumer_close(c);
out:
	consumer_free(c);
	return rc;
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
