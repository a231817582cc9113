/* SPDX-License-Identifier: MIT */
#include "offsets.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/kafka/kafka_topic.h"

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

/* Of all partitions, in their order; the caller frees. NULL: *err. */
static int64_t *ask(const struct consumer *c, const struct partitions *ps, int64_t at,
		    struct err *err)
{
	size_t n = partitions_count(ps);
	int64_t *offsets = xcalloc(n + 1, sizeof(*offsets));
	int32_t *ids = ids_of(ps);

	if (kafka_offsets(consumer_handle(c), consumer_topic(c), ids, n, at, offsets, err) != 0) {
		free(offsets);
		offsets = NULL;
	}
	free(ids);
	return offsets;
}

void offsets_ends_each(const struct consumer *c, const struct partitions *ps, struct offsets *out,
		       struct err *errs)
{
	size_t n = partitions_count(ps);
	int32_t *ids = ids_of(ps);
	int64_t *low = xcalloc(2 * n + 1, sizeof(*low)), *high = low + n;
	struct err *of_high = xcalloc(n + 1, sizeof(*of_high));

	kafka_offsets_each(consumer_handle(c), consumer_topic(c), ids, n, RD_KAFKA_OFFSET_BEGINNING,
			   low, errs);
	kafka_offsets_each(consumer_handle(c), consumer_topic(c), ids, n, RD_KAFKA_OFFSET_END, high,
			   of_high);
	for (size_t i = 0; i < n; i++) {
		out[i].low = low[i];
		out[i].high = high[i];
		if (errs[i].class == ERR_NONE)
			errs[i] = of_high[i];
	}
	free(ids);
	free(low);
	free(of_high);
}

int offsets_came_back(const struct consumer *c, const struct partitions *ps, int32_t *id,
		      struct err *err)
{
	size_t n = 0, all = partitions_count(ps);
	int32_t *ids = xcalloc(all + 1, sizeof(*ids));
	int64_t *ends = xcalloc(all + 1, sizeof(*ends));
	struct err *errs = xcalloc(all + 1, sizeof(*errs));
	int back = 0;

	for (size_t i = 0; i < all; i++)
		if (partitions_at(ps, i)->state == PARTITION_UNREAD)
			ids[n++] = partitions_at(ps, i)->id;
	kafka_offsets_each(consumer_handle(c), consumer_topic(c), ids, n, RD_KAFKA_OFFSET_END, ends,
			   errs);
	for (size_t i = 0; i < n; i++)
		back |= errs[i].class == ERR_NONE;
	*id = ids[0];
	*err = errs[0];
	free(ids);
	free(ends);
	free(errs);
	return back;
}

int offsets_since(const struct consumer *c, const struct partitions *ps, int64_t from_ms,
		  struct offsets *out, struct err *err)
{
	int64_t *from = ask(c, ps, from_ms, err);

	for (size_t i = 0; from != NULL && i < partitions_count(ps); i++)
		out[i].from = from[i] < 0 ? out[i].high : from[i];
	free(from);
	return from == NULL ? -1 : 0;
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

int offsets_committed(const struct consumer *c, const struct partitions *ps, struct offsets *out,
		      struct err *err)
{
	size_t n = partitions_count(ps);
	int32_t *ids = ids_of(ps);
	int64_t *committed = xcalloc(n + 1, sizeof(*committed));
	int rc = kafka_committed(consumer_handle(c), consumer_topic(c), ids, n, committed, err);

	for (size_t i = 0; i < n && rc == 0; i++)
		out[i].committed = committed[i];
	free(ids);
	free(committed);
	return rc;
}
