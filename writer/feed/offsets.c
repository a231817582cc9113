/* SPDX-License-Identifier: MIT */
#include "offsets.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"

enum { READ_MS = 3000, POLL_MS = 100 };

/* The caller frees. */
static int32_t *ids_of(const struct partitions *ps)
{
	size_t n = partitions_count(ps);
	int32_t *ids = xcalloc(n + 1, sizeof(*ids));

	for (size_t i = 0; i < n; i++)
		ids[i] = partitions_at(ps, i)->id;
	return ids;
}

struct kafka_range *offsets_ends(const struct consumer *c, const struct partitions *ps)
{
	size_t n = partitions_count(ps);
	struct kafka_range *ends = xcalloc(n + 1, sizeof(*ends));

	for (size_t i = 0; i < n; i++)
		ends[i].partition = partitions_at(ps, i)->id;
	kafka_ranges(consumer_handle(c), consumer_topic(c), ends, n);
	return ends;
}

int offsets_came_back(const struct consumer *c, const struct partitions *ps, int32_t *id,
		      struct err *err)
{
	struct kafka_range *ends = xcalloc(partitions_count(ps) + 1, sizeof(*ends));
	size_t n = 0;
	int back = 0;

	for (size_t i = 0; i < partitions_count(ps); i++)
		if (partitions_at(ps, i)->state == PARTITION_UNREAD)
			ends[n++].partition = partitions_at(ps, i)->id;
	kafka_ranges(consumer_handle(c), consumer_topic(c), ends, n);
	for (size_t i = 0; i < n; i++)
		back |= ends[i].err.class == ERR_NONE;
	*id = ends[0].partition;
	*err = ends[0].err;
	free(ends);
	return back;
}

int offsets_since(const struct consumer *c, const struct partitions *ps, int64_t from_ms,
		  int64_t *from, struct err *err)
{
	int32_t *ids = ids_of(ps);
	int rc = kafka_offsets(consumer_handle(c), consumer_topic(c), ids, partitions_count(ps),
			       from_ms, from, err);

	free(ids);
	return rc;
}

int offsets_after(const struct consumer *c, int32_t partition, int64_t at_ms, int64_t *offset,
		  struct err *err)
{
	return kafka_offsets(consumer_handle(c), consumer_topic(c), &partition, 1, at_ms + 1,
			     offset, err);
}

static enum consumer_news read_first(struct consumer *c, struct arrival *a)
{
	int64_t until = clock_boot_ms() + READ_MS;
	enum consumer_news news;

	do
		news = consumer_poll(c, POLL_MS, a);
	while (news != CONSUMER_MESSAGE && news != CONSUMER_EOF && clock_boot_ms() < until);
	return news;
}

int offsets_check_seen(const struct options *o, int32_t partition, int64_t at_ms, int64_t *offset,
		       struct err *err)
{
	struct consumer *c = consumer_new(o, 0, err);
	struct partitions *ps = partitions_new();
	enum consumer_news news;
	struct arrival a = {0};
	int rc = -1;

	partitions_set(ps, &partition, 1);
	partitions_start(ps, partition,
			 &(struct partition_start){.offset = *offset, .end = INT64_MAX});
	if (c == NULL || consumer_assign(c, ps, err) != 0)
		goto out;
	news = read_first(c, &a);
	if (news == CONSUMER_MESSAGE || news == CONSUMER_EOF)
		rc = 0;
	else
		err_set(err, ERR_RETRY, "partition %" PRId32 " of topic %s cannot be read",
			partition, o->topic);
	*offset = news == CONSUMER_MESSAGE && a.at_ms > at_ms ? a.offset : -1;
	consumer_close(c);
out:
	consumer_free(c);
	partitions_free(ps);
	return rc;
}

int offsets_committed(const struct consumer *c, const struct partitions *ps, int64_t *committed,
		      struct err *err)
{
	int32_t *ids = ids_of(ps);
	int rc = kafka_committed(consumer_handle(c), consumer_topic(c), ids, partitions_count(ps),
				 committed, err);

	free(ids);
	return rc;
}
